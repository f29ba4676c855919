"""Wall time: zones, the instants that wall times mean, and arithmetic in calendar units."""

from tutorcore.calendar.zones import (
    DISAMBIGUATIONS,
    Disambiguation,
    add_calendar,
    at_time,
    end_of_day,
    first_instant,
    local_date,
    start_of_day,
    to_instant,
    to_local,
    tzdata_version,
    zone,
    zone_names,
)

__all__ = [
    "DISAMBIGUATIONS",
    "Disambiguation",
    "add_calendar",
    "at_time",
    "end_of_day",
    "first_instant",
    "local_date",
    "start_of_day",
    "to_instant",
    "to_local",
    "tzdata_version",
    "zone",
    "zone_names",
]
