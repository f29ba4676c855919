"""Standing: what becomes of a tutor's lapses. Reports, counts, ladders, and what agents and the tutor do about them."""

from tutorcore.standing.handling import STANDING_VERBS, StandingCommand, StandingVerb, handle, not_theirs
from tutorcore.standing.records import standing_of, standing_record
from tutorcore.standing.reports import lapsed
from tutorcore.standing.standing import (
    Happened,
    Happening,
    Imposed,
    Lapse,
    Report,
    ReportState,
    Reset,
    Standing,
    count,
    in_force,
    open_reports,
    restrictions,
)

__all__ = [
    "STANDING_VERBS",
    "Happened",
    "Happening",
    "Imposed",
    "Lapse",
    "Report",
    "ReportState",
    "Reset",
    "Standing",
    "StandingCommand",
    "StandingVerb",
    "count",
    "handle",
    "in_force",
    "lapsed",
    "not_theirs",
    "open_reports",
    "restrictions",
    "standing_of",
    "standing_record",
]
