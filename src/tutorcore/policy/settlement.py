"""How what is held is divided: shares, the commission, and who gets the odd cent.

Knows shares and rates; knows neither accounts nor lessons. One rounding a split: every share but the last is rounded,
the last is what remains, so nothing is lost or made. The commission is taken on, and out of, the tutor's share.

Where a policy holds nothing, the same shares are taken of the price and say who owes what: `compile_dues`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, Literal, Protocol, TypeAlias

import attrs
from attrs.validators import deep_iterable, in_, instance_of

from tutorcore.errors import InvalidType, InvalidValue, InvariantError
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.money import ROUNDING_MODES, RoundingMode, rate, rate_text, round_fraction, share
from tutorcore.policy.closures import BriefRead, CommandRead, FactsRead, ParticularsRead, TermsRead, compile_guard
from tutorcore.policy.expressions import Exact, Guard, GuardNode, condition
from tutorcore.policy.parsing import parse_duration

Beneficiary: TypeAlias = Literal["student", "tutor", "platform"]
BENEFICIARIES: tuple[Beneficiary, ...] = ("student", "tutor", "platform")

Part: TypeAlias = Fraction | Exact | None
SlabOn: TypeAlias = Literal["share", "price"]
SLABS_ON: tuple[SlabOn, ...] = ("share", "price")

LegRole: TypeAlias = Literal["payer", "tutor", "platform", "owed", "due"]
Legs: TypeAlias = tuple[tuple[LegRole, int], ...]

# The student's share goes back to whoever paid it in.
_RECEIVES: Mapping[Beneficiary, LegRole] = {"student": "payer", "tutor": "tutor", "platform": "platform"}
_ALL: Final = Fraction(1)
_NO_SHARE: Final = Fraction(0)
_TIMED = re.compile(r"[0-9].*[A-Za-z]")
_NO_LEGS: Legs = ()


@attrs.frozen
class FeeRate:
    """One rate: for amounts `below` so many minor units (None: for all), and only `when` a guard holds (None: always).

    >>> FeeRate(Fraction(1, 10), below=10_000).below
    10000
    """

    rate: Fraction = attrs.field(converter=rate)
    below: int | None = attrs.field(default=None)
    when: Guard | None = attrs.field(default=None, converter=condition)

    @below.validator
    def _check_below(self, _field: attrs.Attribute[int | None], below: int | None) -> None:
        if below is None:
            return
        if type(below) is not int:
            raise InvalidType("below", below, "a whole number of minor units")
        if below <= 0:
            raise InvalidValue("below", below, "an amount above zero")

    @when.validator
    def _check_when(self, _field: attrs.Attribute[Guard | None], when: object) -> None:
        if when is not None and not isinstance(when, GuardNode):
            raise InvalidType("when", when, "a condition such as notice >= hours(24)")

    @property
    def is_for_all(self) -> bool:
        """Whether this rate is for every amount of every lesson."""
        return self.below is None and self.when is None


def misplaced(rates: tuple[FeeRate, ...]) -> tuple[int, str] | None:
    """Return the first rate that could never decide, or would leave some amount without a rate, and what is expected.

    None means that the rates can stand as they are: for every amount of every lesson exactly one decides.
    """
    last = len(rates) - 1
    reached = 0
    for number, each in enumerate(rates):
        if number == last:
            return None if each.is_for_all else (number, "a last rate for everything else, without 'below' and 'when'")
        if each.is_for_all:
            return number, "'below' or 'when': only the last rate is for everything else"
        if each.below is not None and each.below <= reached:
            return number, "an amount above those of the rates before it: this rate would never decide"
        if each.below is not None and each.when is None:
            reached = each.below
    return 0, "at least one rate"


@attrs.frozen
class Fees:
    """What the platform keeps: a commission out of the tutor's share, rounded to whole minor units by `rounding`.

    The first rate whose `below` is above the amount and whose `when` holds decides, for the whole of the share.
    `slab_on` says which amount that is: the tutor's share of the settlement, or the price of the lesson.

    >>> Fees.flat(Fraction(3, 20)).commission
    Fraction(3, 20)
    """

    rates: tuple[FeeRate, ...] = attrs.field(
        default=(FeeRate(_NO_SHARE),), validator=deep_iterable(instance_of(FeeRate), instance_of(tuple))
    )
    rounding: RoundingMode = attrs.field(default="half_even", validator=in_(ROUNDING_MODES))
    slab_on: SlabOn = attrs.field(default="share", validator=in_(SLABS_ON))

    def __attrs_post_init__(self) -> None:
        wrong = misplaced(self.rates)
        if wrong is not None:
            number, expected = wrong
            raise InvalidValue(f"rate {number + 1} of the fees", self.rates[number : number + 1], expected)
        if all(each.below is None for each in self.rates):
            # No rate asks for an amount, so it does not matter which: equal fees are equal values.
            object.__setattr__(self, "slab_on", "share")

    @classmethod
    def flat(cls, commission: Fraction, rounding: RoundingMode = "half_even") -> Fees:
        """Return the fees of one rate for everything."""
        return cls((FeeRate(commission),), rounding)

    @property
    def commission(self) -> Fraction | None:
        """The one rate of flat fees; None where it depends on the amount or the lesson."""
        return self.rates[0].rate if len(self.rates) == 1 else None

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The conditions that deciding about the rate may read."""
        return tuple(each.when for each in self.rates if each.when is not None)


