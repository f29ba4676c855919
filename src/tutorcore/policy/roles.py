"""Who may act in a lesson.

A lesson *binds* a student, a tutor, a payer and a requester (a parent may be the last two); one person may hold
several of these. Operator, admin, agent and system are *grants* of the marketplace and hold for every lesson; system
is the platform's own software, such as what reports for a meeting provider.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Role: TypeAlias = Literal["student", "tutor", "payer", "requester", "operator", "admin", "agent", "system"]

BOUND_ROLES: tuple[Role, ...] = ("student", "tutor", "payer", "requester")
GRANTED_ROLES: tuple[Role, ...] = ("operator", "admin", "agent", "system")
ROLES: tuple[Role, ...] = BOUND_ROLES + GRANTED_ROLES
