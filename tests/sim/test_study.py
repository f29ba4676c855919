"""Reading studies: what a file says, and all its mistakes at once."""

from __future__ import annotations

import contextlib
import re
import tomllib
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.files import UnreadableFile, find_policy
from tutorcore.errors import InvalidValue, Mistake, Mistakes
from tutorcore.instants import instant
from tutorcore.policy.settlement import Settlement
from tutorcore.sim.distributions import Choice, Distribution, Exponential, Fixed, Lognormal, Normal, Uniform, Weighted
from tutorcore.sim.model import Act, Deed, People, Requests, Shift, Standings, Study, Turn
from tutorcore.sim.study import Experiment, load_study, read_study, study_of

_ROOT = Path(__file__).resolve().parents[2]
_STUDIES = sorted((_ROOT / "examples" / "studies").glob("*.toml"))

_HEAD = """\
schema = 1
name = "s"
seed = 7
replications = 3
from = 2026-03-02T00:00:00Z
days = 2
policies = ["italki"]
"""
_PEOPLE = """\
[people]
tutors = 2
students = 5
"""
_REQUESTS = """\
[requests]
per_day = 1.5
lead = "4d"
duration = "1h"
price = "20.0"
"""
_REST = _PEOPLE + _REQUESTS


def _read(text: str) -> Experiment:
    return read_study(text, "s.toml", lambda name: find_policy(name, _ROOT / "examples" / "studies"))


def _study(text: str) -> Study:
    return _read(text).study


def _mistakes(text: str) -> list[Mistake]:
    with pytest.raises(Mistakes) as caught:
        _read(text)
    return [each for each in caught.value.exceptions if isinstance(each, Mistake)]


def _only(text: str) -> Mistake:
    found = _mistakes(text)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


# What a file says


def test_a_study_has_a_head_people_and_requests() -> None:
    """What is left out is as the reference says: UTC, half hours, lessons of one kind, nobody does anything."""
    experiment = _read(_HEAD + _REST)

    assert experiment.study == Study(
        "s",
        7,
        3,
        instant("2026-03-02T00:00:00Z"),
        2,
        ("italki",),
        People(2, 5),
        Requests(1.5, Fixed(4 * 86400), Fixed(3600), Fixed(20), timedelta(minutes=30)),
    )
    assert [process.name for process in experiment.processes] == ["italki@2018-02"]


def test_policies_are_in_the_box_or_beside_the_study() -> None:
    """In the order in which they are named."""
    text = _HEAD.replace('["italki"]', '["preply", "../policies/italki_24h.toml"]') + _REST

    experiment = _read(text)

    assert experiment.study.policies == ("preply", "../policies/italki_24h.toml")
    assert [process.id for process in experiment.processes] == ["preply", "italki-24h"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"90s"', Fixed(90)),
        ('"1h 30m"', Fixed(5400)),
        ('"2w 1d"', Fixed(15 * 86400)),
        ('{ fixed = "2h" }', Fixed(7200)),
        ('{ uniform = ["1h", "72h"] }', Uniform(3600, 72 * 3600)),
        ('{ exponential = "10h" }', Exponential(36000)),
        ('{ lognormal = { median = "4d", sigma = 0.8 } }', Lognormal(4 * 86400, 0.8)),
        ('{ lognormal = { median = "4d", sigma = 1 } }', Lognormal(4 * 86400, 1)),
        ('{ normal = { mean = "2h", sd = "30m" } }', Normal(7200, 1800)),
        ('{ normal = { mean = "2h", sd = "30m", least = "1h", most = "3h" } }', Normal(7200, 1800, 3600, 10800)),
        ('{ choice = { "30m" = 1, "1h" = 3 } }', Choice.of((1800, 1), (3600, 3))),
        ('{ choice = { "30m" = 0.25, "1h" = 0.75 } }', Choice.of((1800, 0.25), (3600, 0.75))),
    ],
)
def test_a_length_of_time_may_be_spread(text: str, expected: Distribution) -> None:
    """Times are elapsed time in seconds, and a day is 24 hours."""
    assert _study(_HEAD + _REST.replace('lead = "4d"', f"lead = {text}")).requests.lead == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"20.50"', Fixed(20.5)),
        ("20", Fixed(20)),
        ('{ choice = { "20.00" = 1, "35" = 2 } }', Choice.of((20, 1), (35, 2))),
        ('{ uniform = ["10", "30.5"] }', Uniform(10, 30.5)),
    ],
)
def test_a_price_is_in_whole_units(text: str, expected: Distribution) -> None:
    """Of whatever currency the policy has."""
    assert _study(_HEAD + _REST.replace('price = "20.0"', f"price = {text}")).requests.price == expected


