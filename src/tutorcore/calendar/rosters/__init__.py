"""Rosters: thousands of tutors searched at once."""
