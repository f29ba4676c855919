"""Policy, scenario and study files by people who mean harm, or whose editor does: each is used or explained, at once.

Every file in the box and in the examples is damaged, as a text and in its values. Whatever comes of it is either read,
and then it can be carried out, or refused with mistakes that say what was expected; nothing else, and nothing for long.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import attrs
import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutorcore.adapters.files import find_policy
from tutorcore.adapters.ical.calendars import Person
from tutorcore.adapters.ical.invitations import invitation_text
from tutorcore.adapters.memory import MemoryStorage
from tutorcore.cli.document import document_of
from tutorcore.cli.letters import letters_of, letters_text, writer_of
from tutorcore.cli.people import load_schedule_file
from tutorcore.cli.reading import read_scenario
from tutorcore.cli.running import play_scenario
from tutorcore.cli.scenario import Scenario
from tutorcore.cli.timeline import timeline_of
from tutorcore.documents.places import scan
from tutorcore.errors import Mistakes
from tutorcore.policy.codec import load_policy
from tutorcore.policy.presets import preset_names, preset_text
from tutorcore.ports.notifications import Notice
from tutorcore.sim.kernel import run_replication
from tutorcore.sim.lines import lines_of
from tutorcore.sim.study import read_study
from tutorcore.text.explanation import explain
from tutorcore.text.words import words_for

pytestmark = pytest.mark.slow

_EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
_POLICIES: Final = {
    **{name: preset_text(name) for name in preset_names()},
    **{file.name: file.read_text(encoding="utf-8") for file in sorted((_EXAMPLES / "policies").glob("*.toml"))},
}
_SCENARIOS: Final = {file.name: file.read_text(encoding="utf-8") for file in sorted(_EXAMPLES.glob("*.toml"))}
_STUDIES: Final = {file.name: file.read_text(encoding="utf-8") for file in sorted(_EXAMPLES.glob("studies/*.toml"))}

_SECONDS: Final = 20
"""How long one file may keep anybody busy: it is a fraction of a second, and a busy machine gets some patience."""

_LONGEST: Final = 100_000
"""How long all that is said of one file may be: 500 mistakes at most, each clipped."""

_FRAGMENTS: Final = [
    *("{", "}", "[", "]", "[[", "]]", "=", ".", ",", '"', "'", '"""', "\\", "\n", "\r", "#", "-", "0x", "_"),
    *("inf", "nan", "-1", "1e400", "true", "\0", "\x1b[2J", "\u202e", "\ufeff", "\ud800", "9" * 30, "a" * 3000),
    *("[" * 60, "{a=" * 60, "(" * 300, "\n[standing.x]\n", "\nextends = 'x'\n", "\n[[turn]]\n", "1979-05-27"),
]

_TEXTS: Final = [
    *("", " ", "x", "A" * 5000, "\0", "\x1b]0;x\x07", "\u202eevil", "\u2028", "\ufffe", "e\u0301" * 50, "\U0001f600"),
    *("<script>alert(1)</script>", "=1+1", "'; drop table lessons; --", "%(name)s", "{0}", "${HOME}", "%s%n"),
    *("../../../etc/passwd", "/dev/zero", "/etc/passwd", "a" * 300 + ".toml", "..", "NUL", "italki", "self.toml"),
    *("Mars/Phobos", "Europe/Berlin", "../../zoneinfo/UTC", "UTC", "ITC", "USD", "JPY", "KWD", "XXX"),
    *(
        "999999999999999999999d",
        "1000000000d",
        "0s",
        "-1h",
        "1h -1h",
        "1mo",
        "36600d",
        "100y",
        "0.0001%",
        "101%",
        "rest",
    ),
    *("1/0", "1000000000000000", "99999999999999999999.99", "0.001", "-5", "1e9", "NaN", "1/3", "100%", "0%"),
    *("asked + 999999999d", "lesson.start - 999999999999h", "earliest(" * 40 + "asked" + ")" * 40, "(" * 2000),
    *("now >= asked", "not " * 50 + "now >= asked", "asked", "lesson.end", "entered", "end_of_day(asked + 9999d)"),
    *("true", "rounds > 99999999999999", "price >= 99999999999999999999", "false and true or false"),
    *("student", "tutor", "operator", "agent", "system", "requested", "expired", "accept", "accepted", "cancel"),
    *("2026-03-02T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z"),
    *("2026-03-27 19:00", "start", "end", "agreed", "firm", "tentative", "holder", "nobody"),
]


def _quoted(text: str) -> str:
    """A text as TOML writes one."""
    marks = "".join(
        char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}" for char in text if char != "\ud800"
    )
    return f'"{marks}"'