def test_people_have_zones_and_permissions() -> None:
    """Zones by weight; permissions are everybody's."""
    people = _PEOPLE + 'zones = { "Europe/Berlin" = 2, UTC = 1 }\npermissions = ["meeting_provider"]\n'

    found = _study(_HEAD + people + _REQUESTS).people

    assert found == People(2, 5, Weighted((("Europe/Berlin", 2), ("UTC", 1))), frozenset({"meeting_provider"}))


def test_requests_have_a_grid_and_kinds() -> None:
    """Starts lie on the grid; kinds are told apart by policies."""
    found = _study(_HEAD + _REST + 'grid = "15m"\nkinds = { trial = 1, "" = 4 }\n').requests

    assert (found.grid, found.kinds) == (timedelta(minutes=15), Weighted((("trial", 1), ("", 4))))


def test_a_turn_answers() -> None:
    """The rest of 1 is silence."""
    turn = """\
[[turn]]
role = "tutor"
states = ["requested"]
after = "10h"
does = { accept = 0.8, decline = 0.1 }
"""

    (found,) = _study(_HEAD + _REST + turn).turns

    assert found == Turn("tutor", Fixed(36000), ((Deed("accept"), 0.8), (Deed("decline"), 0.1)), ("requested",))


def test_a_turn_may_say_more_with_each_verb() -> None:
    """Tables instead of chances: other terms, remedies, decisions."""
    turns = """\
[[turn]]
role = "tutor"
after = "10h"
[[turn.does]]
verb = "propose"
chance = 0.5
start = { later = { uniform = ["1h", "2h"] } }
price_times = { choice = { "0.9" = 1, "1.1" = 1 } }
[[turn.does]]
verb = "propose"
chance = 0.1
start = { earlier = "1h" }
[[turn]]
role = "operator"
after = "1d"
[[turn.does]]
verb = "resolve"
chance = 1
blamed = "tutor"
split = { tutor = "30%", student = "rest" }
reason = "late"
"""

    first, second = _study(_HEAD + _REST + turns).turns

    assert first.does == (
        (Deed("propose", start=Shift(Uniform(3600, 7200)), price_times=Choice.of((0.9, 1), (1.1, 1))), 0.5),
        (Deed("propose", start=Shift(Fixed(3600), "before")), 0.1),
    )
    split = Settlement.of({"tutor": "30%", "student": "rest"})
    assert second.does == ((Deed("resolve", reason="late", split=split, blamed="tutor"), 1.0),)


def test_acts_are_intentions() -> None:
    """Before or after something, some only with or without another; one may do nothing itself."""
    acts = """\
[[act]]
name = "stays away"
role = "student"
chance = 0.05

[[act]]
name = "cancels"
role = "student"
verb = "cancel"
chance = 0.08
at = { before = "start", by = { uniform = ["1h", "72h"] } }
unless = ["stays away"]

[[act]]
name = "complains"
role = "tutor"
verb = "report"
reason = "student_absent"
remedy = "pay"
at = "end"
only_if = ["stays away"]
"""

    found = _study(_HEAD + _REST + acts).acts

    assert found == (
        Act("stays away", "student", None, 0.05),
        Act(
            "cancels",
            "student",
            Deed("cancel"),
            0.08,
            "start",
            Shift(Uniform(3600, 72 * 3600), "before"),
            unless=("stays away",),
        ),
        Act(
            "complains",
            "tutor",
            Deed("report", reason="student_absent", remedy="pay"),
            1.0,
            "end",
            only_if=("stays away",),
        ),
    )


def test_what_is_done_about_how_tutors_stand_is_a_table_of_its_own() -> None:
    """What is left out nobody ever does."""
    text = '[standing]\nshows = "2d"\nhandles = { exponential = "24h" }\ndismisses = 0.25\n'

    found = _study(_HEAD + _REST + text).standings

    assert found == Standings(Fixed(2 * 86400), Exponential(86400), 0.25)
    assert _study(_HEAD + _REST).standings == Standings()


@pytest.mark.parametrize("path", _STUDIES, ids=lambda path: path.stem)
def test_every_study_in_the_examples_can_be_read(path: Path) -> None:
    """They are what people begin with."""
    assert load_study(path).study.policies


