"""Money: whole numbers of minor units in one currency, and the only ways to divide it.

Amounts are exact. They come from text, whole numbers or decimals, never from floats; rates are exact fractions.
Whoever rounds says how, and nothing is lost: one share is rounded and the other side taken by subtraction, more
than two parts go through `allocate`, a sequence over time through `telescope`. Knows neither accounts nor exchange
rates nor how an amount is written in any language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from math import lcm
from typing import Final, Literal, TypeAlias, get_args

from attrs import field, frozen

from tutorcore.currencies import ISO_4217, Currencies, Currency
from tutorcore.errors import InvalidType, InvalidValue, UnknownName

__all__ = [
    "ISO_4217",
    "ROUNDING_MODES",
    "Currencies",
    "Currency",
    "Money",
    "Rate",
    "RoundingMode",
    "allocate",
    "rate",
    "rate_text",
    "round_fraction",
    "share",
    "telescope",
]

Rate: TypeAlias = Fraction
RoundingMode: TypeAlias = Literal["half_even", "half_up", "half_down", "up", "down"]
ROUNDING_MODES: Final[tuple[RoundingMode, ...]] = get_args(RoundingMode)

# What every store can keep in a signed 64-bit column, with room for sums.
_MOST_MINOR = 10**18
_AMOUNT = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,30}))?")
_PERCENTAGE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,30}))?%")
_RATIO = re.compile(r"([0-9]{1,30})/([0-9]{1,30})")
_PERCENT_DECIMALS = 4


def _is_whole(value: object) -> bool:
    """Say whether `value` is an int and meant as one: True and False are not amounts."""
    return isinstance(value, int) and not isinstance(value, bool)


def _check_minor(_: object, __: object, value: int) -> None:
    if not _is_whole(value):
        raise InvalidType("amount in minor units", value, "a whole number; floats are refused")
    if not -_MOST_MINOR <= value <= _MOST_MINOR:
        raise InvalidValue("amount in minor units", value, f"at most {_MOST_MINOR} either way")


def _check_currency(_: object, __: object, value: Currency) -> None:
    if not isinstance(value, Currency):
        raise InvalidType("currency", value, "a Currency, such as ISO_4217.get('USD')")


@frozen
class Money:
    """An amount: `minor` units (cents) of one currency.

    >>> Money.of("25.00", ISO_4217.get("USD"))
    Money(minor=2500, currency=Currency(code='USD', exponent=2))
    >>> str(Money(-5, ISO_4217.get("KWD")))
    '-0.005 KWD'

    Amounts of one currency add, subtract and compare in order; across currencies these raise `InvalidValue`, and
    two amounts are simply not equal.
    """

    minor: int = field(validator=_check_minor)
    currency: Currency = field(validator=_check_currency)

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: Currency) -> Money:
        """Return `amount` of whole units ("25.00" dollars, not cents) exactly.

        Raises `InvalidType` for a float and `InvalidValue` for more decimals than the currency has.
        """
        _check_currency(None, None, currency)
        digits, decimals = _decimal_digits(amount)
        if decimals > currency.exponent:
            raise InvalidValue("amount", amount, f"at most {currency.exponent} decimals, as {currency.code} has")
        return cls(digits * 10 ** (currency.exponent - decimals), currency)

    @property
    def text(self) -> str:
        """The amount without its currency, with all decimals: "25.00"."""
        exponent = self.currency.exponent
        digits = str(abs(self.minor)).rjust(exponent + 1, "0")
        whole = f"-{digits}" if self.minor < 0 else digits
        return f"{whole[:-exponent]}.{whole[-exponent:]}" if exponent else whole

    def __str__(self) -> str:
        return f"{self.text} {self.currency.code}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._like(other), self.currency) if isinstance(other, Money) else NotImplemented

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._like(other), self.currency) if isinstance(other, Money) else NotImplemented

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._like(other) if isinstance(other, Money) else NotImplemented

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._like(other) if isinstance(other, Money) else NotImplemented

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._like(other) if isinstance(other, Money) else NotImplemented

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._like(other) if isinstance(other, Money) else NotImplemented

    def _like(self, other: Money) -> int:
        """Return the other amount's minor units, having made sure that they are of this currency."""
        if other.currency != self.currency:
            raise InvalidValue("currency", other.currency.code, f"{self.currency.code}, as of the other amount")
        return other.minor


def _decimal_digits(amount: str | int | Decimal) -> tuple[int, int]:
    """Return (n, d) such that the amount is n / 10**d and was written with d decimals."""
    if isinstance(amount, str):
        found = _AMOUNT.fullmatch(amount)
        if found is None:
            raise InvalidValue("amount", amount, "a plain decimal, such as 25.00")
        sign, whole, decimals = found[1], found[2], found[3] or ""
        return int(f"{sign}{whole}{decimals}"), len(decimals)
    if isinstance(amount, Decimal):
        if not amount.is_finite() or abs(amount.adjusted()) > 30:
            raise InvalidValue("amount", amount, "a plain decimal, such as 25.00")
        return _decimal_digits(f"{amount:f}")
    if not _is_whole(amount):
        raise InvalidType("amount", amount, "a text, a whole number or a Decimal; floats are refused")
    return amount, 0


