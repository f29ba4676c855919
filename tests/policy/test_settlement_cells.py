from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Source
from tutorcore.errors import Mistakes
from tutorcore.money import ROUNDING_MODES
from tutorcore.policy.cells import Cells, fees_cells
from tutorcore.policy.expressions import Exact
from tutorcore.policy.parsing import parse_guard
from tutorcore.policy.process import Unit
from tutorcore.policy.settlement import SLABS_ON, AsGiven, FeeRate, Fees, Settlement

USD = Unit("USD", 2)
YEN = Unit("JPY", 0)
HALF = Settlement.of({"tutor": "50%", "student": "rest"})
DEFAULT = Settlement.of({"student": "rest"})


def root(text: str) -> Table:
    """Return the reader of a text."""
    return Table.root(Source.parse(text, "f.toml"), Problems())


def fees(text: str, unit: Unit | None = USD) -> Fees:
    """Return the fees that a text says, or raise what is wrong with it."""
    table = root(text)
    found = Cells().fees(table, unit)
    table.finish()
    table.problems.raise_if_any("wrong")
    return found


def settlement(text: str) -> Settlement | AsGiven | None:
    """Return the settlement that a text says, or raise what is wrong with it."""
    table = root(text)
    found = Cells().settlement(table, "settle", DEFAULT)
    table.finish()
    table.problems.raise_if_any("wrong")
    return found


def toml(value: object) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Fees()),
        ("[fees]", Fees()),
        ('fees.rounding = "up"', Fees(rounding="up")),
        ('fees.commission = "15%"', Fees.flat(Fraction(3, 20))),
        ("fees.commission = false", Fees()),
        ("fees.rates = false", Fees()),
        ('fees = { commission = "15%", rates = false, slab_on = "price" }', Fees.flat(Fraction(3, 20))),
        ('fees.rates = [{ rate = "15%" }]', Fees.flat(Fraction(3, 20))),
        (
            'fees = { commission = false, rates = [{ below = "100", rate = "10%" }, { rate = "18%" }] }',
            Fees((FeeRate(Fraction(1, 10), 100_00), FeeRate(Fraction(18, 100)))),
        ),
        (
            """
            [fees]
            slab_on = "price"
            rounding = "half_up"
            rates = [
              { when = 'lesson.kind == "trial"', rate = "100%" },
              { below = "99.50", when = "taught(tutor) < 20h", rate = "5%" },
              { below = 100, when = "true", rate = "10%" },
              { rate = "18%" },
            ]
            """,
            Fees(
                (
                    FeeRate(Fraction(1), when=parse_guard('lesson.kind == "trial"')),
                    FeeRate(Fraction(1, 20), 99_50, parse_guard("taught(tutor) < 20h")),
                    FeeRate(Fraction(1, 10), 100_00),
                    FeeRate(Fraction(18, 100)),
                ),
                "half_up",
                "price",
            ),
        ),
    ],
)
def test_fees_are_one_rate_or_several(text: str, found: Fees) -> None:
    """A commission is the same for all; rates are tried in order; `false` stands for what is not to be inherited."""
    assert fees(text) == found


def test_amounts_are_in_whole_units_of_the_currency() -> None:
    """A hundred is a hundred yen, or ten thousand cents."""
    text = 'fees.rates = [{ below = "100", rate = "10%" }, { rate = "18%" }]'

    assert (fees(text, YEN).rates[0].below, fees(text, USD).rates[0].below) == (100, 100_00)


def test_amounts_wait_for_the_currency() -> None:
    """Where the currency itself is wrong, nothing is said about the decimals of amounts."""
    assert fees('fees.rates = [{ below = "100.125", rate = "10%" }, { rate = "18%" }]', None).commission is None


