"""Plays people who do whatever comes to their minds, on a database that others play on as well, until it is killed.

Arguments: the database, a seed, and when the play began by the monotonic clock; one second is one day of theirs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from random import Random
from time import monotonic
from typing import TypeVar

from tutorcore import InvalidValue, Marketplace, UnknownName, instant, open_sqlite
from tutorcore.instants import Instant
from tutorcore.testing.accounts import judgement, payment_out
from tutorcore.testing.people import World, deed, payment, question, whim
from tutorcore.testing.samples import sample_policies

T = TypeVar("T")

_WORLD = World((("tom", "Europe/Berlin"), ("ann", "America/New_York"), ("ben", "Asia/Kathmandu")), "Asia/Tokyo")
_POLICIES = sample_policies()
_CURRENCIES = sorted({policy.unit.code for policy in _POLICIES})
_BEGINNING = instant("2026-03-02T09:00:00Z")


class Drawn:
    """Chance from a seeded generator."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return self._random.choice(options)


def main(path: str, seed: str, began: str) -> None:
    """Say when the play begins, and go on for ever."""
    chance = Drawn(seed)
    with open_sqlite(path, busy_timeout=timedelta(minutes=1)) as storage:
        market = Marketplace(storage, _POLICIES, zone=_WORLD.platform)
        _WORLD.enter(market)
        sys.stdout.write("playing\n")
        sys.stdout.flush()
        for party in _WORLD.payers:
            for code in _CURRENCIES:
                market.top_up(party, market.money("2000", code), key=f"{seed}.{party}.{code}", now=_now(began))
        for number in count():
            try:
                _do_something(market, chance, f"{seed}.{number}", _now(began))
            except (InvalidValue, UnknownName):
                continue  # Some of what comes to mind names what is not there.


def _now(began: str) -> Instant:
    return _BEGINNING + (monotonic() - float(began)) * timedelta(days=1)


def _do_something(market: Marketplace, chance: Drawn, name: str, now: Instant) -> None:
    what = chance.pick(("pay", "ask", "ask", "option", "option", "option", "whim", "sweep", "judge", "pay out"))
    lessons = market.lessons(now=now)[-30:]
    if what == "pay":
        payment(_WORLD, market, chance.pick(_CURRENCIES), chance).on(market, name, now)
    elif what == "ask" or not lessons:
        question(_WORLD, market, chance.pick(_POLICIES), f"L{name}", lessons, now, chance).on(market, name, now)
    elif what == "judge":
        judgement(_WORLD, market, _POLICIES, now, chance).on(market, name, now)
    elif what == "pay out":
        payment_out(_WORLD, market, _CURRENCIES, now, chance).on(market, name, now)
    elif what == "sweep":
        market.sweep(now=now, batch=chance.pick((1, 2, 100)), key=name)
    else:
        lesson = chance.pick(lessons)
        by = chance.pick((lesson.brief.student, lesson.brief.tutor, *_WORLD.everybody))
        options = market.allowed(lesson.id, by=by, now=now) if what == "option" else ()
        acted = deed(chance.pick(options), lesson, by, now, chance) if options else whim(_WORLD, lesson, now, chance)
        acted.on(market, name, now)


main(*sys.argv[1:])