def test_a_study_can_be_put_together_by_a_program() -> None:
    """From plain data, in which numbers may be floats: one study for each of several medians, say."""
    tree: dict[str, Any] = tomllib.loads(_HEAD + _REST)
    tree["requests"]["lead"] = {"lognormal": {"median": "6h", "sigma": 0.5}}

    study = study_of(tree, partial(find_policy, folder=_ROOT)).study

    assert (study.requests.lead, study.requests.per_day) == (Lognormal(6 * 3600, 0.5), 1.5)


# What is wrong


def test_all_mistakes_come_at_once_each_at_its_place() -> None:
    """With the line, and what was probably meant."""
    text = """\
schema = 1
nmae = "s"
seed = -1
replications = 3
from = 2026-03-02T00:00:00Z
days = 2
policies = ["itlaki", "preply"]
[people]
tutors = 0
students = 5
zones = { "Europe/Berlni" = 1 }
[requests]
per_day = 1.5
lead = { lognormal = { median = "4d" } }
duration = "1 hour"
price = 20.5
[[turn]]
role = "tutr"
after = "10h"
does = { accept = 0.8, decline = 0.5 }
"""

    found = {(mistake.line, mistake.path): mistake.suggestion for mistake in _mistakes(text)}

    assert found == {
        (0, "name"): None,
        (2, "nmae"): "name",
        (3, "seed"): None,
        (7, "policies[0]"): "italki",
        (9, "people.tutors"): None,
        (11, "people.zones.'Europe/Berlni'"): "Europe/Berlin",
        (14, "requests.lead.lognormal.sigma"): None,
        (15, "requests.duration"): None,
        (16, "requests.price"): None,
        (18, "turn[0].role"): "tutor",
        (20, "turn[0].does"): None,
    }


def test_a_file_with_nothing_in_it_lacks_everything() -> None:
    """Each thing that must be there is named."""
    found = {mistake.path for mistake in _mistakes("")} - {""}
    missing = [str(mistake) for mistake in _mistakes("") if mistake.path == ""]

    assert found == {"schema", "name", "seed", "replications", "from", "days", "policies"}
    assert [line.partition("there is no table ")[2] for line in missing] == ["[people]", "[requests]"]


_LEAD = 'lead = "4d"'


