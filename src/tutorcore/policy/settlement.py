"""How what is held is divided: shares, the commission, and who gets the odd cent.

Knows shares and rates; knows neither accounts nor lessons. One rounding a split: every share but the last is rounded,
the last is what remains, so nothing is lost or made. The commission is taken on, and out of, the tutor's share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Literal, TypeAlias

import attrs

from tutorcore.errors import InvalidValue
from tutorcore.money import ROUNDING_MODES, RoundingMode, rate, rate_text, share

Beneficiary: TypeAlias = Literal["student", "tutor", "platform"]
BENEFICIARIES: tuple[Beneficiary, ...] = ("student", "tutor", "platform")

LegRole: TypeAlias = Literal["payer", "tutor", "platform"]
Legs: TypeAlias = tuple[tuple[LegRole, int], ...]

# The student's share goes back to whoever paid it in.
_RECEIVES: Mapping[Beneficiary, LegRole] = {"student": "payer", "tutor": "tutor", "platform": "platform"}


@attrs.frozen
class Fees:
    """What the platform keeps: a commission out of the tutor's share, rounded to whole minor units by `rounding`."""

    commission: Fraction = Fraction(0)
    rounding: RoundingMode = attrs.field(default="half_even", validator=attrs.validators.in_(ROUNDING_MODES))

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.commission <= 1:
            raise InvalidValue("commission", rate_text(self.commission), "a rate from 0% to 100%")


@attrs.frozen
class Settlement:
    """Shares of what is held. Together they are 100 %; `None` (written `rest`) is what the others leave.

    >>> str(Settlement.of({"tutor": "50%", "student": "rest"}))
    'tutor 50%, student rest'
    """

    shares: tuple[tuple[Beneficiary, Fraction | None], ...]

    def __attrs_post_init__(self) -> None:
        names = [name for name, _ in self.shares]
        rests = sum(part is None for _, part in self.shares)
        total = sum((part for _, part in self.shares if part is not None), Fraction(0))
        if not names or len(set(names)) != len(names) or not set(names) <= set(BENEFICIARIES):
            raise InvalidValue("settle", names, f"each of {', '.join(BENEFICIARIES)} at most once, and at least one")
        if rests > 1:
            raise InvalidValue("settle", str(self), "one rest at most")
        if total > 1 or (rests == 0 and total != 1):
            raise InvalidValue("settle", str(self), "shares that make 100% together, or one of them 'rest'")

    @classmethod
    def of(cls, shares: Mapping[str, str]) -> Settlement:
        """Return the settlement written as `{tutor: "50%", student: "rest"}`; raise `InvalidValue`."""
        parts: list[tuple[Beneficiary, Fraction | None]] = []
        for name, text in shares.items():
            known = next((each for each in BENEFICIARIES if each == name), None)
            if known is None:
                raise InvalidValue("settle", name, f"one of {', '.join(BENEFICIARIES)}")
            parts.append((known, None if text == "rest" else rate(text)))
        return cls(tuple(parts))

    def as_texts(self) -> dict[str, str]:
        """Return the shares as they are written in a policy file."""
        return {name: "rest" if part is None else rate_text(part) for name, part in self.shares}

    def __str__(self) -> str:
        return ", ".join(f"{name} {text}" for name, text in self.as_texts().items())


def compile_split(settlement: Settlement, fees: Fees) -> Callable[[int], Legs]:
    """Return the function from what is held to the legs that pay it out; they sum to what is held, none is zero."""
    rounded = [(name, part) for name, part in settlement.shares if part is not None]
    rest = next((name for name, part in settlement.shares if part is None), None)
    if rest is None:  # Written out to 100 %: the last one named is found by subtraction.
        rest, _ = rounded.pop()
    commission, rounding = fees.commission, fees.rounding

    def split(held: int) -> Legs:
        amounts: dict[LegRole, int] = {}
        left = held
        for name, part in rounded:
            amount = min(left, share(held, part))  # Half-even on several halves may ask for one unit too many.
            amounts[_RECEIVES[name]] = amount
            left -= amount
        amounts[_RECEIVES[rest]] = left
        earned = amounts.get("tutor", 0)
        if earned and commission:
            fee = share(earned, commission, rounding)
            amounts["tutor"] = earned - fee
            amounts["platform"] = amounts.get("platform", 0) + fee
        legs = tuple(amounts.items())
        return tuple(leg for leg in legs if leg[1]) if 0 in amounts.values() else legs

    return split
