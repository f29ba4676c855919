"""What may be taken away from a tutor for a time: the words that guards and the rules about standing share."""

from __future__ import annotations

from typing import Literal, TypeAlias

Restriction: TypeAlias = Literal["hidden", "existing_only", "requests_blocked", "wallet_frozen", "locked"]

RESTRICTIONS: tuple[Restriction, ...] = ("hidden", "existing_only", "requests_blocked", "wallet_frozen", "locked")
