"""The hard cases of the calendar, as a table: `cases/*.toml`.

Every case has an id, a question, its answer and the reason for that answer, which was worked out by hand from the
rules that the zones publish. Nothing in the table is Python, so that it can be read against those rules, and run
against any other calendar.
"""

from __future__ import annotations

import re
import struct
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from tutorcore.calendar import (
    KEEPS,
    TZDATA,
    WEEKDAYS,
    Agenda,
    Attendee,
    Busy,
    Drift,
    Roster,
    Schedule,
    StoredTime,
    TimeZones,
    ZoneGone,
    add_calendar,
    available_ranges,
    end_of_day,
    find_drift,
    first_instant,
    last_instant,
    rebased,
    start_of_day,
    to_instant,
    zone,
)
from tutorcore.calendar.schedules.document import load_schedule, schedule_of
from tutorcore.calendar.series.conflicts import conflicts
from tutorcore.calendar.series.series import Series
from tutorcore.errors import InvalidValue
from tutorcore.instants import Instant, instant

Case: TypeAlias = Mapping[str, Any]  # what a TOML table holds

_FILES: Final = sorted((Path(__file__).parent / "cases").glob("*.toml"))
_CASES: Final[list[Case]] = [case for file in _FILES for case in tomllib.loads(file.read_text("utf-8"))["cases"]]


def _shown(at: datetime | None) -> str:
    """Return an instant as the table writes it: seconds only where there are some."""
    if at is None:
        return "none"
    text = at.replace(tzinfo=None).isoformat(timespec="auto" if at.second or at.microsecond else "minutes")
    return f"{text}Z"


def _span(case: Case) -> tuple[Instant, Instant]:
    since, until = case["span"].split("/")
    return instant(since), instant(until)


def _spelled(start: Instant, end: Instant) -> str:
    return f"{_shown(start)}/{_shown(end)}"


def _schedule(case: Case) -> Schedule:
    daily = [f"weekly.{day} = {case['daily']}" for day in WEEKDAYS] if "daily" in case else []
    return load_schedule("\n".join(["schema = 1", *daily, case["schedule"]]))


def _database(case: Case, key: str = "database") -> TimeZones:
    """Return the package's database, or one with the rules that the case gives."""
    if key not in case:
        return TZDATA
    return TimeZones.of("by-hand", {name: _tzif(rule) for name, rule in case[key].items()})


def _tzif(rule: str) -> bytes:
    """Return the smallest file of a zone: no change is listed, and the rule at its end holds for ever (RFC 9636)."""
    name, offset = _standard(rule)
    nothing_listed = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, len(name) + 1)
    block = nothing_listed + struct.pack(">lbb", offset, 0, 0) + name.encode() + b"\0"
    return block + block + f"\n{rule}\n".encode()


def _standard(rule: str) -> tuple[str, int]:
    """Return the name and the offset, in seconds, of a rule's standard time; POSIX counts offsets to the west."""
    found = re.match(r"(<[-+\w]+>|[A-Za-z]+)([-+]?\d+)", rule)
    assert found is not None
    return found[1].strip("<>"), -3600 * int(found[2])


def _busy(listed: list[dict[str, Any]]) -> list[Busy]:
    found = []
    for number, one in enumerate(listed):
        start, end = one["at"].split("/")
        fields: dict[str, Any] = {key: value for key, value in one.items() if key != "at"}
        fields |= {side: timedelta(minutes=one[side]) for side in ("before", "after") if side in one}
        found.append(Busy(start, end, f"busy-{number}", **fields))
    return found


def _attendee(case: Case) -> Attendee:
    hours = _schedule(case) if "schedule" in case else None
    return Attendee(_busy(case.get("busy", [])), hours, case.get("capacity", 1))


def _agenda(case: Case) -> Agenda:
    others = {name: _attendee(one) for name, one in case.get("others", {}).items()}
    terms = {"tentative": case["tentative"]} if "tentative" in case else {}
    return Agenda(_schedule(case), instant(case["now"]), _busy(case.get("busy", [])), others, **terms)


