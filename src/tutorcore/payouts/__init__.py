"""Withdrawals: whether, when and how much of their earnings tutors may take out.

Start with `Withdrawal` and the functions that change it: `apply`, `withdraw`, `paid` and `returned`. `spend` says
whether earnings may be spent on lessons instead. `worth` says what an amount in a pegged unit is for a bank.
"""

from tutorcore.payouts.withdrawals import (
    APPLY,
    PAID,
    RETURNED,
    SPEND,
    WITHDRAW,
    WITHDRAWAL_STATES,
    Withdrawal,
    WithdrawalState,
    apply,
    paid,
    returned,
    spend,
    withdraw,
)
from tutorcore.payouts.worth import least_worth, worth

__all__ = [
    "APPLY",
    "PAID",
    "RETURNED",
    "SPEND",
    "WITHDRAW",
    "WITHDRAWAL_STATES",
    "Withdrawal",
    "WithdrawalState",
    "apply",
    "least_worth",
    "paid",
    "returned",
    "spend",
    "withdraw",
    "worth",
]
