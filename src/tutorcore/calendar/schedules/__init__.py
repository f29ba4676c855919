"""Schedules: when a tutor teaches, as data, as documents and as instants."""
