"""Mistakes about what parties have and what steps say besides: schedules, permissions, meetings, splits, reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_TEXT = """\
schema = 1
id = "s"
policy = "itutor"
[meetings]
provider = "jitsi"
secret = "0123456789abcdef"
[parties.ann]
zone = "UTC"
wallet = "50.00"
permissions = ["patient"]
[parties.tom]
zone = "Europe/Berlin"
permissions = ["meeting_provider", "knows:ann"]
[parties.tom.schedule]
weekly.monday = ["09:00-12:00", "14:00-18:00"]
booking = { notice = "24h", step = "15m" }
[parties.rooms]
zone = "UTC"
grants = ["system"]
[[steps]]
at = 2026-03-26T09:00:00Z
who = "ann"
do = "request"
lesson = "l"
tutor = "tom"
start = 2026-03-30T08:00:00Z
minutes = 60
price = "25.00"
[[steps]]
at = 2026-03-30T07:55:00Z
who = "rooms"
do = "join"
lesson = "l"
subject = "tutor"
seen = 2026-03-30T07:54:00Z
source = "jitsi"
[[steps]]
at = 2026-03-30T10:00:00Z
who = "rooms"
do = "resolve"
lesson = "l"
split = { tutor = "30%", student = "rest" }
blamed = "tutor"
"""
_LINK = 'provider = "link"\ntemplate = "https://school.example/{lesson}"'


@pytest.mark.parametrize(
    ("old", "new", "path", "message", "suggestion"),
    [
        ('["patient"]', '"patient"', "parties.ann.permissions", "expected a list", '["patient"]'),
        ('["patient"]', "[7]", "parties.ann.permissions[0]", "a text in quotes", '"7"'),
        ('["patient"]', '["Very Patient"]', "parties.ann.permissions[0]", "a word like", None),
        ('"knows:ann"', '"knows:ane"', "parties.tom.permissions[1]", "is about 'ane'; expected one of", "ann"),
        ('"knows:ann"', '"knows:"', "parties.tom.permissions[1]", "1 to 64 ASCII letters", None),
        ('"09:00-12:00"', '"9:00-12:00"', "parties.tom.schedule.weekly.monday[0]", "two wall times", "09:00-12:00"),
        ("weekly.monday", "weekly.mnday", "parties.tom.schedule.weekly.mnday", "unknown key", "monday"),
        ('notice = "24h"', 'notice = "1d"', "parties.tom.schedule.booking.notice", "hours, minutes", "24h"),
        ("booking =", "bookings =", "parties.tom.schedule.bookings", "unknown key", "booking"),
        ('provider = "jitsi"', 'provider = "jitsy"', "meetings.provider", "is 'jitsy'; expected one of", "jitsi"),
        ('secret = "0123456789abcdef"', 'secret = "0123"', "meetings.secret", "4 bytes (not shown)", None),
        ('secret = "0123456789abcdef"', "", "meetings.secret", "is missing", None),
        ("[parties.ann]", 'base = "http://x.example"\n[parties.ann]', "meetings.base", "a Jitsi server", None),
        ("[parties.ann]", 'template = "https://x.example"\n[parties.ann]', "meetings.template", "unknown key", None),
        ("[parties.ann]", 'by = "room"\n[parties.ann]', "meetings.by", "expected one of the parties", "rooms"),
        ("[parties.ann]", 'by = "tom"\n[parties.ann]', "meetings.by", 'grants = ["system"]', "rooms"),
        ('grants = ["system"]', "", "meetings", "by is missing; expected a party with grants", None),
        ('["patient"]', '[]\ngrants = ["system"]', "meetings", "several are: ann, rooms", None),
        ('grants = ["system"]', 'grants = ["sytem"]', "parties.rooms.grants[0]", "is 'sytem'", "system"),
        ('subject = "tutor"', 'subject = "tuter"', "steps[1].subject", "expected one of 'student'", "tutor"),
        ('subject = "tutor"', 'subject = "system"', "steps[1].subject", "is 'system'", None),
        ("seen = 2026-03-30T07:54:00Z", "seen = 2026-03-30T07:54:00", "steps[1].seen", "with an offset", None),
        ('source = "jitsi"', "source = 4", "steps[1].source", "a text in quotes", '"4"'),
        ('source = "jitsi"', "details = { a = 1 }", "steps[1].details.a", "a text in quotes", '"1"'),
        ('source = "jitsi"', 'split = { tutor = "100%" }', "steps[1].split", "unknown key", None),
        ('"30%"', '"30"', "steps[2].split.tutor", "a percentage such as", None),
        ('student = "rest"', 'studnt = "rest"', "steps[2].split.studnt", "gets no share", "student"),
        ('student = "rest"', 'student = "60%"', "steps[2].split", "100%", None),
        ('{ tutor = "30%", student = "rest" }', '"half"', "steps[2].split", "is 'half'; expected a table", None),
        ('blamed = "tutor"', 'blamed = "nobody"', "steps[2].blamed", "expected one of 'student'", None),
        ('blamed = "tutor"', 'subject = "tutor"', "steps[2].subject", "unknown key", None),
    ],
)
def test_a_mistake_about_what_stands_besides_is_told_at_its_line(
    old: str,
    new: str,
    path: str,
    message: str,
    suggestion: str | None,
    run: Any,
    write: Callable[[str], Path],
) -> None:
    """One mistake gives one message, at the word that has to be mended."""
    assert _TEXT.count(old) == 1
    text = _TEXT.replace(old, new)

    done = run("play", write(text), "--json")

    (mistake,) = done.document["mistakes"]
    assert (mistake["path"], mistake["suggestion"]) == (path, suggestion)
    assert message in mistake["message"]
    shown = text.splitlines()[mistake["line"] - 1]
    assert (new.splitlines() or [""])[-1] in shown or "[meetings]" in shown or path.rpartition(".")[2] in shown


def test_the_text_that_these_mistakes_are_made_in_can_be_played(run: Any, write: Callable[[str], Path]) -> None:
    """As it stands it is a scenario: its last two steps are refused, which is an answer."""
    done = run("play", write(_TEXT), "--json")

    assert done.code == 1
    codes = [step["refusal"] and step["refusal"]["code"] for step in done.document["steps"]]
    assert codes == [None, "not_open", "not_open"]


@pytest.mark.parametrize(
    ("template", "path", "message"),
    [
        ("https://school.example/{lessen}", "meetings.template", "unknown placeholder 'lessen'"),
        ("school.example/{lesson}", "meetings.template", "a whole URL"),
        ("https://{lesson}.example/", "meetings.template", "placeholders in the path"),
    ],
)
def test_a_template_that_makes_no_links_is_a_mistake(
    template: str, path: str, message: str, run: Any, write: Callable[[str], Path]
) -> None:
    """The template is checked when the scenario is read, not when the first meeting is made."""
    text = _TEXT.replace('provider = "jitsi"\nsecret = "0123456789abcdef"', _LINK)
    assert run("play", write(text)).code == 1

    done = run("play", write(text.replace("https://school.example/{lesson}", template)), "--json")

    (mistake,) = done.document["mistakes"]
    assert (mistake["path"], mistake["line"]) == (path, 6)
    assert message in mistake["message"]


def test_a_mistaken_policy_is_not_asked_for_meetings(run: Any, write: Callable[[str], Path]) -> None:
    """What depends on the policy is left until it is known."""
    done = run("play", write(_TEXT.replace('"itutor"', '"itutr"')), "--json")

    assert [mistake["path"] for mistake in done.document["mistakes"]] == ["policy"]


def test_a_policy_without_meetings_has_nobody_make_them(run: Any, write: Callable[[str], Path]) -> None:
    """A table that would do nothing is a mistake, shown at its heading."""
    text = _TEXT.replace('"itutor"', '"ladder_48_24"')

    done = run("play", write(text[: text.index("[[steps]]\nat = 2026-03-30T07")]), "--json")

    (mistake,) = done.document["mistakes"]
    assert (mistake["path"], mistake["line"]) == ("meetings", 4)
    assert "policy ladder_48_24@1 has no meetings" in mistake["message"]


def test_a_misspelt_verb_is_the_only_mistake_of_its_step(run: Any, write: Callable[[str], Path]) -> None:
    """What a step says besides is not held against it while nobody knows what its verb can use."""
    done = run("play", write(_TEXT.replace('"resolve"', '"resolv"')), "--json")

    assert [mistake["path"] for mistake in done.document["mistakes"]] == ["steps[2].do"]


_HOURS = 'schema = 1\nzone = "Europe/Berlin"\nweekly.monday = ["09:00-12:00"]\n'


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        (_HOURS.replace("Berlin", "Berlim"), ("hours.toml", 2, "zone"), "unknown time zone"),
        (_HOURS.replace("09:00", "9:00"), ("hours.toml", 3, "weekly.monday[0]"), "two wall times"),
        (_HOURS + '[[busy]]\nid = "l"\n', ("hours.toml", 4, "busy"), "unknown key"),
        ("", ("hours.toml", 0, "schema"), "is missing"),
        (None, ("scenario.toml", 13, "parties.tom.schedule"), "unknown schedule file"),
    ],
    ids=["zone", "hours", "lessons are booked by steps", "empty", "absent"],
)
def test_mistakes_of_a_schedule_s_file_are_told_at_its_own_lines(
    content: str | None,
    where: tuple[str, int, str],
    message: str,
    run: Any,
    write: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    """Whatever is wrong in another file is shown there; that it is not there is shown where it is named."""
    if content is not None:
        (tmp_path / "hours.toml").write_text(content)
    start, end = _TEXT.index('permissions = ["meeting'), _TEXT.index("[parties.rooms]")

    done = run("play", write(f'{_TEXT[:start]}schedule = "hours.toml"\n{_TEXT[end:]}'), "--json")

    file, line, path = where
    found = {
        (mistake["file"], mistake["line"], mistake["path"]): mistake["message"] for mistake in done.document["mistakes"]
    }
    assert done.code == 2
    assert message in found[str(tmp_path / file), line, path]


def test_all_mistakes_of_all_parts_come_at_once(run: Any, write: Callable[[str], Path]) -> None:
    """Schedules, meetings and steps are read to their end, in the order of the file."""
    text = (
        _TEXT.replace('"0123456789abcdef"', '"0123"')
        .replace('"09:00-12:00"', '"9:00-12:00"')
        .replace('subject = "tutor"', 'subject = "tuter"')
        .replace('"30%"', '"30"')
    )

    done = run("play", write(text), "--json")

    assert [mistake["path"] for mistake in done.document["mistakes"]] == [
        "meetings.secret",
        "parties.tom.schedule.weekly.monday[0]",
        "steps[1].subject",
        "steps[2].split.tutor",
    ]