def test_a_condition_remembers_where_it_was_written() -> None:
    """What turns out wrong with a condition later can be shown at its place."""
    cells = Cells()
    found = cells.fees(root("fees.rates = [{ when = 'notice > 1h', rate = '1%' }, { rate = '2%' }]"), USD)

    assert cells.origin(found.guards[0]) == ("fees", "rates", 0, "when")


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ('fees.commission = "15"', "fees.commission", "rate is '15'"),
        ('fees.comission = "15%"', "fees.comission", "unknown key"),
        ('fees.slab_on = "net"', "fees.slab_on", "expected one of 'share', 'price'"),
        ('fees.rates = "15%"', "fees.rates", "expected a list"),
        ("fees.rates = []", "fees.rates", "expected at least one rate"),
        ('fees.rates = ["15%"]', "fees.rates[0]", "expected a table"),
        ('fees.rates = [{ below = 1, rate = "1%" }]', "fees.rates[0]", "a last rate for everything else"),
        ('fees.rates = [{ rate = "1%" }, { rate = "2%" }]', "fees.rates[0]", "only the last rate"),
        (
            'fees.rates = [{ below = 2, rate = "1%" }, { below = 1, rate = "1%" }, { rate = "2%" }]',
            "fees.rates[1]",
            "would never decide",
        ),
        ("fees.rates = [{ below = 1 }]", "fees.rates[0].rate", "is missing"),
        ('fees.rates = [{ rate = "x" }]', "fees.rates[0].rate", "is 'x'; expected a percentage"),
        ('fees.rates = [{ rate = "1%", above = 1 }]', "fees.rates[0].above", "unknown key"),
        ('fees.rates = [{ below = 0, rate = "1%" }]', "fees.rates[0].below", "an amount above zero"),
        ('fees.rates = [{ below = 1.5, rate = "1%" }]', "fees.rates[0].below", "an amount in quotes"),
        ('fees.rates = [{ below = "0.125", rate = "1%" }]', "fees.rates[0].below", "at most 2 decimals"),
        ('fees.rates = [{ when = "notce > 1h", rate = "1%" }]', "fees.rates[0].when", "unknown name 'notce'"),
        ('fees = { commission = "1%", rates = [{ rate = "1%" }] }', "fees.rates", "stands beside 'commission'"),
    ],
)
def test_what_is_wrong_with_fees_is_shown_at_its_place(text: str, path: str, said: str) -> None:
    """Each mistake is one, stands at the word it is about and says what was expected."""
    with pytest.raises(Mistakes) as mistakes:
        fees(text)

    (mistake,) = mistakes.value.exceptions
    assert str(mistake).splitlines()[0].split(": ")[1] == path
    assert said in str(mistake)


@st.composite
def any_fees(draw: st.DrawFn) -> Fees:
    """Return fees of up to four rates, with and without amounts and conditions."""
    guard = st.sampled_from([parse_guard('lesson.kind == "trial"'), parse_guard("taught(tutor) < 20h")])
    rate = st.fractions(0, 1, max_denominator=997)
    slabs = [
        FeeRate(draw(rate), below, draw(st.none() | guard))
        for below in sorted(draw(st.sets(st.integers(1, 10**9), max_size=3)))
    ]
    conditional = draw(st.lists(st.builds(FeeRate, rate, when=guard), max_size=2))
    rates = (*conditional, *slabs, FeeRate(draw(rate)))
    return Fees(rates, draw(st.sampled_from(ROUNDING_MODES)), draw(st.sampled_from(SLABS_ON)))


@given(any_fees(), st.sampled_from([USD, YEN, Unit("X9", 8)]))
def test_the_cells_of_fees_read_back_equal(written: Fees, unit: Unit) -> None:
    """Whatever the fees are, their cells say the same."""
    assert fees(f"fees = {toml(fees_cells(written, unit))}", unit) == written