_NUMBERS: Final = [
    *("0", "-0", "1", "-1", "2", "1000000000", "-1000000000", "9223372036854775807", "9223372036854775808"),
    *("1" + "0" * 4000, "0.0", "-0.0", "0.5", "1.5", "1e-320", "5e-324", "1e308", "1e400", "inf", "-inf", "nan"),
]
_OTHERS: Final = [
    *("true", "false", "[]", "{}", "[[]]", "[{}]", "[1]", '[""]', '{ "" = "" }', "{ a = { a = { a = {} } } }"),
    *("[" * 31 + "]" * 31, "1979-05-27", "07:32:00", "1979-05-27T07:32:00", "9999-12-31T23:59:59Z"),
    *("0001-01-01T00:00:00Z", '["a", 1, []]', '{ uniform = ["0s", "3660d"] }', '{ exponential = "3660d" }'),
    *('{ choice = { "1h" = 1e-320, "2h" = 1e12 } }', '{ lognormal = { median = "3660d", sigma = 20 } }'),
    *('{ normal = { mean = "0s", sd = "3660d" } }', "{ accept = 1, decline = 1 }", '{ "Mars/X" = 1 }', "{ UTC = 0 }"),
    '{ fixed = "999999999999.99999999" }',
    "[" + ", ".join(f'"{number}"' for number in range(300)) + "]",
    "{ " + ", ".join(f"k{number} = {number}" for number in range(300)) + " }",
]
_LITERALS: Final = [*map(_quoted, _TEXTS), *_NUMBERS, *_OTHERS]


@st.composite
def _damaged(draw: st.DrawFn, texts: Mapping[str, str]) -> str:
    """A file with fragments in the middle of it, other values, or both."""
    text = texts[draw(st.sampled_from(sorted(texts)))]
    for _ in range(draw(st.integers(0, 2))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 30))
        text = text[:at] + draw(st.sampled_from(_FRAGMENTS) | st.text(max_size=8)) + text[at + length :]
    return text


@st.composite
def _revalued(draw: st.DrawFn, texts: Mapping[str, str]) -> str:
    """A file in which a few values are others than they should be, but which TOML can read."""
    text = texts[draw(st.sampled_from(sorted(texts)))]
    spans = sorted(set(scan(text).values.values()), reverse=True)
    literals = st.sampled_from(_LITERALS) | st.text(max_size=20).map(_quoted) | st.integers().map(str)
    others = st.sampled_from([text[start:end] for start, end in spans])
    chosen = draw(st.sets(st.integers(0, len(spans) - 1), min_size=1, max_size=3))
    done = len(text)
    for place in sorted(chosen):
        start, end = spans[place]
        if end <= done:
            text, done = text[:start] + draw(literals | others) + text[end:], start
    return text


class _TooLong(Exception):
    """A file kept somebody busy for longer than any file may."""


