"""`tutorcore ledger`: statements and the trial balance of a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tutorcore.cli.stores import Amounts, looking_at

_FREE = "Liabilities:Tutors:Tom:Available"


@pytest.fixture
def books(run: Any, examples: Path, tmp_path: Path) -> Path:
    """Return a database with withdrawals, a refund and a debt."""
    db = tmp_path / "books.db"
    assert run("play", examples / "itk_10_dispute_and_debt.toml", "--db", db).code == 0
    return db


def _statement(run: Any, db: Path, account: str, currency: str = "ITC", *options: str) -> Any:
    return run("ledger", "statement", account, "--currency", currency, "--db", db, *options)


def test_a_statement_adds_up(run: Any, books: Path) -> None:
    """Opening, every movement with the balance after it, closing; each line has its entry with all its legs."""
    document = _statement(run, books, _FREE, "ITC", "--json").document

    lines = document["lines"]
    assert (document["account"], document["currency"], document["decimals"]) == (_FREE, "ITC", 1)
    assert (document["since"], document["until"], document["opening"]) == (None, None, 0)
    assert [line["balance"] for line in lines][-1] == document["closing"] == 8
    assert sum(line["amount"] for line in lines) == 8
    assert [line["kind"] for line in lines] == [
        "clear", "clear", "withdraw", "return", "withdraw", "offset", "clear", "offset",
    ]  # fmt: skip
    assert lines[-1]["legs"] == [
        {"account": _FREE, "minor": -332},
        {"account": "Assets:Receivable:Tutors:Tom", "minor": -332},
    ]


def test_a_statement_is_for_people_too(run: Any, books: Path) -> None:
    """Instants, kinds, amounts in whole units, what each entry belongs to and why it was made."""
    done = _statement(run, books, "Assets:Receivable:Tutors:Tom")

    assert done.code == 0
    assert done.out.splitlines()[:2] == ["Assets:Receivable:Tutors:Tom, ITC", "from the beginning up to the end"]
    text = " ".join(done.out.split())
    assert "Mon 2018-03-05 09:00:00Z 14 refund +34.0 ITC 34.0 ITC itk-10-dispute-and-debt--confirmed:" in text
    assert "offset -0.8 ITC 33.2 ITC itk-10-dispute-and-debt--confirmed: debts come first" in text
    assert text.endswith("closing 0.0 ITC")
    assert all(len(line) <= 100 and line == line.rstrip() for line in done.out.splitlines())


def test_windows_that_touch_add_up(run: Any, books: Path) -> None:
    """A date is its beginning in UTC; the first window ends with what the next one begins with."""
    first = _statement(run, books, _FREE, "ITC", "--until", "2018-03-02", "--json").document
    rest = _statement(run, books, _FREE, "ITC", "--since", "2018-03-02T00:00:00Z", "--json").document

    assert first["until"] == rest["since"] == "2018-03-02T00:00:00Z"
    assert first["closing"] == rest["opening"] == 68
    assert len(first["lines"]) + len(rest["lines"]) == 8


def test_a_line_on_the_edge_belongs_to_the_later_window(run: Any, books: Path) -> None:
    """Windows are half-open."""
    at = "2018-03-01T09:00:00Z"

    before = _statement(run, books, _FREE, "ITC", "--until", at, "--json").document
    after = _statement(run, books, _FREE, "ITC", "--since", at, "--json").document

    assert [line["kind"] for line in before["lines"]] == ["clear", "clear"]
    assert after["lines"][0]["at"] == at


@pytest.mark.parametrize(
    "account",
    [
        "Liabilities:Students:Olga:Wallet",
        "Liabilities:Escrow:Itk-10-dispute-and-debt--confirmed:Cash",
        "Assets:Bank",
    ],
)
def test_an_account_that_nothing_happened_to_is_empty_if_it_could_be_there(account: str, run: Any, books: Path) -> None:
    """One of a party or a lesson that there is has a statement, in any currency that is known."""
    done = _statement(run, books, account, "EUR", "--json")

    assert (done.code, done.document["lines"], done.document["closing"]) == (0, [], 0)
    assert done.document["decimals"] == 2


@pytest.mark.parametrize(
    ("account", "message"),
    [
        ("Liabilities:Tutors:Tm:Available", f"did you mean '{_FREE}'?; also near: Liabilities:Tutors:Tom:Pending"),
        ("liabilities:tutors:tom:available", f"did you mean '{_FREE}'?"),
        ("Liabilities:Students:An:Wallet", "did you mean 'Liabilities:Students:Ann:Wallet'?"),
        ("Assets:Bnak", "did you mean 'Assets:Bank'?"),
        ("Assets:\x1b]0;gotcha\x07Bank", "Assets:\\x1b]0;gotcha\\x07Bank"),
        ("Liabilities:Tutors:" + "X" * 100_000 + ":Available", "unknown account"),
        ("", "unknown account ''; known: "),
    ],
)
def test_a_mistyped_account_is_told_what_may_be_meant(account: str, message: str, run: Any, books: Path) -> None:
    """The names of accounts near it; no control character reaches the terminal."""
    done = _statement(run, books, account)

    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert "\x1b" not in done.err


@pytest.mark.parametrize(("currency", "suggestion"), [("ITX", "ITC"), ("usd", "USD"), ("\x1b[31m", None)])
def test_an_unknown_currency_is_refused(currency: str, suggestion: str | None, run: Any, books: Path) -> None:
    """ISO 4217 and the units of the policies in the database are known."""
    done = _statement(run, books, _FREE, currency)

    assert done.code == 2
    assert "unknown currency" in done.err
    assert suggestion is None or f"did you mean '{suggestion}'?" in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--since", "soon"), "--since is 'soon'; expected a date such as"),
        (("--until", "2018-02-30"), "--until is '2018-02-30'; expected a date such as"),
        (("--since", "2018-03-02", "--until", "2018-03-02"), "expected something after --since, which is 2018-03-02"),
        (("--until", "99999-01-01"), "--until is '99999-01-01'"),
    ],
)
def test_a_window_that_is_none_is_refused(options: tuple[str, ...], message: str, run: Any, books: Path) -> None:
    """Before the database is looked at."""
    done = _statement(run, books, _FREE, "ITC", *options)

    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_the_trial_balance_is_that_of_the_play(run: Any, examples: Path, books: Path) -> None:
    """In both forms, line by line."""
    document = run("ledger", "trial-balance", "--db", books, "--json").document
    text = run("ledger", "trial-balance", "--db", books).out
    played = run("play", examples / "itk_10_dispute_and_debt.toml", "--db", books)

    assert document == run("play", examples / "itk_10_dispute_and_debt.toml", "--db", books, "--json").document[
        "trial_balance"
    ]  # fmt: skip
    assert played.out.endswith(text)
    assert {total["currency"] for total in document["totals"]} == {"ITC", "USD"}


def test_amounts_of_a_unit_that_no_policy_in_the_database_has_are_minor_ones(
    run: Any, write: Callable[[str], Path], tmp_path: Path
) -> None:
    """A wallet was filled, but no lesson was asked for, so nothing says how many decimals there are."""
    db = tmp_path / "filled.db"
    run("play", write("[[steps]]\nat = 2026-03-26T09:00:00Z\ndo = 'sweep'\n"), "--db", db)

    unused = _statement(run, db, "Income:Fees:Commission", "USD", "--json").document
    text, refused = run("ledger", "trial-balance", "--db", db), _statement(run, db, "Equity:Conversion")

    assert text.code == 0
    assert "300 minor ITC" in text.out
    assert "3.00 USD" in text.out
    assert (refused.code, unused["lines"]) == (2, [])
    with looking_at(str(db)) as tx:
        assert Amounts.of(tx).text(5, "ITC") == "5 minor ITC"


def test_control_characters_in_the_books_are_escaped(run: Any, examples: Path, tmp_path: Path) -> None:
    """A reason that somebody gave is part of an entry, and is shown without its effects."""
    text = (examples / "itk_10_dispute_and_debt.toml").read_text(encoding="utf-8")
    folder = tmp_path / "policies"
    folder.mkdir()
    name = "italki_payouts.toml"
    (folder / name).write_text((examples / "policies" / name).read_text(encoding="utf-8"))
    file, db = tmp_path / "scenario.toml", tmp_path / "hostile.db"
    file.write_text(text.replace('"no such account"', '"no \\u001B[2J such\\u0007\\u202E account"'), encoding="utf-8")

    played = run("play", file, "--db", db)
    listed = _statement(run, db, _FREE)

    assert (played.code, listed.code) == (0, 0)
    for out in (played.out, listed.out):
        assert "no \\x1b[2J such\\x07\\u202e account" in " ".join(out.split())
        assert "\x1b" not in out
        assert "\u202e" not in out