def rate(value: str | int | Fraction) -> Rate:
    """Return a share of something, from nothing to all of it, exactly.

    >>> rate("15%"), rate("1/3")
    (Fraction(3, 20), Fraction(1, 3))

    Raises `InvalidType` for a float or a Decimal and `InvalidValue` for any other text, or outside of 0 to 1.
    """
    if isinstance(value, str):
        found = _rate_of_text(value)
    elif isinstance(value, Fraction) or _is_whole(value):
        found = Fraction(value)
    else:
        raise InvalidType("rate", value, "a text such as 15% or 1/3, or a Fraction; floats are refused")
    if not 0 <= found <= 1:
        raise InvalidValue("rate", value, "0% to 100%")
    return found


def _rate_of_text(text: str) -> Fraction:
    if percentage := _PERCENTAGE.fullmatch(text):
        decimals = percentage[2] or ""
        return Fraction(int(percentage[1] + decimals), 100 * 10 ** len(decimals))
    ratio = _RATIO.fullmatch(text)
    if ratio is None or int(ratio[2]) == 0:
        raise InvalidValue("rate", text, "a percentage such as 15% or a fraction such as 1/3")
    return Fraction(int(ratio[1]), int(ratio[2]))


def rate_text(value: Rate) -> str:
    """Return the rate as `rate` reads it: a percentage where that is exact and short, otherwise a fraction.

    >>> rate_text(Fraction(3, 20)), rate_text(Fraction(1, 3))
    ('15%', '1/3')
    """
    scaled = value * 100 * 10**_PERCENT_DECIMALS
    if scaled.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    whole, decimals = divmod(scaled.numerator, 10**_PERCENT_DECIMALS)
    return f"{whole}.{decimals:0{_PERCENT_DECIMALS}}".rstrip("0").rstrip(".") + "%"


# Whether the quotient `whole`, whose rest doubled is `twice`, moves one away from zero for this denominator.
# The words mean what they mean in `decimal`, on both sides of zero: up is away from it, down towards it.
_MOVES_AWAY: Final[Mapping[str, Callable[[int, int, int], bool]]] = {
    "half_even": lambda whole, twice, denominator: twice > denominator or (twice == denominator and whole % 2 == 1),
    "half_up": lambda whole, twice, denominator: twice >= denominator,
    "half_down": lambda whole, twice, denominator: twice > denominator,
    "up": lambda whole, twice, denominator: twice > 0,
    "down": lambda whole, twice, denominator: False,
}


def _rounded(numerator: int, denominator: int, mode: RoundingMode) -> int:
    moves_away = _MOVES_AWAY.get(mode)
    if moves_away is None:
        raise UnknownName("rounding mode", mode, ROUNDING_MODES)
    whole, rest = divmod(abs(numerator), denominator)
    if rest and moves_away(whole, 2 * rest, denominator):
        whole += 1
    return whole if numerator >= 0 else -whole


def round_fraction(value: Fraction, mode: RoundingMode = "half_even") -> int:
    """Return the whole number that `mode` chooses for `value`; "half_even" is the banker's rounding."""
    _check_exact("value", value)
    return _rounded(value.numerator, value.denominator, mode)


def share(minor: int, rate: Rate, mode: RoundingMode = "half_even") -> int:
    """Return that part of an amount in minor units, rounded once; the other side is what remains.

    >>> share(2500, Fraction(3, 20))
    375
    """
    _check_whole("amount in minor units", minor)
    _check_exact("rate", rate)
    return _rounded(minor * rate.numerator, rate.denominator, mode)


def allocate(minor: int, weights: Sequence[Fraction | int]) -> tuple[int, ...]:
    """Return the amount divided in proportion to `weights`, without losing or inventing a cent.

    Each part is its exact share rounded down towards zero; the cents left over go one each to the largest
    remainders, between equal ones to the earlier part. A part of weight zero gets nothing.

    >>> allocate(100, [1, 1, 1])
    (34, 33, 33)
    """
    _check_whole("amount in minor units", minor)
    for weight in weights:
        _check_exact("weight", weight)
        if weight < 0:
            raise InvalidValue("weight", weight, "a weight not below zero")
    scale = lcm(*(weight.denominator for weight in weights))
    scaled = [weight.numerator * (scale // weight.denominator) for weight in weights]
    total = sum(scaled)
    if total == 0:
        raise InvalidValue("weights", tuple(weights), "at least one weight above zero")
    shares = [divmod(abs(minor) * weight, total) for weight in scaled]
    parts = [whole for whole, _ in shares]
    by_remainder = sorted(range(len(shares)), key=lambda index: -shares[index][1])
    for index in by_remainder[: abs(minor) - sum(parts)]:
        parts[index] += 1
    return tuple(parts if minor >= 0 else [-part for part in parts])


def telescope(rate: Rate, amounts: Iterable[int], mode: RoundingMode = "half_even") -> tuple[int, ...]:
    """Return the share of each amount in a sequence, such that all shares add up to the share of the total.

    Each is the rounded share of all amounts so far less what was given before, so errors never pile up.

    >>> telescope(Fraction(1, 3), [100, 100, 100])
    (33, 34, 33)
    """
    amounts = tuple(amounts)
    for minor in amounts:
        _check_whole("amount in minor units", minor)
    given = [share(total, rate, mode) for total in accumulate(amounts, initial=0)]
    return tuple(later - earlier for earlier, later in pairwise(given))


def _check_whole(what: str, value: object) -> None:
    if not _is_whole(value):
        raise InvalidType(what, value, "a whole number; floats are refused")


def _check_exact(what: str, value: object) -> None:
    if not (isinstance(value, Fraction) or _is_whole(value)):
        raise InvalidType(what, value, "a Fraction or a whole number; floats are refused")