@contextmanager
def _at_once() -> Iterator[None]:
    """Fails where it stands if it takes too long; what never ends has no other way of failing."""

    def out_of_time(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _is_read(text: str, use: Callable[[str], object]) -> bool:
    """Use a file and return whether it could be read; fails unless every mistake in it says what and where."""
    with _at_once():
        try:
            use(text)
        except Mistakes as found:
            mistakes = found
        else:
            return True
    assert mistakes.exceptions
    assert len(str(mistakes)) < _LONGEST
    assert all(str(each).strip() for each in mistakes.exceptions)
    return False


_any_file = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def _every(texts: Mapping[str, str]) -> st.SearchStrategy[str]:
    return _damaged(texts) | _revalued(texts)


# Policies

_WORLD: Final = """\
schema = 1
name = "one day"
seed = 1
replications = 1
from = 2026-03-27T00:00:00Z
days = 1
policies = ["italki"]
[people]
tutors = 1
students = 1
permissions = ["can_request_sessions"]
[requests]
per_day = 4
lead = { uniform = ["1h", "6d"] }
duration = "1h"
price = "20"
"""


def _use_policy(text: str) -> None:
    """Read a policy, explain it, and run a few lessons under it with nobody doing anything."""
    process = load_policy(text, "p.toml")
    assert explain(process, words_for("en")).text
    study = read_study(_WORLD, "s.toml", lambda _: process).study
    run_replication(study, process, 1)


@pytest.mark.parametrize("name", sorted(_POLICIES))
def test_every_policy_that_is_not_damaged_can_be_used(name: str) -> None:
    """So what the others are is their damage's doing."""
    assert _is_read(_POLICIES[name], _use_policy)


@_any_file
@given(text=_every(_POLICIES))
def test_a_damaged_policy_is_used_or_refused(text: str) -> None:
    """It is explained and run, or its mistakes are told."""
    _is_read(text, _use_policy)


# Scenarios


def _scenario(text: str) -> Scenario:
    policy, schedule = partial(find_policy, folder=_EXAMPLES), partial(load_schedule_file, folder=_EXAMPLES)
    return read_scenario(text, "s.toml", policy, schedule)


def _use_scenario(text: str) -> None:
    """Read a scenario, play it, and tell of it in both ways."""
    report = play_scenario(_scenario(text), MemoryStorage())
    assert timeline_of(report)
    assert document_of(report)


@_any_file
@given(text=_every(_SCENARIOS))
def test_a_damaged_scenario_is_played_or_refused(text: str) -> None:
    """What can be read can be played, whatever comes of it."""
    _is_read(text, _use_scenario)


# Files that a file names

_FILES: Final = [
    "/dev/zero",
    "/etc/passwd",
    "../../../../../../etc/passwd",
    "pipe.toml",
    "zero.toml",
    "folder.toml",
    ".",
]


def _as_policy(named: str, folder: Path) -> object:
    return read_study(_WORLD.replace('"italki"', named), "s.toml", partial(find_policy, folder=folder))


def _as_parent(named: str, folder: Path) -> object:
    (folder / "p.toml").write_text(f'extends = {named}\nid = "p"\n', encoding="utf-8")
    return find_policy("p.toml", folder)


def _as_schedule(named: str, folder: Path) -> object:
    text = f'schema = 1\nid = "s"\npolicy = "italki"\nsteps = []\n[parties.tom]\nzone = "UTC"\nschedule = {named}\n'
    return read_scenario(
        text, "s.toml", partial(find_policy, folder=folder), partial(load_schedule_file, folder=folder)
    )


@pytest.mark.parametrize("read", [_as_policy, _as_parent, _as_schedule])
@pytest.mark.parametrize("name", [*_FILES, "a" * 300 + ".toml", "a\0.toml", "none.toml"])
def test_no_file_has_another_read_that_is_none(name: str, read: Callable[[str, Path], object], tmp_path: Path) -> None:
    """A device would never end, a pipe would never begin, and what is no document is nobody's business."""
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    (tmp_path / "folder.toml").mkdir()

    with _at_once(), pytest.raises(Mistakes) as caught:
        read(_quoted(name), tmp_path)

    assert re.search(r"unknown (policy file|schedule file|preset)|ends in \.toml", str(caught.value))
    assert "root:" not in str(caught.value)


@pytest.mark.parametrize("other", ["self.toml", "./self.toml", "other.toml"])
def test_policies_that_extend_each_other_are_refused(other: str, tmp_path: Path) -> None:
    """The chain is told, as far as it was followed."""
    (tmp_path / "self.toml").write_text(f'extends = "{other}"\nid = "a"\n', encoding="utf-8")
    (tmp_path / "other.toml").write_text('extends = "self.toml"\nid = "b"\n', encoding="utf-8")

    with _at_once(), pytest.raises(Mistakes) as caught:
        find_policy("self.toml", tmp_path)

    assert "this chain of policies does not end" in str(caught.value)


# What people are called, and what they say

_MARKED: Final = [
    *("<", ">", "&", '"', "'", "`", "\\", "%", "=", "+", "-", "@", ";", ",", ":", "|", "#", "*", "_", "[", "](", "{"),
    *("\r", "\n", "\t", "\x0b", "\x1b[2J", "\x1b]0;x\x07", "\x9b", "\x7f", "\u2028", "\u202e", "\u2066", "\u200e"),
    *(
        "<script>",
        "</td>",
        "-->",
        "<img src=x onerror=y>",
        "&lt;",
        "javascript:",
        "https://x.example",
        "%(name)s",
        "%s",
    ),
    *(
        "\r\nEND:VEVENT",
        "\nATTENDEE:x",
        "ATTENDEE;CN=x:mailto:e@x",
        "=cmd|'/c'!A1",
        "\n.\n",
        "-- ",
        "Ann",
        "日本",
        "\U0001f600",
    ),
]
_SAYINGS: Final = st.lists(st.sampled_from(_MARKED) | st.text(max_size=3), min_size=1, max_size=6).map("".join)
_SPOKEN: Final = """\
schema = 1
id     = "said"
policy = "italki"

[parties.ann]
name   = {ann}
zone   = "America/Vancouver"
wallet = "90.0"

[parties.tom]
name   = {tom}
zone   = "Europe/Berlin"
locale = "{locale}"

[[steps]]
at      = 2026-10-23T12:00:00Z
who     = "ann"
do      = "request"
lesson  = "first"
tutor   = "tom"
start   = 2026-10-26T12:00:00Z
minutes = 60
price   = "25.0"
kind    = {kind}
note    = {note}
details = {{ topic = {detail} }}

[[steps]]
at       = 2026-10-23T13:00:00Z
who      = "tom"
do       = "accept"
lesson   = "first"
proposal = 1
note     = {note}

[[steps]]
at      = 2026-10-26T13:30:00Z
who     = "ann"
do      = "report"
lesson  = "first"
reason  = "tutor_absent"
remedy  = "refund"
note    = {note}
"""
_STEERS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]")
_OURS: Final = {"html", "head", "meta", "title", "style", "body", "p", "br", "table", "tr", "th", "td", "bdi", "a"}


