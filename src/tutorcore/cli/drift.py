"""`tutorcore drift`: which lessons to come the time zones in use have moved on somebody's clock.

Nothing is written. The lessons keep their instants; what is shown is what people may have noted down, and what their
clocks will show instead. `Marketplace.clocks.restamp` takes the new wall times for granted.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tutorcore.calendar.zones.stored_times import Drift, StoredTime
from tutorcore.calendar.zones.wall_time import tzdata_version
from tutorcore.cli.answer import FINDINGS, FINE, Answer, Document, as_json, as_text
from tutorcore.cli.lines import folded, utc
from tutorcore.cli.moments import moment
from tutorcore.cli.stores import looking_at
from tutorcore.clock import system_clock
from tutorcore.engine.clocks import Drifted, drifted
from tutorcore.instants import Instant, to_text

_MORE = " " * 6


def drift(db: str, now: str | None, *, json: bool) -> Answer:
    """Return where the time zones in use have a clock show something else than was kept of a proposal."""
    at = system_clock() if now is None else moment(now, "--now")
    with looking_at(db) as tx:
        found = drifted(tx, at)
    return Answer(as_json(_data(found, at)) if json else as_text(_lines(found, at)), FINDINGS if found else FINE)


def _lines(found: tuple[Drifted, ...], at: Instant) -> Iterator[str]:
    yield f"now is {utc(at)}; time zones of tzdata {tzdata_version()}"
    for (lesson, start), rows in groupby(found, lambda each: (each.key.lesson, each.stored.at)):
        yield from ("", f"{lesson}, which begins {utc(start)}")
        for each in rows:
            yield from folded(_sentence(each), "  ", _MORE)
    if not found:
        yield from ("", "Every clock shows what it was to show at every start to come.")


def _sentence(each: Drifted) -> str:
    was = f"{each.key.party}: {_shown(each.stored)} in {each.stored.zone} by tzdata {each.stored.tzdata}"
    if isinstance(each, Drift):
        return f"{was}; now {_shown(each.instant_kept)}. The old wall time is {utc(each.wall_kept.at)}"
    return f"{was}; there is no such zone now"


def _shown(time: StoredTime) -> str:
    local, _, _ = time.text.partition("[")
    return f"{time.local:%a} {local[:10]} {local[11:-6]} {local[-6:]}"


def _data(found: tuple[Drifted, ...], at: Instant) -> Document:
    return {"now": to_text(at), "tzdata": tzdata_version(), "drift": [_drift_data(each) for each in found]}


def _drift_data(each: Drifted) -> Document:
    kept = (each.instant_kept.text, each.wall_kept.text) if isinstance(each, Drift) else (None, None)
    return {
        "lesson": each.key.lesson,
        "proposal": each.key.proposal,
        "party": each.key.party,
        "start": to_text(each.stored.at),
        "stored": each.stored.text,
        "instant_kept": kept[0],
        "wall_kept": kept[1],
    }
