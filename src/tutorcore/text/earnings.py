"""Money in plain words: what the platform keeps, when a tutor has what was earned, and how it is taken out.

Each example is the answer of the function that does it in a marketplace: the compiled settlement, the clearing that
follows from a version, the application and the withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice, pairwise, product
from typing import Final, NamedTuple

from tutorcore.ids import LessonId, PartyId, PolicyHash
from tutorcore.instants import MICROSECOND, instant
from tutorcore.lessons.lesson import Brief, Facts, Terms
from tutorcore.lessons.projections import clearing_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.money import RoundingMode
from tutorcore.payouts.withdrawals import apply, withdraw
from tutorcore.payouts.worth import least_worth, worth
from tutorcore.policy.account import PayoutRules
from tutorcore.policy.analysis import counts_read, literal_last, supplied_read
from tutorcore.policy.closures import compile_guard
from tutorcore.policy.expressions import Comparison, Exact, Number, Taught, Text, walk
from tutorcore.policy.process import Process
from tutorcore.policy.settlement import FeeRate, LegRole, Settlement, compile_split
from tutorcore.policy.words import lesson
from tutorcore.text.examples import instant_words, money_words
from tutorcore.text.item import Item, Section
from tutorcore.text.names import kind_name, role_name
from tutorcore.text.rules import paragraph
from tutorcore.text.times import guard_words
from tutorcore.text.words import Words, sentence
from tutorcore.text.worked import ASKED, LENGTH, START, ZONE, Worked, price_of

_ALL: Final = Settlement((("tutor", None),))
_TUTOR: Final = PartyId("tutor")
_MOST_PAYMENTS: Final = 5000  # So many are tried, however much the rates compare with.
_MONTHS: Final = tuple(instant(f"2026-{month:02}-01T00:00:00Z") for month in range(3, 8))

_ROUNDING: Final[Mapping[RoundingMode, str]] = {
    "half_even": sentence("It is rounded to the nearest amount; a half goes to the even one."),
    "half_up": sentence("It is rounded to the nearest amount; a half goes up."),
    "half_down": sentence("It is rounded to the nearest amount; a half goes down."),
    "up": sentence("It is rounded up."),
    "down": sentence("It is rounded down."),
}


class _Paid(NamedTuple):
    """A settlement of everything to the tutor, at a price, for a kind of lesson, with what was known."""

    price: int
    kind: str
    facts: Facts


def fee_section(words: Words, process: Process) -> Section:
    """Return what the platform keeps of what a lesson earns, rate by rate."""
    fees, rates = process.fees, process.fees.rates
    if fees.commission == 0:
        nothing = words.say("The platform keeps nothing of what a lesson earns.")
        return Section(words.say("Commission"), "", (Item(words.say("No commission"), nothing, (), ("fees.rates.0",)),))
    said = [words.say("The commission is taken out of what a lesson earns.")]
    if any(each.below is not None for each in rates):
        on_share = fees.slab_on == "share"
        said.append(
            words.say("The rate depends on the amount that is paid out.")
            if on_share
            else words.say("The rate depends on the price of the lesson.")
        )
    if len(rates) > 1:
        said.append(words.say("The first rate that fits decides, for the whole amount."))
    said.append(words.say(_ROUNDING[fees.rounding]))
    paid = _paid_at(process)
    items = tuple(_rate(words, process, number, paid.get(number)) for number in range(len(rates)))
    return Section(words.say("Commission"), paragraph(words, said), items)


def payout_section(words: Words, process: Process, examples: Mapping[str, Worked]) -> Section:
    """Return how earnings become available and are taken out, or spent."""
    items = [_clearing(words, process, examples)]
    rules = process.account.payout
    if rules is not None:
        items += [*_applying(words, process, rules), *_amounts(words, process, rules), _spending(words, rules)]
    return Section(words.say("Earnings"), "", tuple(items))


# Commission


def _rate(words: Words, process: Process, number: int, paid: _Paid | None) -> Item:
    each = process.fees.rates[number]
    said = [*_when(words, process, each), words.say("The platform keeps: %(share)s.", share=words.percent(each.rate))]
    examples = () if paid is None else (_kept(words, process, paid, each),)
    title = words.say("Rate %(share)s", share=words.percent(each.rate))
    return Item(title, paragraph(words, said), examples, (f"fees.rates.{number}",))


def _when(words: Words, process: Process, each: FeeRate) -> Iterator[str]:
    if each.below is not None:
        yield words.say("For amounts below: %(amount)s.", amount=money_words(words, each.below, process.unit))
    if each.when is not None:
        yield words.say("Only if %(condition)s.", condition=guard_words(words, each.when, process.unit))
    if each.is_for_all and len(process.fees.rates) > 1:
        yield words.say("For everything else.")


def _kept(words: Words, process: Process, paid: _Paid, rate: FeeRate) -> str:
    """What one payment comes to, and what was known of lesson and tutor where the rate depends on it."""
    legs = _legs(process, paid)
    said = [words.say("Kind of the lesson: %(kind)s.", kind=kind_name(words, paid.kind))] if paid.kind else []
    for guard in process.fees.guards if rate.when is None else (rate.when,):
        for tally in sorted(counts_read(guard), key=str):
            amount = paid.facts.counts[str(tally)]
            known = words.span(amount * MICROSECOND) if isinstance(tally, Taught) else words.number(amount)
            said.append(words.say("Counted so far: %(count)s.", count=known))
    said.append(
        words.say(
            "Of %(amount)s the platform keeps %(fee)s, and this is paid out: %(rest)s.",
            amount=money_words(words, paid.price, process.unit),
            fee=money_words(words, legs.get("platform", 0), process.unit),
            rest=money_words(words, legs.get("tutor", 0), process.unit),
        )
    )
    return paragraph(words, dict.fromkeys(said))


def _legs(process: Process, paid: _Paid) -> dict[LegRole, int]:
    split = compile_split(_ALL, process.fees, process.unit.exponent)
    terms = _terms(paid)
    return dict(split(paid.price, ASKED, terms, None, 1, {}, _brief(process), None, paid.facts))


def _paid_at(process: Process) -> dict[int, _Paid]:
    """For each rate by its number a payment for which it decides, as simple as possible, if one is found."""
    rates, exponent = process.fees.rates, process.unit.exponent
    guards = [None if each.when is None else compile_guard(each.when, exponent=exponent) for each in rates]
    brief = _brief(process)
    found: dict[int, _Paid] = {}
    for paid in islice(_payments(process), _MOST_PAYMENTS):
        terms = _terms(paid)
        fits = (
            (each.below is None or paid.price < each.below)
            and (guard is None or guard(ASKED, terms, None, 1, {}, brief, None, paid.facts))
            for each, guard in zip(rates, guards, strict=True)
        )
        found.setdefault(next(place for place, fit in enumerate(fits) if fit), paid)
        if len(found) == len(rates):
            break
    return found


def _payments(process: Process) -> Iterator[_Paid]:
    """Payments on both sides of everything that the rates look at."""
    guards = process.fees.guards
    limits = [each.below for each in process.fees.rates if each.below is not None]
    prices = [price_of(process), *(price for limit in limits for price in (limit - 1, limit))]
    nodes = [literal_last(node) for guard in guards for node in walk(guard) if isinstance(node, Comparison)]
    kinds = ["", *(n.right.value for n in nodes if n.left == lesson.kind and isinstance(n.right, Text))]
    tallies = sorted({tally for guard in guards for tally in counts_read(guard)}, key=str)
    amounts = [
        [0, *(_amount(n) for n in nodes if n.left == tally and isinstance(n.right, (Exact, Number)))]
        for tally in tallies
    ]
    supplied = frozenset(str(each) for guard in guards for each in supplied_read(guard))
    known = (supplied, frozenset[str]())
    for counts in product(*amounts):
        facts = {str(tally): count for tally, count in zip(tallies, counts, strict=True)}
        for price, kind, has in product(prices, kinds, known):
            yield _Paid(price, kind, Facts(counts=facts, has=has))


def _amount(comparison: Comparison) -> int:
    """The number that a count is compared with; of lengths, in microseconds."""
    right = comparison.right
    if isinstance(right, Exact):
        return right.delta // MICROSECOND
    assert isinstance(right, Number)
    return right.value


def _terms(paid: _Paid) -> Terms:
    return Terms(1, START, START + LENGTH, paid.price, paid.kind)


def _brief(process: Process) -> Brief:
    return Brief(
        LessonId("example"), PolicyHash(""), ZONE, process.unit.code, ASKED, _TUTOR, *(PartyId("student"),) * 3
    )  # fmt: skip


# Earnings


def _clearing(words: Words, process: Process, examples: Mapping[str, Worked]) -> Item:
    length = process.clears_after.delta
    if process.settles == "due":
        said = words.say("The platform pays nothing out: it only notes what is due to whom.")
    elif not length:
        said = words.say("What a lesson earns is available as soon as it is paid out.")
    else:
        said = words.say(
            "What a lesson earns is available this long after it was paid out: %(length)s.", length=words.span(length)
        )
    example = _cleared(words, process, examples, length)
    return Item(words.say("Availability"), said, example, ("payout.clears_after",))


def _cleared(words: Words, process: Process, examples: Mapping[str, Worked], length: timedelta) -> tuple[str, ...]:
    for each in sorted(examples.values(), key=lambda each: not each.after.place.state.taught):
        clearing = clearing_of(each.after, length)
        if clearing is not None:
            said = (
                words.say("Paid out: %(at)s.", at=instant_words(words, each.after.at)),
                words.say(
                    "Available: %(amount)s, from this moment on: %(at)s.",
                    amount=money_words(words, clearing.amount, process.unit),
                    at=instant_words(words, clearing.due),
                ),
            )
            return (paragraph(words, said),)
    return ()


def _applying(words: Words, process: Process, rules: PayoutRules) -> Iterator[Item]:
    if rules.apply is None:
        said = words.say("Earnings can be withdrawn at any time.")
        yield Item(words.say("Withdrawals"), said, (), ("payout.apply",))
        return
    said = paragraph(
        words,
        [
            words.say("A withdrawal has to be applied for in the month before."),
            words.say("One application a month is all there is, and each is good for one withdrawal."),
            words.say("Months begin and end by the clock of UTC."),
        ],
    )
    yield Item(words.say("Withdrawals"), said, _applied(words, process, rules), ("payout.apply",))


def _applied(words: Words, process: Process, rules: PayoutRules) -> tuple[str, ...]:
    """When an application of the example's day is good for a withdrawal: found by asking for one in each month."""
    applied = apply(rules, (), _TUTOR, "example", process.unit.code, ASKED)
    assert not isinstance(applied, Refusal)
    amount, unit = _withdrawn(process, rules), process.unit
    months = [
        (first, last)
        for first, last in pairwise(_MONTHS)
        if not isinstance(
            withdraw(rules, (applied,), _TUTOR, "w", amount, unit, frozen=False, now=max(first, ASKED)), Refusal
        )
    ]
    first, last = months[0]
    return (
        words.say(
            "Applied for: %(at)s. To be withdrawn from %(first)s up to and including %(last)s.",
            at=instant_words(words, ASKED),
            first=words.day(first, "UTC"),
            last=words.day(last - MICROSECOND, "UTC"),
        ),
    )