@attrs.frozen
class Settlement:
    """Shares of what is held. Together they are 100 %; `None` (written `rest`) is what the others leave.

    A share may also be a duration: what so much of the lesson's time costs, in proportion to the price, and never more
    than what is left. What that comes to depends on the lesson, so then one of the shares is the rest.

    >>> str(Settlement.of({"tutor": "50%", "student": "rest"}))
    'tutor 50%, student rest'
    >>> Settlement.of({"tutor": "1h", "student": "rest"}).shares[0]
    ('tutor', Exact(hours=1, minutes=0, seconds=0))
    """

    shares: tuple[tuple[Beneficiary, Part], ...]

    def __attrs_post_init__(self) -> None:
        names = [name for name, _ in self.shares]
        rests = sum(part is None for _, part in self.shares)
        if not names or len(set(names)) != len(names) or not set(names) <= set(BENEFICIARIES):
            raise InvalidValue("settle", names, f"each of {', '.join(BENEFICIARIES)} at most once, and at least one")
        if rests > 1:
            raise InvalidValue("settle", str(self), "one rest at most")
        if rests == 0 and self.is_timed:
            raise InvalidValue("settle", str(self), "one of the shares to be 'rest', because another is a duration")
        if self._total > 1 or (rests == 0 and self._total != 1):
            raise InvalidValue("settle", str(self), "shares that make 100% together, or one of them 'rest'")

    @classmethod
    def of(cls, shares: Mapping[str, str]) -> Settlement:
        """Return the settlement written as `{tutor: "50%", student: "rest"}`; raise `InvalidValue`."""
        parts: list[tuple[Beneficiary, Part]] = []
        for name, text in shares.items():
            known = next((each for each in BENEFICIARIES if each == name), None)
            if known is None:
                raise InvalidValue("settle", name, f"one of {', '.join(BENEFICIARIES)}")
            parts.append((known, part_of(text)))
        return cls(tuple(parts))

    @property
    def is_timed(self) -> bool:
        """Whether a share is a duration, so that the split depends on the length and the price of the lesson."""
        return any(isinstance(part, Exact) for _, part in self.shares)

    @property
    def _total(self) -> Fraction:
        return sum((part for _, part in self.shares if isinstance(part, Fraction)), _NO_SHARE)

    @property
    def meaning(self) -> frozenset[tuple[Beneficiary, object]]:
        """What the shares say, however they are written: in any order, with a rest or written out."""
        left = None if self.is_timed else _ALL - self._total
        resolved = ((name, left if part is None else part) for name, part in self.shares)
        return frozenset(
            (name, part.delta if isinstance(part, Exact) else part) for name, part in resolved if part != _NO_SHARE
        )

    def as_texts(self) -> dict[str, str]:
        """Return the shares as they are written in a policy file."""
        return {name: _part_text(part) for name, part in self.shares}

    def __str__(self) -> str:
        return ", ".join(f"{name} {text}" for name, text in self.as_texts().items())


def part_of(text: str) -> Part:
    """Return a share as a text says it: `rest`, a rate such as `50%`, or a duration such as `1h`.

    Raises `InvalidValue` for any other text, and the error of the duration where it looks like one.
    """
    if text == "rest":
        return None
    if not isinstance(text, str) or _TIMED.match(text) is None:
        return rate(text)
    found = parse_duration(text)
    if not isinstance(found, Exact):
        raise InvalidValue("share", text, "'rest', a rate such as 50%, or hours, minutes and seconds such as 1h")
    return found


def _part_text(part: Part) -> str:
    if part is None:
        return "rest"
    return str(part) if isinstance(part, Exact) else rate_text(part)