@pytest.mark.parametrize(
    ("old", "new", "path", "said"),
    [
        ('name = "s"', 'name = ""', "name", "1 to 64 printable characters"),
        ("seed = 7", "seed = 9223372036854775808", "seed", "a whole number"),
        ("replications = 3", "replications = 0", "replications", "from 1 up to 10000"),
        ("days = 2", "days = 2.5", "days", "a whole number"),
        ("2026-03-02T", "8999-12-31T", "from", "an instant up to 8899"),
        ("2026-03-02T00:00:00Z", "2026-03-02", "from", "offset"),
        ('["italki"]', "[]", "policies", "is empty"),
        ('["italki"]', '"italki"', "policies", "a list"),
        ('["italki"]', '["italki", "italki"]', "policies[1]", "a second time"),
        ('["italki"]', '["../policies/italki.toml"]', "policies[0]", "unknown policy file"),
        (_LEAD, "", "requests.lead", "is missing"),
        (_LEAD, "lead = 4", "requests.lead", "a length of time"),
        (_LEAD, 'lead = "4mo"', "requests.lead", "a length of time"),
        (_LEAD, 'lead = "4000d"', "requests.lead", "at most"),
        (_LEAD, 'lead = ""', "requests.lead", "a length of time"),
        (_LEAD, "lead = {}", "requests.lead", "is empty"),
        (_LEAD, 'lead = { uniform = ["1h", "2h"], fixed = "1h" }', "requests.lead", "expected one of"),
        (_LEAD, 'lead = { unifrom = ["1h", "2h"] }', "requests.lead.unifrom", "expected one of fixed, uniform"),
        (_LEAD, 'lead = { uniform = ["2h", "1h"] }', "requests.lead.uniform", "at least the lower end"),
        (_LEAD, 'lead = { uniform = ["2h"] }', "requests.lead.uniform", "two ends"),
        (_LEAD, 'lead = { uniform = ["2h", 3] }', "requests.lead.uniform[1]", "a length of time"),
        (_LEAD, 'lead = { exponential = "0s" }', "requests.lead.exponential", "above 0"),
        (_LEAD, 'lead = { lognormal = { median = "0s", sigma = 1 } }', "requests.lead.lognormal.median", "above 0"),
        (_LEAD, 'lead = { lognormal = "4d" }', "requests.lead.lognormal", "a table"),
        (_LEAD, 'lead = { lognormal = { median = "4d", sigma = -1 } }', "requests.lead.lognormal.sigma", "at least 0"),
        (_LEAD, 'lead = { lognormal = { median = "4d", sigma = "x" } }', "requests.lead.lognormal.sigma", "a number"),
        (_LEAD, 'lead = { lognormal = { median = "4d", sigma = inf } }', "requests.lead.lognormal.sigma", "a number"),
        (_LEAD, 'lead = { lognormal = { median = "4d", sigma = nan } }', "requests.lead.lognormal.sigma", "a number"),
        (
            _LEAD,
            'lead = { normal = { mean = "4d", sd = "1h", leest = "1h" } }',
            "requests.lead.normal.leest",
            "unknown",
        ),
        (_LEAD, 'lead = { normal = { mean = "4d", sd = "1h", least = 1 } }', "requests.lead.normal.least", "a length"),
        (_LEAD, "lead = { choice = {} }", "requests.lead.choice", "is empty"),
        (_LEAD, 'lead = { choice = { "1h" = 0 } }', "requests.lead.choice.1h", "above 0"),
        (_LEAD, 'lead = { choice = { "1h" = true } }', "requests.lead.choice.1h", "a number"),
        (_LEAD, 'lead = { choice = { "1x" = 1 } }', "requests.lead.choice.1x", "a length of time"),
        ("per_day = 1.5", "per_day = 0", "requests.per_day", "above 0"),
        ("per_day = 1.5", "per_day = 1e-320", "requests.per_day", "from 0.000001 on"),
        ("per_day = 1.5", "per_day = -1", "requests.per_day", "at least 0"),
        ("per_day = 1.5", "per_day = 100001", "requests.per_day", "at most"),
        ('price = "20.0"', 'price = "20.0"\nkinds = { "a\\u001b" = 1 }', "requests.kinds.'a\\x1b'", "printable"),
        ('["italki"]', '["/etc/passwd"]', "policies[0]", "ends in .toml"),
        ('["italki"]', f'["{"a" * 300}.toml"]', "policies[0]", "unknown policy file"),
        ('price = "20.0"', 'price = "-1"', "requests.price", "an amount"),
        ('price = "20.0"', 'price = "1e3"', "requests.price", "an amount"),
        ('price = "20.0"', 'price = "20.0"\ngrid = "7m"', "requests.grid", "divide a day"),
        ('price = "20.0"', 'price = "20.0"\ngrid = { uniform = ["1h", "2h"] }', "requests.grid", "a length of time"),
        ("students = 5", "students = 5\nzones = {}", "people.zones", "is empty"),
        ("students = 5", 'students = 5\npermissions = ["a:b"]', "people.permissions[0]", "nobody in particular"),
        ("students = 5", 'students = 5\npermissions = ["A b"]', "people.permissions[0]", "expected"),
    ],
)
def test_a_mistake_says_what_was_expected(old: str, new: str, path: str, said: str) -> None:
    """At the key where it stands, and without a second mistake that only follows from it."""
    assert old in _HEAD + _REST

    mistake = _only((_HEAD + _REST).replace(old, new))

    assert mistake.path == path
    assert said in str(mistake)


def test_a_world_that_no_machine_can_hold_is_refused() -> None:
    """However fast it could be drawn."""
    mistake = _only(_HEAD.replace("days = 2", "days = 3660") + _REST.replace("per_day = 1.5", "per_day = 5000"))

    assert mistake.path == "requests.per_day"
    assert "makes 18,300,000 lessons" in mistake.message


@pytest.mark.parametrize(
    ("head", "per_day", "said"),
    [
        ("replications = 10000", 1000, "number of steps is 220070000; expected at most 20000000"),
        ("replications = 3", 5001, "number of lessons of each tutor is 5001; expected at most 5000"),
    ],
)
def test_a_study_that_would_take_many_hours_is_refused(head: str, per_day: int, said: str) -> None:
    """How much there is to do is known beforehand, and said; whoever types another number of replications is told."""
    text = _HEAD.replace("replications = 3", head) + _REST.replace("per_day = 1.5", f"per_day = {per_day}")

    assert said in _only(text).message


