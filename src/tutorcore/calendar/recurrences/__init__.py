"""Recurrences: rules for wall times, such as every Tuesday."""
