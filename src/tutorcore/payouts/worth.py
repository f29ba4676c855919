"""Worth: what an amount counted in a unit of the platform's own is in the currency that it is pegged to.

A bank moves whole minor units of a currency only, so of some units not every amount can be paid for or paid out. Knows
no exchange rates other than a policy's peg.
"""

from __future__ import annotations

from math import gcd

from tutorcore.errors import InvalidValue
from tutorcore.money import ISO_4217, Currency, Money
from tutorcore.policy.process import Unit


def worth(minor: int, unit: Unit) -> Money | None:
    """Return what `minor` of a unit is worth by its peg, exactly; None for a unit without one.

    >>> worth(305, Unit("ITC", 1, (10, "USD")))
    Money(minor=305, currency=Currency(code='USD', exponent=2))

    Raises `InvalidValue` where that is no whole number of minor units: `least_worth` says which amounts are.
    """
    if unit.peg is None:
        return None
    units, currency = unit.peg[0], ISO_4217.get(unit.peg[1])
    whole, odd = divmod(minor * 10**currency.exponent, units * 10**unit.exponent)
    if odd:
        amount = Money(minor, Currency(unit.code, unit.exponent))
        raise InvalidValue("amount", str(amount), f"an amount that is worth whole minor units of {currency.code}")
    return Money(whole, currency)


def least_worth(unit: Unit) -> int:
    """Return the fewest minor units that are worth whole minor units of the currency; 1 for a unit without a peg.

    Just the multiples of it can be paid for and paid out.

    >>> least_worth(Unit("ITC", 1, (10, "USD"))), least_worth(Unit("ITC", 2, (10, "USD")))
    (1, 10)
    """
    if unit.peg is None:
        return 1
    units, currency = unit.peg[0], ISO_4217.get(unit.peg[1])
    one: int = units * 10**unit.exponent
    return one // gcd(one, 10**currency.exponent)