def _distinct(_: object, __: object, choices: tuple[Settlement, ...]) -> None:
    if len({each.meaning for each in choices}) < len(choices):
        raise InvalidValue("choices", "; ".join(map(str, choices)), "each split once")


@attrs.frozen
class AsGiven:
    """The command says how to split: any split of 100 %, or one of the `choices` if there are some.

    >>> AsGiven((Settlement.of({"tutor": "50%", "student": "rest"}),)).allows(
    ...     Settlement.of({"student": "50%", "tutor": "50%"})
    ... )
    True
    """

    choices: tuple[Settlement, ...] = attrs.field(
        default=(), validator=[deep_iterable(instance_of(Settlement), instance_of(tuple)), _distinct]
    )

    def allows(self, settlement: Settlement) -> bool:
        """Return whether a command may say this split."""
        return self.chosen(settlement) is not None

    def chosen(self, settlement: Settlement) -> Settlement | None:
        """Return the choice that means this split, as the policy writes it; the split itself where all are allowed.

        The wording matters for the odd cent: which of the shares is rounded is the policy's to say.
        """
        if not self.choices:
            return settlement
        meant = settlement.meaning
        return next((each for each in self.choices if each.meaning == meant), None)

    def as_texts(self) -> str | dict[str, list[dict[str, str]]]:
        """Return the cell as it is written in a policy file."""
        return {"choices": [each.as_texts() for each in self.choices]} if self.choices else "as_given"

    def __str__(self) -> str:
        return f"as given: {'; '.join(map(str, self.choices))}" if self.choices else "as given"


class SplitRead(ParticularsRead, Protocol):
    """What a settlement and the conditions of its rates read of the particulars of a command."""

    @property
    def split(self) -> Settlement | None:
        """The split that the command says."""
        ...


class GivingRead(CommandRead, Protocol):
    """What a settlement and the conditions of its rates read of a command."""

    @property
    def particulars(self) -> SplitRead | None:
        """What the command says beyond its verb."""
        ...


Split: TypeAlias = Callable[
    [
        int,
        Instant,
        TermsRead,
        TermsRead | None,
        int,
        Mapping[str, Instant],
        BriefRead,
        GivingRead | None,
        FactsRead | None,
    ],
    Legs,
]
"""From what is held, and the eight arguments of every closure, to the legs that pay it out."""

_Fee: TypeAlias = Callable[
    [
        int,
        Instant,
        TermsRead,
        TermsRead | None,
        int,
        Mapping[str, Instant],
        BriefRead,
        CommandRead | None,
        FactsRead | None,
    ],
    int,
]
_Amounts: TypeAlias = dict[LegRole, int]
_Divide: TypeAlias = Callable[[int, TermsRead, GivingRead | None], _Amounts]


def compile_split(settlement: Settlement | AsGiven, fees: Fees, exponent: int) -> Split:
    """Return the function from what is held to the legs that pay it out; they sum to what is held, none is zero.

    `exponent` is that of the policy's currency. Its arguments after the first are those of every closure; the terms
    are the ones by which the lesson is paid.
    """
    commission = fees.commission
    if commission is not None and isinstance(settlement, Settlement) and not settlement.is_timed:
        return _flat_split(settlement, commission, fees.rounding)
    divide, fee_of = _dividing(settlement), _compile_fee(fees, exponent)

    def split(
        held: int,
        now: Instant,
        terms: TermsRead,
        offer: TermsRead | None,
        rounds: int,
        timeline: Mapping[str, Instant],
        brief: BriefRead,
        command: GivingRead | None,
        facts: FactsRead | None,
    ) -> Legs:
        amounts = divide(held, terms, command)
        earned = amounts.get("tutor", 0)
        if earned:
            fee = fee_of(earned, now, terms, offer, rounds, timeline, brief, command, facts)
            amounts["tutor"] = earned - fee
            amounts["platform"] = amounts.get("platform", 0) + fee
        return tuple(leg for leg in amounts.items() if leg[1])

    return split


def compile_dues(settlement: Settlement | AsGiven, fees: Fees, exponent: int) -> Split:
    """Return the function that says who owes what where nothing is held: its first argument does not matter.

    The shares are those of the price. What falls to the student is simply not owed; the payer owes the rest of it, to
    the tutor and to the platform. The legs sum to zero; where nothing is owed there are none.
    """
    divide, fee_of = _dividing(settlement), _compile_fee(fees, exponent)

    def dues(
        held: int,
        now: Instant,
        terms: TermsRead,
        offer: TermsRead | None,
        rounds: int,
        timeline: Mapping[str, Instant],
        brief: BriefRead,
        command: GivingRead | None,
        facts: FactsRead | None,
    ) -> Legs:
        amounts = divide(terms.price, terms, command)
        earned, kept = amounts.get("tutor", 0), amounts.get("platform", 0)
        owed = earned + kept
        if not owed:
            return _NO_LEGS
        fee = fee_of(earned, now, terms, offer, rounds, timeline, brief, command, facts) if earned else 0
        legs: Legs = (("owed", -owed), ("due", earned - fee), ("platform", kept + fee))
        return tuple(leg for leg in legs if leg[1])

    return dues


