"""iCalendar (RFC 5545): invitations, calendars written, and other people's calendars read as busy and available times.

What is read is parsed by the package icalendar, which comes with the extra `ical`; nothing here imports it before it is
needed, and writing does without it.
"""
