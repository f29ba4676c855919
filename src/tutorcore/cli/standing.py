"""`tutorcore standing`: how tutors stand in a database that is there, and what waits for an agent.

What is due by then is included, though nobody has swept: deadlines that have passed are lapses already.
"""

from __future__ import annotations

from collections.abc import Iterator

from tutorcore.cli.answer import Answer, Document, as_json, as_text
from tutorcore.cli.desk import (
    Judged,
    Stood,
    imposed_words,
    judged,
    lines_of,
    report_data,
    report_words,
    standing_at,
    step_data,
    stood,
    stood_data,
    told,
)
from tutorcore.cli.lines import folded, section, utc
from tutorcore.cli.moments import moment
from tutorcore.cli.stores import looking_at
from tutorcore.clock import system_clock
from tutorcore.engine.reading import Reading
from tutorcore.ids import LessonId, PartyId, party_id
from tutorcore.instants import Instant, to_text
from tutorcore.ports.storage import Transaction
from tutorcore.standing import Report, Standing, in_force, open_reports

_MORE = " " * 6


def standing(db: str, tutor: str | None, now: str | None, *, json: bool) -> Answer:
    """Return the agents' queue and who is under restrictions; of one tutor everything that is known."""
    at = system_clock() if now is None else moment(now, "--now")
    if tutor is not None:
        party_id(tutor, "tutor")
    with looking_at(db) as tx:
        if tutor is None:
            everybody = _everybody(tx, at)
            return Answer(as_json(_all_data(everybody, at)) if json else as_text(_all_lines(everybody, at)))
        id = PartyId(tutor)
        found = standing_at(tx, id, at)
        shown = None if found is None else stood(tx, found, at)
        past = [step for step in judged(tx, id) if step.standing.at <= at]
    return Answer(as_json(_one_data(id, shown, past, at)) if json else as_text(_one_lines(id, shown, past, at)))


def _everybody(tx: Transaction, at: Instant) -> list[Standing]:
    """Every tutor of whom something was counted by then."""
    tutors = (standing.tutor for standing in Reading(tx, at).standings())
    return [found for tutor in tutors if (found := standing_at(tx, tutor, at)) is not None]


def _queue(everybody: list[Standing]) -> list[tuple[PartyId, Report]]:
    """What waits for an agent, the oldest first."""
    waiting = [(each.tutor, report) for each in everybody for report in open_reports(each)]
    return sorted(waiting, key=lambda each: (each[1].raised, each[0], each[1].number))


# For people


def _all_lines(everybody: list[Standing], at: Instant) -> Iterator[str]:
    yield f"now is {utc(at)}"
    yield from section("Open reports")
    queue = _queue(everybody)
    for tutor, report in queue:
        yield from folded(f"{tutor}: {report_words(report, _whole)}", "  ", _MORE)
    if not queue:
        yield "  none"
    yield from section("Under restrictions")
    restricted = [each for each in everybody if in_force(each, at)]
    for standing in restricted:
        for words in dict.fromkeys(map(imposed_words, in_force(standing, at))):
            yield from folded(f"{standing.tutor}: {words}", "  ", _MORE)
    if not restricted:
        yield "  nobody"


def _one_lines(tutor: PartyId, shown: Stood | None, past: list[Judged], at: Instant) -> Iterator[str]:
    yield f"{tutor}; now is {utc(at)}"
    if shown is None:
        yield ""
        yield "nothing was ever counted"
        return
    yield from section("Now")
    if not in_force(shown.standing, at):
        yield "  no restrictions"
    for line in lines_of(shown, _whole):
        yield from folded(line, "  ", _MORE)
    yield from section("History")
    for step in past:
        first, *rest = told(step, _whole)
        yield from folded(first, f"  {utc(step.standing.at)}  ", _MORE)
        for line in rest:
            yield from folded(line, _MORE, f"{_MORE}  ")


def _whole(lesson: LessonId) -> str:
    return lesson


# For programs


def _all_data(everybody: list[Standing], at: Instant) -> Document:
    return {
        "now": to_text(at),
        "open_reports": [{"tutor": tutor, **report_data(report)} for tutor, report in _queue(everybody)],
        "restricted": [
            {key: stood_data(Stood(each, at, ()))[key] for key in ("tutor", "restrictions", "imposed")}
            for each in everybody
            if in_force(each, at)
        ],
    }


def _one_data(tutor: PartyId, shown: Stood | None, past: list[Judged], at: Instant) -> Document:
    return {
        "now": to_text(at),
        "tutor": tutor,
        "standing": None if shown is None else stood_data(shown),
        "history": [step_data(step) for step in past],
    }
