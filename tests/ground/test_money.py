from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.currencies import ISO_4217, Currencies, Currency
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.money import Money

_UNITS = ISO_4217.with_unit("ITC", 1)
_USD, _EUR, _JPY, _KWD, _CLF, _ITC = (_UNITS.get(code) for code in ("USD", "EUR", "JPY", "KWD", "CLF", "ITC"))
_ONE_OF_EACH = st.sampled_from([_JPY, _ITC, _USD, _KWD, _CLF])
_MINOR = st.integers(-(10**18), 10**18)


@pytest.mark.parametrize(
    ("exponent", "codes"),
    [
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (2, "USD EUR GBP MRU MGA IRR LBP HUF TWD RSD BAM CHE MXV XAD XCG SLE VED ZWG"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    ],
)
def test_exponents_are_those_of_the_standard(exponent: int, codes: str) -> None:
    """Decimals follow ISO 4217, also where locale data disagrees (IQD has 3)."""
    assert {ISO_4217.get(code).exponent for code in codes.split()} == {exponent}


def test_the_table_is_complete() -> None:
    """All active codes with a minor unit are known, of which all but 26 have two decimals."""
    exponents = [ISO_4217.get(code).exponent for code in ISO_4217.codes]

    assert [exponents.count(exponent) for exponent in range(5)] == [17, 0, 139, 7, 2]


@pytest.mark.parametrize(
    "code", ["XAU", "XDR", "XXX", "XTS", "XSU", "HRK", "SLL", "ANG", "BGN", "ZWL", "CUC", "DEM", "ITC", "BTC"]
)
def test_what_nobody_can_pay_with_is_no_currency(code: str) -> None:
    """Withdrawn codes, codes without a minor unit and units of platforms are not built in."""
    assert code not in ISO_4217.codes


@pytest.mark.parametrize(("code", "suggestion"), [("usd", "USD"), ("EURO", "EUR"), ("", None), (840, None)])
def test_an_unknown_currency_gets_a_suggestion(code: str, suggestion: str | None) -> None:
    """A wrong code is refused by name, with the nearest known one where there is one."""
    with pytest.raises(UnknownName, match="unknown currency") as caught:
        ISO_4217.get(code)

    assert caught.value.suggestion == suggestion


def test_a_platform_adds_its_own_unit() -> None:
    """A registered unit is known to the new set and not to the old one."""
    assert _UNITS.get("ITC") == Currency("ITC", 1)
    assert _UNITS.codes - ISO_4217.codes == {"ITC"}
    assert repr(_UNITS) == "<Currencies: 166 units>"


def test_a_unit_can_be_named_again_but_not_redefined() -> None:
    """The same unit twice is harmless; other decimals would change every stored amount."""
    assert _UNITS.with_unit("ITC", 1) is _UNITS
    with pytest.raises(InvalidValue, match="exponent of USD is 3; expected 2, as it is already defined"):
        ISO_4217.with_unit("USD", 3)


@pytest.mark.parametrize("code", ["", "U", "usd", "US D", "U$D", "1US", "A" * 13, "USD\n", "ÄÖÜ"])
def test_a_code_is_a_short_word_in_capitals(code: str) -> None:
    """Codes appear in ledgers and files, so they are plain."""
    with pytest.raises(InvalidValue, match="currency code"):
        ISO_4217.with_unit(code, 2)


@pytest.mark.parametrize("exponent", [-1, 9])
def test_an_exponent_is_a_sensible_number_of_decimals(exponent: int) -> None:
    """More than eight decimals, or fewer than none, are refused."""
    with pytest.raises(InvalidValue, match="expected 0 to 8 decimals"):
        Currency("ITC", exponent)


@pytest.mark.parametrize(("code", "exponent"), [(7, 2), ("ITC", 1.0), ("ITC", True), ("ITC", "1")])
def test_a_currency_is_a_text_and_a_whole_number(code: object, exponent: object) -> None:
    """Wrong types are refused by name."""
    with pytest.raises(InvalidType, match="currency"):
        Currency(code, exponent)  # type: ignore[arg-type]  # the wrong types are the point


def test_a_set_of_currencies_can_be_made_from_nothing() -> None:
    """A platform may list only what it pays with."""
    own = Currencies([_USD]).with_unit("ITC", 1)

    assert own.codes == {"USD", "ITC"}


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("25.00", _USD, 2500),
        ("25.0", _USD, 2500),
        ("25", _USD, 2500),
        (25, _USD, 2500),
        (Decimal("25.00"), _USD, 2500),
        (Decimal("1E+2"), _USD, 10000),
        (Decimal("-0.01"), _USD, -1),
        ("-0.01", _USD, -1),
        ("-0.00", _USD, 0),
        ("007.50", _USD, 750),
        ("1500", _JPY, 1500),
        ("0.005", _KWD, 5),
        ("0.0001", _CLF, 1),
        ("12.5", _ITC, 125),
        (0, _JPY, 0),
    ],
)
def test_an_amount_is_read_exactly(amount: str | int | Decimal, currency: Currency, minor: int) -> None:
    """Texts, whole numbers and decimals name whole units and become minor units."""
    assert Money.of(amount, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("25.001", _USD), ("25.000", _USD), ("1.0", _JPY), ("0.0001", _KWD), ("12.55", _ITC), (Decimal("0.001"), _USD)],
)
def test_an_amount_has_no_more_decimals_than_its_currency(amount: str | Decimal, currency: Currency) -> None:
    """More decimals than the currency has are refused, not rounded, even where they are zeros."""
    with pytest.raises(InvalidValue, match=f"decimals, as {currency.code} has"):
        Money.of(amount, currency)


