from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidValue
from tutorcore.money import ISO_4217, Money
from tutorcore.payouts import least_worth, worth
from tutorcore.policy.process import Unit

_UNITS = st.builds(
    Unit,
    st.just("PTS"),
    st.integers(0, 4),
    st.tuples(st.integers(1, 1000), st.sampled_from(["USD", "JPY", "KWD"])),
)


@pytest.mark.parametrize(
    ("minor", "unit", "worth_minor", "code"),
    [
        (1, Unit("ITC", 1, (10, "USD")), 1, "USD"),
        (305, Unit("ITC", 1, (10, "USD")), 305, "USD"),
        (3050, Unit("ITC", 2, (10, "USD")), 305, "USD"),
        (7, Unit("COIN", 0, (1, "USD")), 700, "USD"),
        (300, Unit("YEN", 0, (3, "JPY")), 100, "JPY"),
    ],
)
def test_a_pegged_amount_is_worth_what_the_peg_says(minor: int, unit: Unit, worth_minor: int, code: str) -> None:
    """Exactly, whatever the decimals of either side are."""
    assert worth(minor, unit) == Money(worth_minor, ISO_4217.get(code))


def test_a_unit_without_a_peg_is_worth_nothing_else() -> None:
    """A currency of the banks is paid as it is."""
    assert worth(305, Unit("USD", 2)) is None
    assert least_worth(Unit("USD", 2)) == 1


def test_an_odd_amount_is_refused_by_name() -> None:
    """What is worth no whole cent cannot be paid: the amount is named as people read it."""
    with pytest.raises(InvalidValue, match=r"amount is '30.55 ITC'; expected .* whole minor units of USD"):
        worth(3055, Unit("ITC", 2, (10, "USD")))


@pytest.mark.parametrize(
    ("unit", "least"),
    [
        (Unit("ITC", 1, (10, "USD")), 1),
        (Unit("ITC", 2, (10, "USD")), 10),
        (Unit("COIN", 0, (3, "USD")), 3),
        (Unit("COIN", 0, (1, "USD")), 1),
        (Unit("COIN", 1, (1, "JPY")), 10),
    ],
)
def test_the_least_that_is_worth_something_whole(unit: Unit, least: int) -> None:
    """The fewest minor units that make whole minor units of the currency."""
    assert least_worth(unit) == least


@given(_UNITS, st.integers(0, 10_000))
def test_just_the_multiples_of_the_least_can_be_paid(unit: Unit, minor: int) -> None:
    """An amount has a worth exactly where it is a multiple, and amounts add up to what their worths add up to."""
    least = least_worth(unit)
    if minor % least:
        with pytest.raises(InvalidValue):
            worth(minor, unit)
    else:
        one, all_of_it = worth(least, unit), worth(minor, unit)
        assert one is not None
        assert all_of_it is not None
        assert one.minor * (minor // least) == all_of_it.minor