class _Tags(HTMLParser):
    """The tags of a page, and what is followed from it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag, and its attributes."""
        self.found.add(tag)
        self.attributes |= set(attrs)


@_any_file
@given(
    said=st.fixed_dictionaries(dict.fromkeys(("ann", "tom", "kind", "note", "detail"), _SAYINGS)),
    locale=st.sampled_from(["en", "ar", "ja"]),
)
def test_whatever_people_say_stays_what_they_say(said: dict[str, str], locale: str) -> None:
    """Names, notes and kinds are no markup, no second line of a calendar, and nothing that steers a terminal."""
    text = _SPOKEN.format(locale=locale, **{key: _quoted(value) for key, value in said.items()})

    with _at_once(), contextlib.suppress(Mistakes):
        scenario, storage = _scenario(text), MemoryStorage()
        report = play_scenario(scenario, storage)
        with storage.reading() as tx:
            notices = letters_of(tx, report, writer_of(None))

        assert notices
        assert not _STEERS.search(timeline_of(report) + letters_text(notices))
        for notice in notices:
            _check_notice(notice)


def _check_notice(notice: Notice) -> None:
    page = _Tags(notice.html)
    assert page.found <= _OURS
    assert {name for name, _ in page.attributes} <= {"charset", "lang", "dir", "scope", "href"}
    assert {value for name, value in page.attributes if name == "href"} <= {None}
    assert "\n" not in notice.subject + notice.short
    if notice.invitation is not None:
        shown = invitation_text(
            notice.invitation,
            organizer=Person("We", "we@x.example"),
            attendee=Person(notice.to.name, "a@x.example"),
        )
        (event,) = icalendar.Calendar.from_ical(shown).walk("VEVENT")
        assert event["ATTENDEE"] == "mailto:a@x.example"
        assert sorted(line.partition(b":")[0].partition(b";")[0] for line in _unfolded(shown)).count(b"END") == 2


def _unfolded(calendar: str) -> list[bytes]:
    return calendar.encode().replace(b"\r\n ", b"").split(b"\r\n")


@given(kind=_SAYINGS, reason=_SAYINGS)
def test_whatever_a_policy_names_is_explained_as_a_name(kind: str, reason: str) -> None:
    """In plain text nothing steers a terminal, and in Markdown nothing is a heading, a link or a tag."""
    text = (
        'extends = "italki"\nid = "said"\n[standing.missed_request]\n'
        f"dismiss = [{_quoted(reason)}]\n[fees]\nrates = [\n"
        f"{{ when = {_quoted(f'lesson.kind == {chr(39)}{kind}{chr(39)}')}, rate = '1%' }},\n{{ rate = '2%' }}]\n"
    )

    with contextlib.suppress(Mistakes):
        explanation = explain(load_policy(text, "p.toml"), words_for("en"))
        plain = explain(
            load_policy('extends = "italki"\nid = "said"\nfees.commission = "1%"', "p.toml"), words_for("en")
        )

        assert not _STEERS.search(explanation.text + explanation.markdown)
        assert not re.search(r"(?<!\\)[<>\[\]`]", explanation.markdown)
        assert _headings(explanation.markdown) == _headings(plain.markdown)


def _headings(markdown: str) -> list[str]:
    return [line for line in markdown.split("\n") if line.startswith("#")]


# Studies

_BRIEFLY: Final = 20_000
"""How many steps are simulated here: some seconds' worth."""


def _use_study(text: str) -> None:
    """Read a study, and run it as far as the time of a test allows: a study says itself how much there is to do."""
    experiment = read_study(text, "s.toml", partial(find_policy, folder=_EXAMPLES / "studies"))
    study = attrs.evolve(experiment.study, replications=1, policies=experiment.study.policies[:1])
    if study.steps <= _BRIEFLY:
        result = run_replication(study, experiment.processes[0], 1)
        lines_of(study.policies[0], result).encode()


@_any_file
@given(text=_every(_STUDIES))
def test_a_damaged_study_is_run_or_refused(text: str) -> None:
    """What can be read can be run."""
    _is_read(text, _use_study)
