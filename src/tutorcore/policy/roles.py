"""Who may act in a lesson.

A lesson *binds* a student, a tutor, a payer and a requester (a parent may be the last two); one person may hold
several of these. Operator, admin and agent are *grants* of the marketplace and hold for every lesson.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Role: TypeAlias = Literal["student", "tutor", "payer", "requester", "operator", "admin", "agent"]

BOUND_ROLES: tuple[Role, ...] = ("student", "tutor", "payer", "requester")
GRANTED_ROLES: tuple[Role, ...] = ("operator", "admin", "agent")
ROLES: tuple[Role, ...] = BOUND_ROLES + GRANTED_ROLES