def test_flat_fees_are_written_as_a_commission() -> None:
    """What can be said shortly is."""
    assert fees_cells(Fees.flat(Fraction(3, 20)), USD) == {"commission": "15%", "rounding": "half_even"}
    assert fees_cells(Fees((FeeRate(Fraction(1, 10), 100_00), FeeRate(Fraction(3, 20)))), USD) == {
        "rates": [{"below": "100.00", "rate": "10%"}, {"rate": "15%"}],
        "slab_on": "share",
        "rounding": "half_even",
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", DEFAULT),
        ('settle = { tutor = "50%", student = "rest" }', HALF),
        ('settle = { tutor = "1h 30m", student = "rest" }', Settlement((("tutor", Exact(1, 30)), ("student", None)))),
        ('settle = "as_given"', AsGiven()),
        ('settle = { choices = ["50%"] }', AsGiven((HALF,))),
        (
            'settle = { choices = ["0%", "50%", { platform = "rest" }, "1h"] }',
            AsGiven(
                (
                    Settlement.of({"tutor": "0%", "student": "rest"}),
                    HALF,
                    Settlement.of({"platform": "rest"}),
                    Settlement.of({"tutor": "1h", "student": "rest"}),
                )
            ),
        ),
    ],
)
def test_a_settlement_is_shares_or_as_given(text: str, found: Settlement | AsGiven) -> None:
    """Shares are a table, what the command says a word or a list of choices, in which a text is the tutor's share."""
    assert settlement(text) == found


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("settle = 5", "settle", "is 5; expected a table"),
        ('settle = "as_givn"', "settle", "did you mean 'as_given'?"),
        ('settle = "half"', "settle", "is 'half'; expected shares such as"),
        ('settle = { teacher = "rest" }', "settle.teacher", "'teacher' gets no share"),
        ('settle = { tutor = "1x", student = "rest" }', "settle.tutor", "unknown unit 'x'"),
        ('settle = { tutor = "1d", student = "rest" }', "settle.tutor", "share is '1d'"),
        ('settle = { tutor = "1h" }', "settle", "because another is a duration"),
        ('settle = { tutor = "50%" }', "settle", "shares that make 100% together"),
        ("settle = { choices = [] }", "settle.choices", "is no list of splits"),
        ('settle = { choices = "50%" }', "settle.choices", "is no list of splits"),
        ('settle = { choices = ["50%"], student = "rest" }', "settle.student", "unknown key"),
        ('settle = { choices = ["50"] }', "settle.choices[0]", "rate is '50'"),
        ('settle = { choices = ["0%", 50] }', "settle.choices[1]", "is no split"),
        ('settle = { choices = [{ tutor = "50" }] }', "settle.choices[0].tutor", "rate is '50'"),
        ('settle = { choices = [{ tutor = "50%" }] }', "settle.choices[0]", "shares that make 100% together"),
        ('settle = { choices = ["100%", { tutor = "rest" }] }', "settle.choices", "each split once"),
    ],
)
def test_what_is_wrong_with_a_settlement_is_shown_at_its_place(text: str, path: str, said: str) -> None:
    """Each mistake is one, stands at the word it is about and says what was expected."""
    with pytest.raises(Mistakes) as mistakes:
        settlement(text)

    (mistake,) = mistakes.value.exceptions
    assert str(mistake).splitlines()[0].split(": ")[1] == path
    assert said in str(mistake)


def test_where_the_shares_are_the_same_for_all_nothing_is_given() -> None:
    """Some cells take shares only: there no command could say them."""
    table = root('settle = "as_given"')

    assert Cells().shares(table, "settle", DEFAULT) == DEFAULT
    assert len(table.problems) == 1
    assert Cells().shares(root(""), "settle", DEFAULT) == DEFAULT
    assert Cells().shares(root('settle = { tutor = "50%", student = "rest" }'), "settle", None) == HALF


@pytest.mark.parametrize(
    "written",
    [
        HALF,
        Settlement.of({"platform": "1/3", "tutor": "90s", "student": "rest"}),
        AsGiven(),
        AsGiven((HALF, DEFAULT, Settlement.of({"tutor": "1h", "platform": "rest"}))),
    ],
)
def test_the_cells_of_a_settlement_read_back_equal(written: Settlement | AsGiven) -> None:
    """What a settlement says of itself in a file is read as the same settlement."""
    assert settlement(f"settle = {toml(written.as_texts())}") == written
