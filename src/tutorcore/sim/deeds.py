"""Deeds: from what a model says that somebody does to the command that says it to the engine.

What a command has to name (the number of the proposal that it answers, what its terms are counted from) is taken from
where the lesson stands. Whether it may be done, nobody asks here: the engine answers, and a refusal is an outcome.
"""

from __future__ import annotations

from tutorcore.ids import Key, PartyId
from tutorcore.lessons.decision import answered, names_number, rows_open
from tutorcore.lessons.lesson import LARGEST_PRICE, NO_DETAILS, Command, Lesson, Offer
from tutorcore.policy.process import Process, Unit
from tutorcore.sim.model import Deed
from tutorcore.sim.world import Wish, signed


def asking(process: Process, wish: Wish, by: PartyId) -> Command:
    """Return the command by which somebody asks for a lesson, at the price it has in the currency of the policy."""
    offer = Offer(wish.start, wish.duration, minor_units(wish.price, process.unit), wish.kind, NO_DETAILS)
    return Command(process.verb_of_opening, by, Key(f"{wish.lesson}/1"), wish.lesson, None, offer)


def minor_units(price: float, unit: Unit) -> int:
    """Return a price in whole units as the nearest number of minor ones, and never more than a price may be."""
    return round(min(price * float(10**unit.exponent), LARGEST_PRICE))


def command_of(deed: Deed, lesson: Lesson, actor: PartyId, key: Key, shares: tuple[float, float]) -> Command:
    """Return the command by which somebody does this to a lesson; `shares` draw the start and price it proposes."""
    offer = _offer(deed, lesson, *shares) if deed.offers else None
    number = _number(deed.verb, lesson)
    return Command(deed.verb, actor, key, lesson.brief.id, number, offer, deed.reason, "", deed.particulars)


def _number(verb: str, lesson: Lesson) -> int | None:
    """The number of the proposal that the verb answers here, or None where nobody need name one."""
    return next((answered(row, lesson) for row in rows_open(lesson, verb) if names_number(row)), None)


def _offer(deed: Deed, lesson: Lesson, when: float, how_much: float) -> Offer:
    """Other terms than those on the table, counted from them; what the deed does not change is left out."""
    terms = lesson.terms if lesson.change is None else lesson.change.terms
    price = None if deed.price_times is None else min(terms.price * deed.price_times.at(how_much), LARGEST_PRICE)
    return Offer(
        None if deed.start is None else terms.start + signed(deed.start, when),
        None,
        None if price is None else round(price),
    )