def _asked_start(text: str) -> datetime:
    """Return the instant that the table names, or the wall time of a zone as somebody typed it."""
    wall, _, name = text.partition(" ")
    return datetime.fromisoformat(wall).replace(tzinfo=zone(name)) if name else instant(text)


# The questions


def _reading(case: Case) -> object:
    wall = datetime.fromisoformat(case["wall"])
    found, database = {}, _database(case)
    for how in ("compatible", "earlier", "later", "skip", "clamp"):
        found[how] = _shown(to_instant(wall, case["zone"], how, database=database))
    try:
        found["raise"] = _shown(to_instant(wall, case["zone"], "raise", database=database))
    except InvalidValue:
        found["raise"] = "refused"
    return found


def _sum(case: Case) -> object:
    units = {unit: case[unit] for unit in ("months", "weeks", "days") if unit in case}
    return _shown(add_calendar(instant(case["at"]), case["zone"], **units))


def _day(case: Case) -> object:
    return [_shown(edge(case["day"], case["zone"], database=_database(case))) for edge in (first_instant, last_instant)]


def _first(case: Case) -> object:
    return _shown(first_instant(case["day"], case["zone"]))


def _around(case: Case) -> object:
    return [_shown(edge(instant(case["at"]), case["zone"])) for edge in (start_of_day, end_of_day)]


def _ranges(case: Case) -> object:
    return _ranges_of(_schedule(case), case)


def _stored_ranges(case: Case) -> object:
    return _ranges_of(schedule_of(case["schedule"]), case)


def _ranges_of(schedule: Schedule, case: Case) -> object:
    return [_spelled(start, end) for start, end in available_ranges(schedule, *_span(case), database=_database(case))]


def _starts(case: Case) -> object:
    return [_shown(start) for start in _agenda(case).slots(timedelta(minutes=case["minutes"]), *_span(case))]


def _next(case: Case) -> object:
    return _shown(_agenda(case).next_slot(timedelta(minutes=case["minutes"]), instant(case["now"])))


def _verdicts(case: Case) -> object:
    agenda, duration = _agenda(case), timedelta(minutes=case["minutes"])
    asked = {start: agenda.is_bookable(_asked_start(start), duration) for start in case["answer"]}
    return {start: [reason.code for reason in verdict.reasons] for start, verdict in asked.items()}


def _free_busy(case: Case) -> object:
    return [f"{_spelled(part.start, part.end)} {part.kind}" for part in _agenda(case).free_busy(*_span(case))]


def _drift(case: Case) -> object:
    stored = _stored(case)
    match list(find_drift([(case["id"], stored)], database=_database(case))):
        case []:
            return "none"
        case [Drift(stored=told) as one] if told is stored:
            moved = one.moved // timedelta(minutes=1)
            return {"moved": moved, "instant_kept": _read(one.instant_kept), "wall_kept": _read(one.wall_kept)}
        case [ZoneGone(stored=told)] if told is stored:
            return "gone"
    raise AssertionError("one stored time has one answer")


def _rebased(case: Case) -> object:
    return {keep: _read(rebased(_stored(case), keep, database=_database(case))) for keep in KEEPS}


def _stored(case: Case) -> StoredTime:
    return StoredTime.of(case["at"], case["zone"], database=_database(case, "stored_by"))


def _read(stored: StoredTime) -> str:
    return f"{_shown(stored.at)} {stored.local:%H:%M}"


def _series(case: Case) -> Series:
    exceptions: dict[str, Any] = {
        kind: [datetime.fromisoformat(wall) for wall in case[kind]] for kind in ("excluded", "skipped") if kind in case
    }
    if "disambiguate" in case:
        exceptions["disambiguate"] = case["disambiguate"]
    moved = {datetime.fromisoformat(wall): datetime.fromisoformat(to) for wall, to in case.get("moved", {}).items()}
    start = datetime.fromisoformat(case["start"])
    return Series(case["zone"], start, timedelta(hours=1), case["rule"], moved=moved, **exceptions)


