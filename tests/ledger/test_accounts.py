from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import LessonId, PartyId
from tutorcore.ledger import (
    BANK,
    COMMISSION,
    CONVERSION,
    PAYOUT_FEES,
    Account,
    AccountKind,
    available,
    escrow,
    is_limited,
    natural,
    parse_account,
    pending,
    receivable,
    wallet,
    withdrawing,
)
from tutorcore.ledger.accounts import due, owed

# The grammar of beancount 2 and 3, without the letters beyond ASCII that no id has.
_BEANCOUNT = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")

_OWNED: list[AccountKind] = [
    "wallet",
    "escrow",
    "pending",
    "available",
    "withdrawing",
    "receivable",
    "owed",
    "due",
]
_IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", fullmatch=True)
# Ids that try to look like what the escape makes of others.
_TRICKY = st.lists(st.sampled_from(["x", "X", "U", "-", "_", "A", "a", "2D", "5F", "-x5F-", "-xU-"]), max_size=10).map(
    lambda parts: "".join(["x", *parts])[:64]
)
_ANY_ID = st.one_of(_IDS, _TRICKY, _TRICKY.map(str.capitalize))
_ACCOUNTS = st.one_of(
    st.builds(Account, st.sampled_from(_OWNED), _ANY_ID), st.sampled_from([BANK, COMMISSION, PAYOUT_FEES, CONVERSION])
)


@pytest.mark.parametrize(
    ("account", "name"),
    [
        (wallet(PartyId("ann")), "Liabilities:Students:Ann:Wallet"),
        (escrow(LessonId("7")), "Liabilities:Escrow:7:Cash"),
        (pending(PartyId("tom")), "Liabilities:Tutors:Tom:Pending"),
        (available(PartyId("tom")), "Liabilities:Tutors:Tom:Available"),
        (receivable(PartyId("tom")), "Assets:Receivable:Tutors:Tom"),
        (owed(PartyId("pam")), "Assets:Receivable:Payers:Pam"),
        (due(PartyId("tom")), "Liabilities:Tutors:Tom:Due"),
        (withdrawing(PartyId("tom")), "Liabilities:Tutors:Tom:Withdrawing"),
        (COMMISSION, "Income:Fees:Commission"),
        (PAYOUT_FEES, "Income:Fees:Payouts"),
        (BANK, "Assets:Bank"),
        (CONVERSION, "Equity:Conversion"),
    ],
)
def test_each_kind_of_account_has_its_place_in_the_chart(account: Account, name: str) -> None:
    """Roots and sub-accounts are those of a plain-text ledger, and the name leads back to the account."""
    assert account.name == name
    assert parse_account(name) == account


@pytest.mark.parametrize(
    ("owner", "component"),
    [
        ("ann", "Ann"),
        ("ann-lee", "Ann-lee"),
        ("Ann", "A-xU-nn"),
        ("7ann", "7ann"),
        ("x", "X"),
        ("X", "X-xU-"),
        ("ann_lee", "Ann-x5F-lee"),
        ("ann.lee@example.org", "Ann-x2E-lee-x40-example-x2E-org"),
        ("a-xU-nn", "A-x2D-xU-nn"),
        ("ann-x5F-lee", "Ann-x2D-x5F-lee"),
        ("ann_x5F-", "Ann-x5F-x5F-"),
        ("a-", "A-"),
        ("a--x", "A--x2D-x"),
        ("a-X5F-", "A-X5F-"),
        ("7f6c2e3a-12ab-4bcd-9eef-0123456789ab", "7f6c2e3a-12ab-4bcd-9eef-0123456789ab"),
    ],
)
def test_an_owner_stays_readable_in_the_name(owner: str, component: str) -> None:
    """Most ids only get a capital; what a component must not hold, or what would meet another id, is marked."""
    account = wallet(PartyId(owner))

    assert account.name == f"Liabilities:Students:{component}:Wallet"
    assert parse_account(account.name) == account


@given(_ACCOUNTS)
@example(Account("wallet", "a" * 64))
@example(Account("wallet", "A" + "." * 63))
def test_every_name_is_legal_and_leads_back_to_its_account(account: Account) -> None:
    """Names match beancount's grammar, and `parse_account` is the inverse."""
    name = account.name

    assert _BEANCOUNT.fullmatch(name) is not None
    assert parse_account(name) == account


