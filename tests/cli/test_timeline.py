"""Timelines as people read them: whole ones, line by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tutorcore.calendar.zones.wall_time import tzdata_version

_HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("name", ["educai_request", "itutor_no_show", "itk_17_missed_requests"])
def test_a_timeline_tells_all_that_happened(name: str, run: Any, examples: Path) -> None:
    """Requests by others, joins, claims, disputes, meetings, reminders, reviews, dues and standings are in it."""
    expected = (_HERE / f"{name}.txt").read_text(encoding="utf-8")

    done = run("play", examples / f"{name}.toml")

    shown = re.sub(r"\([0-9a-f]{12}\)", "(HASH)", done.out.replace(tzdata_version(), "TZDATA"))
    assert (done.code, done.err) == (0, "")
    assert shown == expected