def test_more_replications_than_can_be_run_are_refused_by_the_study_itself() -> None:
    """However they come into it."""
    study = _study(_HEAD + _REST.replace("per_day = 1.5", "per_day = 1000"))

    with pytest.raises(InvalidValue, match="number of steps"):
        attrs.evolve(study, replications=10_000)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('[[turn]]\nrole = "tutor"\nafter = "1h"\ndoes = { accept = 1 }\n' * 101, "turn"),
        ("".join(f'[[act]]\nname = "a{number}"\nrole = "student"\n' for number in range(101)), "act"),
        (
            '[[turn]]\nrole = "tutor"\nafter = "1h"\n' + '[[turn.does]]\nverb = "accept"\nchance = 0\n' * 101,
            "turn[0].does",
        ),
    ],
)
def test_nobody_does_a_hundred_and_one_things(text: str, path: str) -> None:
    """A list that long is no study of people, and each of its items would be looked at for every lesson."""
    mistake = next(each for each in _mistakes(_HEAD + _REST + text) if each.path == path)

    assert "has 101 tables; expected at most 100" in mistake.message


def test_a_list_that_long_is_refused_however_it_was_made() -> None:
    """By a program too."""
    study = _study(_HEAD + _REST)
    turn, act = Turn("tutor", Fixed(0), ()), Act("a", "student", None)

    with pytest.raises(InvalidValue, match="turns"):
        attrs.evolve(study, turns=(turn,) * 101)
    with pytest.raises(InvalidValue, match="acts"):
        attrs.evolve(study, acts=(act,) * 101)
    with pytest.raises(InvalidValue, match="does"):
        attrs.evolve(turn, does=((Deed("accept"), 0),) * 101)
    with pytest.raises(InvalidValue, match="number of lessons is 400000"):
        attrs.evolve(study, days=4, people=People(100, 1), requests=attrs.evolve(study.requests, per_day=1e5))


_TURN = '[[turn]]\nrole = "tutor"\nafter = "1h"\n'
_ACT = '[[act]]\nname = "a"\nrole = "student"\nverb = "cancel"\n'


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        (_TURN, "turn[0].does", "is missing"),
        (_TURN + "does = { acept = 1 }", "turn[0].does.acept", "did you mean 'accept'?"),
        (_TURN + "does = { confirm = 1 }", "turn[0].does.confirm", "lets the tutor do: accept, decline"),
        (_TURN + "does = { request = 1 }", "turn[0].does.request", "asks for a lesson"),
        (_TURN + "does = { accept = 1.5 }", "turn[0].does.accept", "at most 1"),
        (_TURN + 'does = "accept"', "turn[0].does", "a table"),
        (_TURN + 'does = { accept = 1 }\nstates = ["proposed"]', "turn[0].states[0]", "waits for a tutor"),
        (_TURN + 'does = [{ verb = "propose", chance = 1, start = "1h" }]', "turn[0].does[0].start", "a table"),
        (_TURN + 'does = [{ verb = "propose", chance = 1, start = {} }]', "turn[0].does[0].start", "earlier or later"),
        (_TURN + 'does = [{ verb = "accept", chance = 1, price_times = 2 }]', "turn[0].does[0].verb", "no terms"),
        (_TURN + 'does = [{ verb = "accept", chance = 1, remedy = "pay" }]', "turn[0].does[0].remedy", "'accept'"),
        (_TURN + 'does = [{ verb = "accept" }]', "turn[0].does[0].chance", "is missing"),
        (_TURN + 'does = [{ verb = "accept", chance = 1, more = 1 }]', "turn[0].does[0].more", "unknown key"),
        (_ACT + "chance = 2", "act[0].chance", "at most 1"),
        (_ACT + 'at = "now"', "act[0].at", "one of 'asked', 'agreed', 'start', 'end'"),
        (_ACT + 'at = { by = "1h" }', "act[0].at", "either before or after"),
        (_ACT + 'at = { before = "start", after = "end", by = "1h" }', "act[0].at", "either before or after"),
        (_ACT + 'at = { before = "strat", by = "1h" }', "act[0].at.before", "did you mean 'start'?"),
        (_ACT + 'at = { before = "start" }', "act[0].at.by", "is missing"),
        (_ACT + 'unless = ["b"]', "act[0].unless[0]", "stands before"),
        (_ACT + _ACT, "act[1].name", "a name of its own"),
        (_ACT.replace('"cancel"', '"cancle"'), "act[0].verb", "did you mean 'cancel'?"),
        (_ACT.replace('verb = "cancel"', 'reason = "ill"'), "act[0].reason", "unknown key"),
        ("[standing]\nshows = 3", "standing.shows", "a length of time"),
        ("[standing]\ndismisses = 0.5", "standing.dismisses", "without handles"),
        ('[standing]\nhandles = "1d"\ndismisses = 2', "standing.dismisses", "at most 1"),
        ('[standing]\nshow = "1d"', "standing.show", "did you mean 'shows'?"),
        ("[more]", "more", "unknown key"),
    ],
)
def test_what_people_do_is_checked_against_the_policies(text: str, path: str, said: str) -> None:
    """A word that no policy of the study knows is a mistake at its place."""
    mistake = _only(_HEAD + _REST + text)

    assert mistake.path == path
    assert said in str(mistake)