@given(_ACCOUNTS, _ACCOUNTS)
@example(Account("wallet", "Ann"), Account("wallet", "ann"))
@example(Account("wallet", "a_b"), Account("wallet", "a-x5F-b"))
def test_two_accounts_never_share_a_name(one: Account, other: Account) -> None:
    """Names are equal exactly where accounts are."""
    assert (one.name == other.name) == (one == other)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Assets",
        "Assets:Bank:",
        "Assets:Banker",
        "assets:bank",
        "Liabilities:Students:Ann",
        "Liabilities:Students::Wallet",
        "Liabilities:Students:Wallet",
        "Liabilities:Students:ann:Wallet",
        "Liabilities:Students:Ann:Wallet:Wallet",
        "Liabilities:Students:Ann:Lee:Wallet",
        "Liabilities:Students:Ann_lee:Wallet",
        "Liabilities:Students:Ann-x41-:Wallet",
        "Liabilities:Students:Ann-x2D-lee:Wallet",
        "Liabilities:Students:Ann-xU-:Wallet",
        "Liabilities:Students:7-xU-:Wallet",
        "Liabilities:Students:Ann-xZ:Wallet",
        "Liabilities:Students:Ann-xE9-:Wallet",
        "Liabilities:Students:" + "A" * 65 + ":Wallet",
        "Liabilities:Tutors:Tom:Wallet",
        "Assets:Receivable:Tutors:",
        "Assets:Receivable:Payers:",
        "Assets:Receivable:Pam",
        "Liabilities:Tutors:Tom:Owed",
        "Liabilities:Students:Ann:Wallet\n",
    ],
)
def test_a_text_that_names_no_account_is_refused(name: str) -> None:
    """Only what `Account.name` makes is read, so that no account has two names."""
    with pytest.raises(InvalidValue):
        parse_account(name)


@given(st.text(alphabet="AUax25DFE0-:_", max_size=12))
def test_whatever_is_read_prints_back_the_same(component: str) -> None:
    """Reading is strict: a name that is accepted is the account's own."""
    name = f"Liabilities:Escrow:{component}:Cash"
    try:
        account = parse_account(name)
    except InvalidValue:
        return

    assert account.name == name


def test_a_name_is_a_text() -> None:
    """Anything but a text is refused by its type."""
    with pytest.raises(InvalidType, match="account name is 7 of type int"):
        parse_account(7)  # type: ignore[arg-type]  # The mistake under test.


@pytest.mark.parametrize("make", [wallet, pending, available, withdrawing, receivable, owed, due])
def test_an_account_of_a_party_checks_the_id(make: object) -> None:
    """A constructor refuses what is no id."""
    with pytest.raises(InvalidValue, match="party is 'ann lee'"):
        make(PartyId("ann lee"))  # type: ignore[operator]  # One of seven functions of the same shape.


def test_an_escrow_checks_the_id() -> None:
    """A constructor refuses what is no id."""
    with pytest.raises(InvalidValue, match="lesson is ''"):
        escrow(LessonId(""))


@pytest.mark.parametrize(
    ("account", "limited", "shown"),
    [
        (wallet(PartyId("ann")), True, 5),
        (escrow(LessonId("l1")), True, 5),
        (pending(PartyId("tom")), True, 5),
        (available(PartyId("tom")), True, 5),
        (withdrawing(PartyId("tom")), True, 5),
        (COMMISSION, False, 5),
        (PAYOUT_FEES, False, 5),
        (CONVERSION, False, 5),
        (BANK, False, -5),
        (receivable(PartyId("tom")), False, -5),
        (owed(PartyId("pam")), False, -5),
        (due(PartyId("tom")), False, 5),
    ],
)
def test_limits_and_signs_follow_the_kind(account: Account, limited: bool, shown: int) -> None:
    """What is owed to others is limited; a stored credit of 5 shows as 5 where credit is what the account is for."""
    assert is_limited(account) is limited
    assert natural(account, -5) == shown


@given(_ACCOUNTS)
def test_only_assets_grow_by_debit(account: Account) -> None:
    """The natural sign agrees with the root of the name."""
    assert (natural(account, 1) == 1) == account.name.startswith("Assets:")
