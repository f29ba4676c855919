"""Reading tables: what each getter takes, what it says of the rest, and that all of it is said at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias

import pytest

from tutorcore.documents.reader import MOST, Problems, Table
from tutorcore.documents.source import NOWHERE, Source
from tutorcore.errors import InvalidValue, InvariantError, Mistake, Mistakes, TutorcoreError, UnknownName
from tutorcore.instants import EPOCH, instant

Hold: TypeAlias = Literal["when_asked", "none"]
HOLDS: tuple[Hold, ...] = ("when_asked", "none")


class PointedError(TutorcoreError, ValueError):
    """An error that points at a word, as those of time expressions do."""

    def __init__(self, start: int | None, end: int | None) -> None:
        super().__init__("not what is shown")
        self.message = "unknown unit 'g'"
        self.suggestion = "24h"
        self.start = start
        self.end = end


def _table(text: str) -> Table:
    return Table.root(Source.parse(text, "p.toml"), Problems())


def _told(table: Table) -> list[str]:
    return [str(mistake).splitlines()[0] for mistake in table.problems.mistakes]


def _rejecting(error: Exception) -> Callable[[str], str]:
    def parser(text: str) -> str:
        raise error

    return parser


def test_a_table_that_is_as_wanted_is_read_without_a_mistake() -> None:
    """Each getter returns its value, and nothing is left over."""
    table = _table("""
        text = "italki"
        hold = "none"
        number = 3
        yes = true
        price = "25.00"
        whole = 25
        rate = "1/3"
        roles = ["student", "tutor"]
        holds = ["none"]
        at = 2026-03-01T10:30:00+01:00
        quoted = "2026-03-01T09:30:00Z"
        raw = [1, 2]
        inner = { a = 1 }
        [[cases]]
        b = 1
        [[cases]]
        b = 2
    """)
    half_past_nine = instant("2026-03-01T09:30:00Z")

    assert table.text("text") == "italki"
    assert table.one_of("hold", HOLDS) == "none"
    assert table.integer("number", least=3, most=3) == 3
    assert table.boolean("yes") is True
    assert (table.money_text("price"), table.money_text("whole")) == ("25.00", "25")
    assert table.parsed("rate", Fraction) == Fraction(1, 3)
    assert table.texts("roles") == ("student", "tutor")
    assert table.some_of("holds", HOLDS) == ("none",)
    assert (table.instant("at"), table.instant("quoted")) == (half_past_nine, half_past_nine)
    assert table.value("raw") == [1, 2]
    inner = table.table("inner")
    assert inner is not None
    assert (inner.path, inner.integer("a")) == (("inner",), 1)
    assert [case.integer("b") for case in table.tables("cases")] == [1, 2]
    table.finish()
    assert len(table.problems) == 0
    table.problems.raise_if_any("p.toml cannot be used")


def test_what_is_absent_is_its_default() -> None:
    """A default is returned untouched, None included, and an absent table is none."""
    table = _table("")

    assert table.text("a", None) is None
    assert table.one_of("b", HOLDS, "none") == "none"
    assert table.integer("c", 7) == 7
    assert table.boolean("d", False) is False
    assert table.money_text("e", None) is None
    assert table.parsed("f", Fraction, Fraction(0)) == 0
    assert table.texts("g", ()) == ()
    assert table.some_of("h", HOLDS, HOLDS) == HOLDS
    assert table.instant("i", None) is None
    assert table.value("j", "raw") == "raw"
    assert table.table("k") is None
    assert table.tables("l") == ()
    assert len(table.problems) == 0


def test_what_is_missing_is_told_and_stood_in_for() -> None:
    """A key without a default must be there; reading goes on with a stand-in of its type."""
    table = _table("")

    assert table.text("a") == ""
    assert table.one_of("b", HOLDS) == "when_asked"
    assert table.one_of("c", ()) == ""
    assert table.integer("d") == 0
    assert table.boolean("e") is False
    assert table.money_text("f") == "0"
    assert table.parsed("g", Fraction) is None
    assert table.texts("h") == ()
    assert table.some_of("i", HOLDS) == ()
    assert table.instant("j") == EPOCH
    assert _told(table) == [f"p.toml: {key}: is missing" for key in "abcdefghij"]


@pytest.mark.parametrize(
    ("text", "read", "told"),
    [
        ("k = 48", lambda t: t.text("k"), "is 48; expected a text in quotes; did you mean '\"48\"'?"),
        ("k = 25.00", lambda t: t.text("k"), "is 25.00; expected a text in quotes; did you mean '\"25.00\"'?"),
        (
            "k = 2018-02-01",
            lambda t: t.text("k"),
            "is 2018-02-01; expected a text in quotes; did you mean '\"2018-02-01\"'?",
        ),
        ("k = true", lambda t: t.text("k"), "is true; expected a text in quotes"),
        ("k = []", lambda t: t.text("k"), "is a list; expected a text in quotes"),
        ("k = {}", lambda t: t.text("k"), "is a table; expected a text in quotes"),
        (
            'k = "when_aksed"',
            lambda t: t.one_of("k", HOLDS),
            "is 'when_aksed'; expected one of 'when_asked', 'none'; did you mean 'when_asked'?",
        ),
        ("k = 1", lambda t: t.one_of("k", HOLDS), "is 1; expected one of 'when_asked', 'none'"),
        ('k = "x"', lambda t: t.one_of("k", ()), "is 'x'; expected one of none at all"),
        ("k = 2.0", lambda t: t.integer("k"), "is 2.0; expected a whole number"),
        ("k = true", lambda t: t.integer("k"), "is true; expected a whole number"),
        ("k = 0", lambda t: t.integer("k", least=1), "is 0; expected a whole number from 1"),
        ("k = 6", lambda t: t.integer("k", least=1, most=5), "is 6; expected a whole number from 1 up to 5"),
        ('k = "true"', lambda t: t.boolean("k"), "is 'true'; expected true or false"),
        (
            "k = 25.00",
            lambda t: t.money_text("k"),
            'is 25.00; expected an amount in quotes, such as "25.00"; did you mean \'"25.00"\'?',
        ),
        ("k = inf", lambda t: t.money_text("k"), 'is Infinity; expected an amount in quotes, such as "25.00"'),
        ("k = true", lambda t: t.money_text("k"), 'is true; expected an amount in quotes, such as "25.00"'),
        ('k = "25 $"', lambda t: t.money_text("k"), "is '25 $'; expected an amount in quotes, such as \"25.00\""),
        (
            'k = "student"',
            lambda t: t.texts("k"),
            "is 'student'; expected a list; did you mean '[\"student\"]'?",
        ),
        ("k = 1", lambda t: t.some_of("k", HOLDS), "is 1; expected a list"),
        ("k = 1", lambda t: t.table("k"), "is 1; expected a table"),
        ("k = {}", lambda t: t.tables("k"), "is a table; expected a list of tables, each of them under [[k]]"),
        ("k = 1", lambda t: t.parsed("k", Fraction), "is 1; expected a text in quotes; did you mean '\"1\"'?"),
        ("k = 3", lambda t: t.instant("k"), "is 3; expected an instant with an offset, such as 2026-03-01T09:30:00Z"),
    ],
)
def test_what_will_not_do_is_told(text: str, read: Callable[[Table], object], told: str) -> None:
    """A value of another kind becomes a mistake that names it and what was expected."""
    table = _table(text)

    read(table)

    assert _told(table) == [f"p.toml:1:5: k: {told}"]


@pytest.mark.parametrize(
    "written", ["2026-03-01T09:30:00", "2026-03-01", "09:30:00", '"2026-03-01T09:30:00"', '"tomorrow"']
)
def test_an_instant_without_an_offset_is_refused(written: str) -> None:
    """What does not name one point in time is refused, and an instant is shown as an example."""
    table = _table(f"at = {written}")

    assert table.instant("at") == EPOCH
    expected = "an ISO 8601 instant with an offset, such as 2026-03-01T09:30:00Z"
    assert _told(table) == [f"p.toml:1:6: at: is {written.strip(chr(34))!r}; expected {expected}"]


def test_an_instant_at_the_edge_of_the_calendar_is_refused() -> None:
    """An instant that cannot even be expressed in UTC is a mistake like any other."""
    table = _table("at = 0001-01-01T00:00:00+01:00")

    assert table.instant("at") == EPOCH
    assert len(table.problems) == 1


def test_each_element_of_a_list_is_judged_by_itself() -> None:
    """Elements that will do are kept, and each of the others is marked at its place."""
    table = _table('a = ["x", 1]\nb = ["none", "nnoe"]\nc = [{}, 2]')

    assert table.texts("a") == ("x",)
    assert table.some_of("b", HOLDS) == ("none",)
    assert [inner.path for inner in table.tables("c")] == [("c", 0)]
    assert _told(table) == [
        "p.toml:1:11: a[1]: is 1; expected a text in quotes; did you mean '\"1\"'?",
        "p.toml:2:14: b[1]: is 'nnoe'; expected one of 'when_asked', 'none'; did you mean 'none'?",
        "p.toml:3:10: c[1]: is 2; expected a table",
    ]


def test_a_parser_that_points_at_a_word_is_shown_at_the_word() -> None:
    """An error with start and end marks the slice of the text that it is about."""
    table = _table('[cancel]\nwhen = "notice > 24g"')
    cancel = table.table("cancel")
    assert cancel is not None

    cancel.parsed("when", _rejecting(PointedError(9, 12)))

    [mistake] = table.problems.mistakes
    assert str(mistake) == (
        "p.toml:2:18: cancel.when: unknown unit 'g'; did you mean '24h'?\nwhen = \"notice > 24g\"\n                 ^^^"
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PointedError(9, None), "unknown unit 'g'; did you mean '24h'?"),
        (PointedError(None, 12), "unknown unit 'g'; did you mean '24h'?"),
        (ValueError("not this"), "not this"),
        (InvalidValue("k", "x", "y"), "is 'x'; expected y"),
        (InvalidValue("the price", "x", "y"), "the price is 'x'; expected y"),
        (UnknownName("zone", "Berlni", ["Berlin"]), "unknown zone 'Berlni'; did you mean 'Berlin'?"),
        (OverflowError("too far"), "too far"),
    ],
)
def test_what_a_parser_refuses_is_a_mistake_at_the_value(error: Exception, told: str) -> None:
    """Errors that point at no word are told at the value, each with its suggestion once."""
    table = _table('k = "x"')

    assert table.parsed("k", _rejecting(error), "default") is None
    assert _told(table) == [f"p.toml:1:5: k: {told}"]


@pytest.mark.parametrize("error", [InvariantError("broken"), ZeroDivisionError(), TypeError()])
def test_what_is_wrong_with_the_program_is_not_a_mistake_of_the_writer(error: Exception) -> None:
    """Broken promises and programming errors pass through."""
    table = _table('k = "x"')

    with pytest.raises(type(error)):
        table.parsed("k", _rejecting(error))


def test_what_a_constructor_refuses_is_a_mistake_at_its_table_or_key() -> None:
    """An attempt returns what it makes; what is refused is told at the key, or at the table without one."""
    table = _table("[price]\namount = 3")
    price = table.table("price")
    assert price is not None

    assert price.attempt(lambda: 3) == 3
    assert price.attempt(lambda: int("x"), "amount") is None
    assert price.attempt(lambda: int("y")) is None
    assert table.attempt(lambda: int("z")) is None
    assert [(mistake.line, mistake.path) for mistake in table.problems.mistakes] == [
        (0, ""),
        (1, "price"),
        (2, "price.amount"),
    ]


def test_mistakes_of_another_file_keep_their_places() -> None:
    """A file that is read while another is read tells its own mistakes."""
    table = _table('policy = "other.toml"')

    assert table.attempt(lambda: Source.parse("a = b", "other.toml"), "policy") is None
    assert _told(table) == [
        "other.toml:1:5: neither number, date, true nor false; a text stands in quotes; did you mean '\"b\"'?"
    ]


def test_a_mistake_of_ones_own_is_told_at_a_key_an_element_or_the_table() -> None:
    """Whoever reads a table may add what only it can know."""
    table = _table('[request]\nby = ["student", "tutor"]')
    request = table.table("request")
    assert request is not None

    request.mistake(None, "nobody answers")
    request.mistake("by", "names too many")
    request.mistake(("by", 1), "cannot ask", "parent")
    assert _told(table) == [
        "p.toml:1:1: request: nobody answers",
        "p.toml:2:6: request.by: names too many",
        "p.toml:2:18: request.by[1]: cannot ask; did you mean 'parent'?",
    ]


def test_keys_that_nobody_asked_for_are_unknown() -> None:
    """Unknown keys are marked at the key; the nearest known key that is still free is suggested, or all are listed."""
    table = _table('by = 1\nanswer_bye = "x"\nzzz = 1\nother = 2\n[zone.x]\ny = 1')
    table.integer("by")
    table.text("answer_by", None)

    table.finish("other")

    assert _told(table) == [
        "p.toml:2:1: answer_bye: unknown key; did you mean 'answer_by'?",
        "p.toml:3:1: zzz: unknown key; known here: 'answer_by', 'by', 'other'",
        "p.toml:5:2: zone: unknown key; known here: 'answer_by', 'by', 'other'",
    ]


def test_keys_that_the_writer_chose_can_be_listed() -> None:
    """The keys of a table can be listed and asked for, in the order of the file, without counting as read."""
    table = _table("[b]\n[a]")

    assert table.keys() == ("b", "a")
    assert "b" in table
    assert "c" not in table
    table.finish("a")
    assert _told(table) == ["p.toml:1:2: b: unknown key; known here: 'a'"]


def test_all_mistakes_are_raised_at_once_in_the_order_of_the_file() -> None:
    """Mistakes come sorted by place, however the file was read, under a headline."""
    table = _table("a = 1\nb = 2")
    table.text("b")
    table.text("a")

    with pytest.raises(Mistakes) as caught:
        table.problems.raise_if_any("p.toml cannot be used")

    assert [mistake.path for mistake in caught.value.exceptions if isinstance(mistake, Mistake)] == ["a", "b"]
    assert caught.value.message == "p.toml cannot be used"


def test_a_file_full_of_mistakes_is_not_told_to_its_end() -> None:
    """After so many mistakes reading is cut short, and the headline says so."""
    table = _table("\n".join(f"k{n} = [{'1, ' * MOST}]" for n in range(2)))
    table.texts("k0")
    table.texts("k1")
    table.text("missing")
    table.one_of("k0", HOLDS)
    table.finish()

    with pytest.raises(Mistakes, match="cannot be used \\(only 500 mistakes are shown\\)") as caught:
        table.problems.raise_if_any("p.toml cannot be used")

    assert len(caught.value.exceptions) == MOST


def test_a_mapping_without_a_file_is_read_alike() -> None:
    """Data from elsewhere is read by the same rules; floats and naive datetimes are refused in it too."""
    berlin = timezone(timedelta(hours=1))
    data: dict[str, object] = {
        "roles": ("student",),
        "price": 25.5,
        "rate": Decimal("0.15"),
        "at": datetime(2026, 3, 1, 10, 30, tzinfo=berlin),
        "day": date(2026, 3, 1),
        "nothing": None,
        "when": "notice > 24g",
        "extra": 1,
    }
    table = Table.root(Source(data), Problems())

    assert table.texts("roles") == ("student",)
    assert table.instant("at") == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    table.money_text("price")
    table.text("rate")
    table.instant("day")
    table.boolean("nothing")
    table.parsed("when", _rejecting(PointedError(9, 12)))
    table.finish()
    assert table.source.place(("price",)) == NOWHERE
    assert [str(mistake) for mistake in table.problems.mistakes] == [
        'price: is 25.5; expected an amount in quotes, such as "25.00"; did you mean \'"25.5"\'?',
        "rate: is 0.15; expected a text in quotes; did you mean '\"0.15\"'?",
        "day: is '2026-03-01'; expected an ISO 8601 instant with an offset, such as 2026-03-01T09:30:00Z",
        "nothing: is None; expected true or false",
        "when: unknown unit 'g'; did you mean '24h'?",
        "extra: unknown key; known here: 'at', 'day', 'nothing', 'price', 'rate', 'roles', 'when'",
    ]