@pytest.mark.parametrize(
    "amount",
    [
        *(
            "",
            " ",
            "1,50",
            "1 000",
            "$5",
            "1e3",
            "+5",
            "--5",
            ".5",
            "5.",
            "5\n",
            "٥",
            "NaN",
            "Infinity",
            "1_000",
            "9" * 31,
        ),
        *(Decimal(text) for text in ("NaN", "sNaN", "Infinity", "-Infinity", "1E+999999", "1E-999999")),
    ],
)
def test_an_amount_that_is_no_plain_decimal_is_refused(amount: str | Decimal) -> None:
    """Anything but digits with an optional point and minus is refused."""
    with pytest.raises(InvalidValue, match="expected a plain decimal, such as"):
        Money.of(amount, _USD)


@pytest.mark.parametrize("amount", [25.0, 0.1, float("nan"), True, None, Fraction(1, 2)])
def test_a_float_is_no_amount(amount: object) -> None:
    """Floats are refused by name, and so is whatever else is not exact or not meant as a number."""
    with pytest.raises(InvalidType, match="floats are refused"):
        Money.of(amount, _USD)  # type: ignore[arg-type]  # the wrong type is the point
    with pytest.raises(InvalidType, match="floats are refused"):
        Money(amount, _USD)  # type: ignore[arg-type]  # likewise


@pytest.mark.parametrize("make", [Money, Money.of])
def test_a_currency_is_more_than_its_code(make: Callable[[int, object], Money]) -> None:
    """A bare code does not say how many decimals there are."""
    with pytest.raises(InvalidType, match="expected a Currency"):
        make(5, "USD")


@pytest.mark.parametrize("minor", [10**18 + 1, -(10**18) - 1])
def test_an_amount_fits_into_every_store(minor: int) -> None:
    """Amounts beyond 64 bits are refused where they arise."""
    with pytest.raises(InvalidValue, match="at most 1000000000000000000 either way"):
        Money(minor, _USD)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(2500, _USD), "25.00 USD"),
        (Money(5, _USD), "0.05 USD"),
        (Money(-5, _USD), "-0.05 USD"),
        (Money(-100, _USD), "-1.00 USD"),
        (Money(0, _USD), "0.00 USD"),
        (Money(1500, _JPY), "1500 JPY"),
        (Money(0, _JPY), "0 JPY"),
        (Money(-7, _JPY), "-7 JPY"),
        (Money(125, _ITC), "12.5 ITC"),
        (Money(5, _KWD), "0.005 KWD"),
        (Money(10001, _CLF), "1.0001 CLF"),
    ],
)
def test_an_amount_prints_with_all_its_decimals(money: Money, text: str) -> None:
    """The text has every decimal of the currency, then its code."""
    assert str(money) == text
    assert f"{money.text} {money.currency}" == text


@given(_MINOR, _ONE_OF_EACH)
def test_a_printed_amount_reads_back_equal(minor: int, currency: Currency) -> None:
    """Text and decimal forms round trip for every number of decimals."""
    money = Money(minor, currency)

    assert Money.of(money.text, currency) == money
    assert Money.of(Decimal(money.text), currency) == money


@given(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15), _ONE_OF_EACH)
def test_amounts_reckon_like_their_minor_units(left: int, right: int, currency: Currency) -> None:
    """Adding, subtracting, negating and comparing are those of whole numbers."""
    one, other = Money(left, currency), Money(right, currency)

    assert (one + other).minor == left + right
    assert (one - other).minor == left - right
    assert (-one).minor == -left
    assert (one < other, one <= other, one > other, one >= other, one == other) == (
        left < right,
        left <= right,
        left > right,
        left >= right,
        left == right,
    )


_OPERATORS = [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("apply", _OPERATORS)
@pytest.mark.parametrize("other", [Money(5, _EUR), Money(5, Currency("USD", 3))])
def test_currencies_do_not_mix(apply: Callable[[Money, Money], object], other: Money) -> None:
    """Across currencies there is neither sum nor order, not even between namesakes with other decimals."""
    with pytest.raises(InvalidValue, match="expected USD, as of the other amount"):
        apply(Money(5, _USD), other)


@pytest.mark.parametrize("apply", _OPERATORS)
@pytest.mark.parametrize("other", [5, 5.0, "5.00 USD", None])
def test_amounts_do_not_mix_with_bare_numbers(apply: Callable[[Money, object], object], other: object) -> None:
    """A number without a currency is not money, so it is Python's own TypeError."""
    with pytest.raises(TypeError):
        apply(Money(5, _USD), other)


def test_amounts_of_two_currencies_are_unequal() -> None:
    """Equality is a question with an answer, so it does not raise; amounts work as keys."""
    assert Money(5, _USD) != Money(5, _EUR)
    assert {Money(5, _USD): "five"}[Money.of("0.05", _USD)] == "five"