def _flat_split(settlement: Settlement, commission: Fraction, rounding: RoundingMode) -> Split:
    """The common case, in which nothing about the lesson matters: one function, and no other one of ours below it."""
    named, rest = _rest_last(settlement)
    rounded = [(role, part) for role, part in named if isinstance(part, Fraction)]

    def split(
        held: int,
        now: Instant,
        terms: TermsRead,
        offer: TermsRead | None,
        rounds: int,
        timeline: Mapping[str, Instant],
        brief: BriefRead,
        command: GivingRead | None,
        facts: FactsRead | None,
    ) -> Legs:
        amounts: _Amounts = {}
        left = held
        for role, part in rounded:
            amount = min(left, share(held, part))  # Half-even on several halves may ask for one unit too many.
            amounts[role] = amount
            left -= amount
        amounts[rest] = left
        earned = amounts.get("tutor", 0)
        if earned and commission:
            fee = share(earned, commission, rounding)
            amounts["tutor"] = earned - fee
            amounts["platform"] = amounts.get("platform", 0) + fee
        legs = tuple(amounts.items())
        return tuple(leg for leg in legs if leg[1]) if 0 in amounts.values() else legs

    return split


def _rest_last(settlement: Settlement) -> tuple[tuple[tuple[LegRole, Fraction | Exact], ...], LegRole]:
    """The shares to round, in their order, and who gets what they leave."""
    named = [(_RECEIVES[name], part) for name, part in settlement.shares if part is not None]
    rest = next((_RECEIVES[name] for name, part in settlement.shares if part is None), None)
    if rest is None:  # Written out to 100 %: the last one named is found by subtraction.
        rest, _ = named.pop()
    return tuple(named), rest


def _dividing(settlement: Settlement | AsGiven) -> _Divide:
    if isinstance(settlement, AsGiven):
        return lambda amount, terms, command: _divided(_rest_last(_given(settlement, command)), amount, terms)
    ordered = _rest_last(settlement)
    return lambda amount, terms, command: _divided(ordered, amount, terms)


def _given(allowed: AsGiven, command: GivingRead | None) -> Settlement:
    particulars = None if command is None else command.particulars
    said = None if particulars is None else particulars.split
    chosen = None if said is None else allowed.chosen(said)
    if chosen is None:
        raise InvariantError(f"a settlement {allowed} was reached with the split {said}")
    return chosen


def _divided(
    ordered: tuple[tuple[tuple[LegRole, Fraction | Exact], ...], LegRole], whole: int, terms: TermsRead
) -> _Amounts:
    named, rest = ordered
    amounts: _Amounts = {}
    left = whole
    for role, part in named:
        asked = _cost(part, terms) if isinstance(part, Exact) else share(whole, part)
        amounts[role] = min(left, asked)
        left -= amounts[role]
    amounts[rest] = left
    return amounts


def _cost(time: Exact, terms: TermsRead) -> int:
    """What so much of the lesson's time costs; nothing while there are no terms yet, which take no time."""
    length = (terms.end - terms.start) // MICROSECOND
    return round_fraction(Fraction(terms.price * (time.delta // MICROSECOND), length)) if length else 0


def _compile_fee(fees: Fees, exponent: int) -> _Fee:
    """The function from what the tutor gets before the commission to the commission."""
    rounding, on_price, last = fees.rounding, fees.slab_on == "price", fees.rates[-1].rate
    rows = tuple(
        (each.below, None if each.when is None else compile_guard(each.when, exponent=exponent), each.rate)
        for each in fees.rates[:-1]
    )

    def fee(
        earned: int,
        now: Instant,
        terms: TermsRead,
        offer: TermsRead | None,
        rounds: int,
        timeline: Mapping[str, Instant],
        brief: BriefRead,
        command: CommandRead | None,
        facts: FactsRead | None,
    ) -> int:
        base = terms.price if on_price else earned
        for below, when, found in rows:
            if (below is None or base < below) and (
                when is None or when(now, terms, offer, rounds, timeline, brief, command, facts)
            ):
                return share(earned, found, rounding)
        return share(earned, last, rounding)

    return fee