def _withdrawn(process: Process, rules: PayoutRules) -> int:
    """An amount that can be withdrawn: the least, or the price of the example, in whole units of the peg."""
    unit = least_worth(process.unit)
    least = max(rules.minimum, rules.fee + 1, price_of(process))
    net = -(-(least - rules.fee) // unit) * unit
    return net + rules.fee


def _amounts(words: Words, process: Process, rules: PayoutRules) -> Iterator[Item]:
    unit = process.unit
    if rules.minimum:
        least = money_words(words, rules.minimum, unit)
        title, said = words.say("Minimum"), words.say("The least that can be withdrawn: %(amount)s.", amount=least)
        yield Item(title, said, _pegged(words, process, rules.minimum), ("payout.minimum",))
    said = words.say("A withdrawal costs: %(amount)s.", amount=money_words(words, rules.fee, unit))
    if not rules.fee:
        yield Item(words.say("Fee"), words.say("A withdrawal costs nothing."), (), ("payout.fee",))
        return
    back = (
        words.say("If the transfer fails, the fee is given back.")
        if rules.returned_fee == "refunded"
        else words.say("If the transfer fails, the fee is kept.")
    )
    amount = _withdrawn(process, rules)
    example = words.say(
        "Withdrawn: %(amount)s. Transferred: %(sent)s.",
        amount=money_words(words, amount, unit),
        sent=money_words(words, amount - rules.fee, unit),
    )
    yield Item(words.say("Fee"), paragraph(words, [said, back]), (example,), ("payout.fee", "payout.returned_fee"))


def _pegged(words: Words, process: Process, minor: int) -> tuple[str, ...]:
    """What an amount is worth in the currency that the unit is pegged to."""
    found = worth(minor, process.unit) if minor % least_worth(process.unit) == 0 else None
    if found is None:
        return ()
    amount = money_words(words, minor, process.unit)
    paid = words.money(found.minor, found.currency.code, found.currency.exponent)
    return (words.say("%(amount)s is worth %(paid)s.", amount=amount, paid=paid),)


def _spending(words: Words, rules: PayoutRules) -> Item:
    said = (
        words.say("%(who)s may spend earnings on lessons too.", who=role_name(words, "tutor"))
        if rules.spendable
        else words.say("Earnings can be withdrawn, but not spent on lessons.")
    )
    return Item(words.say("Spending"), paragraph(words, [said]), (), ("payout.spendable",))