def _lessons(case: Case) -> object:
    return _lessons_of(_series(case), _database(case))


def _lessons_of(series: Series, database: TimeZones) -> list[str]:
    return [f"{one.index} {_shown(one.start)}" for one in series.occurrences(database=database)]


def _split(case: Case) -> object:
    change = dict(case["from"])
    start = datetime.fromisoformat(change.pop("start"))
    parts = _series(case).changed_from(change.pop("lesson"), start=start, **change)
    return [_lessons_of(part, _database(case)) for part in parts]


def _conflicts(case: Case) -> object:
    report = conflicts(_series(case), _agenda(case["agenda"]), *_span(case))
    refused = [(one.occurrence.index, [reason.code for reason in one.verdict.reasons]) for one in report.conflicts]
    return {
        "conflicts": [f"{index} {' '.join(codes)}" for index, codes in refused],
        "overlaps": [f"{earlier.index} {later.index}" for earlier, later in report.overlaps],
    }


def _shifts(case: Case) -> object:
    shifts = _series(case).shifts(case["viewer"])
    return [f"{one.day} {one.by // timedelta(minutes=1):+} {one.first.planned:%Y-%m-%d}" for one in shifts]


_ASKED: Final[Mapping[str, Callable[[Case], object]]] = {
    "reading": _reading,
    "sum": _sum,
    "day": _day,
    "first": _first,
    "around": _around,
    "ranges": _ranges,
    "stored ranges": _stored_ranges,
    "starts": _starts,
    "next": _next,
    "verdicts": _verdicts,
    "free/busy": _free_busy,
    "drift": _drift,
    "rebased": _rebased,
    "lessons": _lessons,
    "shifts": _shifts,
    "split": _split,
    "conflicts": _conflicts,
}


def _expected(case: Case) -> object:
    """Return the answer; of a wall time, what each way of reading it makes of a gap, a fold or neither."""
    match case:
        case {"gap": [early, late, end]}:
            return _readings(compatible=late, earlier=early, later=late, skip="none", clamp=end)
        case {"fold": [first, second]}:
            return _readings(compatible=first, earlier=first, later=second, skip=first, clamp=first)
        case {"once": only}:
            return _readings(compatible=only, earlier=only, later=only, skip=only, clamp=only) | {"raise": only}
    return case["answer"]


def _readings(**found: str) -> dict[str, str]:
    return found | {"raise": "refused"}


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["id"])
def test_a_hard_case_is_as_it_was_worked_out_by_hand(case: Case) -> None:
    """The answer is the one that follows from the zone's published rule; the case says how."""
    assert _ASKED[case["ask"]](case) == _expected(case), case["why"]


# A roster knows tutors alone, not who else must be free.
_ROSTERED: Final = [case for case in _CASES if case["ask"] == "starts" and "others" not in case]


@pytest.mark.parametrize("case", _ROSTERED, ids=lambda case: case["id"])
def test_a_roster_of_one_answers_hard_cases_as_well(case: Case) -> None:
    """What is listed can be had from the roster, at that start and, first of all, as the soonest; nothing else can."""
    (since, until), now, duration = _span(case), instant(case["now"]), timedelta(minutes=case["minutes"])
    roster = Roster(since, until)
    roster.put("tim", _schedule(case), _busy(case.get("busy", [])))
    quarters = [since + step * timedelta(minutes=5) for step in range((until - since) // timedelta(minutes=5))]

    first = roster.next_slot("tim", duration, now)

    assert _shown(first) == (case["answer"] or ["none"])[0]
    assert [_shown(at) for at in quarters if roster.free_at(at, duration, now)] == case["answer"]


def test_there_are_cases_of_every_kind() -> None:
    """At least 80 cases, each with its own id and its reason; no question stands unused."""
    ids = [case["id"] for case in _CASES]

    assert len(_CASES) >= 80
    assert ids == sorted(set(ids))
    assert all(case["why"].strip() for case in _CASES)
    assert {case["ask"] for case in _CASES} == set(_ASKED)
