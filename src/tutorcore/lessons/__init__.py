"""Lessons: the versions that record them, and the functions that decide the next one."""

from tutorcore.lessons.decision import advance, counts_needed, decide, lapse
from tutorcore.lessons.lesson import (
    NO_FACTS,
    Brief,
    Change,
    Command,
    Deadline,
    Facts,
    Lesson,
    Offer,
    Terms,
    next_deadline,
)
from tutorcore.lessons.options import Option, Preview, allowed, preview
from tutorcore.lessons.projections import (
    Claim,
    Clearing,
    Mark,
    Notice,
    claims_of,
    clearing_entry,
    clearing_of,
    entry_of,
    mark_of,
    notice_of,
)
from tutorcore.lessons.refusals import PRECEDENCE, Refusal, Refused

__all__ = [
    "NO_FACTS",
    "PRECEDENCE",
    "Brief",
    "Change",
    "Claim",
    "Clearing",
    "Command",
    "Deadline",
    "Facts",
    "Lesson",
    "Mark",
    "Notice",
    "Offer",
    "Option",
    "Preview",
    "Refusal",
    "Refused",
    "Terms",
    "advance",
    "allowed",
    "claims_of",
    "clearing_entry",
    "clearing_of",
    "counts_needed",
    "decide",
    "entry_of",
    "lapse",
    "mark_of",
    "next_deadline",
    "notice_of",
    "preview",
]