def test_a_word_that_only_one_of_the_policies_knows_is_no_mistake() -> None:
    """Under the others it is not done."""
    policies = _HEAD.replace('["italki"]', '["italki", "cafetalk"]')
    turn = '[[turn]]\nrole = "tutor"\nafter = "1h"\ndoes = { charge = 0.5 }\n'

    assert "charge" in str(_only(_HEAD + _REST + turn))
    assert _study(policies + _REST + turn).turns


def test_the_student_is_payer_and_requester_too() -> None:
    """In a study the student pays for the lesson, so what a payer may do the student may."""
    act = _ACT.replace('"student"', '"payer"')

    assert _study(_HEAD + _REST + act).acts


def test_words_are_not_judged_while_a_policy_is_unreadable() -> None:
    """It might be the one that knows them."""
    text = _HEAD.replace('["italki"]', '["italki", "cafetlak"]') + _REST + _TURN + "does = { charge = 1 }"

    assert _only(text).path == "policies[1]"


def test_mistakes_of_a_policy_file_are_told_with_those_of_the_study(tmp_path: Path) -> None:
    """Each in its own file."""
    (tmp_path / "p.toml").write_text('extends = "italki"\nid = "p"\nrequest.answr_by = "1h"\n')
    study = tmp_path / "s.toml"
    study.write_text((_HEAD + _REST).replace('"italki"', '"p.toml"').replace("seed = 7", "seed = 0.5"))

    with pytest.raises(Mistakes) as caught:
        load_study(study)

    assert {Path(each.file).name for each in caught.value.exceptions if isinstance(each, Mistake)} == {
        "p.toml",
        "s.toml",
    }


_FRAGMENTS = [
    "{",
    "}",
    "[",
    "]",
    "[[",
    "=",
    '"',
    "'",
    "\n",
    "#",
    "inf",
    "nan",
    "-1",
    "1e400",
    "true",
    "\0",
    "\u202e",
    ",",
]
_WHOLE = _HEAD + _REST + _TURN + "does = { accept = 0.5 }\n" + _ACT + 'at = { before = "start", by = "1h" }\n'


@given(
    st.lists(
        st.tuples(st.integers(0, len(_WHOLE)), st.integers(0, 20), st.sampled_from(_FRAGMENTS) | st.text(max_size=8)),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_stands_in_a_file_it_is_a_study_or_has_mistakes(edits: list[tuple[int, int, str]]) -> None:
    """A damaged file is never the reader's end."""
    text = _WHOLE
    for at, length, instead in edits:
        text = text[:at] + instead + text[at + length :]

    with contextlib.suppress(Mistakes):
        assert _read(text).processes


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_no_value_in_the_place_of_another_is_the_reader_s_end(data: st.DataObject) -> None:
    """Whatever a program puts where something else belongs is a mistake, or can be meant."""
    tree = tomllib.loads(_WHOLE, parse_float=Decimal)
    _replaced(tree, data)

    with contextlib.suppress(Mistakes):
        assert study_of(tree, partial(find_policy, folder=_ROOT)).processes


def _replaced(tree: Any, data: st.DataObject) -> None:
    """Put junk in the place of one value somewhere in a tree."""
    place = data.draw(st.sampled_from(sorted(tree) if isinstance(tree, dict) else range(len(tree))))
    if isinstance(tree[place], dict | list) and tree[place] and data.draw(st.booleans()):
        _replaced(tree[place], data)
    else:
        tree[place] = data.draw(_JUNK)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """It is no study with mistakes."""
    with pytest.raises(UnreadableFile, match=re.escape("none.toml cannot be read")):
        load_study(tmp_path / "none.toml")
