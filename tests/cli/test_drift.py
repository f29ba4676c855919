"""`tutorcore drift`: what new rules of time zones have moved on whose clock."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tutorcore import Marketplace, instant, load_preset, open_sqlite
from tutorcore.calendar.zones.databases import TZDATA
from tutorcore.calendar.zones.stored_times import StoredTime

_NOW = instant("2026-10-01T12:00:00Z")
_HOUR = timedelta(hours=1)


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Return a database in which a lesson is asked for, with wall times that earlier databases could have given."""
    path = tmp_path / "lessons.db"
    with open_sqlite(path) as storage:
        market = Marketplace(storage, [load_preset("italki")])
        market.add_party("ann", zone="America/Vancouver")
        market.add_party("tom", zone="Europe/Berlin")
        market.top_up("ann", market.money("50.0", "ITC"), key="pay", now=_NOW)
        market.request(
            student="ann", tutor="tom", start=instant("2026-12-01T16:00:00Z"), duration=_HOUR, price="10.0",
            key="ask", lesson="lesson-7", now=_NOW,
        ).or_raise()  # fmt: skip
        anns, toms = market.clocks.of("lesson-7")
        eight = anns.start.local - _HOUR
        former = StoredTime(anns.start.at, eight, "America/Vancouver", anns.start.offset - _HOUR, "2025b")
        gone = StoredTime(toms.start.at, toms.start.local, "Europe/Atlantis", toms.start.offset, "2020a")
        with storage.transaction() as tx:
            tx.put_wall_times([anns._replace(start=former), toms._replace(start=gone)])
    return path


def test_a_moved_wall_time_is_shown_with_both_ways_out(run: Any, asked: Path) -> None:
    """What was kept, what the clock will show, and when the old wall time is; exit code 1, for something was found."""
    done = run("drift", "--db", asked, "--now", "2026-10-01T12:00:00Z")

    assert done.code == 1
    assert done.out == (
        f"now is Thu 2026-10-01 12:00:00Z; time zones of tzdata {TZDATA.version}\n"
        "\n"
        "lesson-7, which begins Tue 2026-12-01 16:00:00Z\n"
        "  ann: Tue 2026-12-01 08:00:00 -08:00 in America/Vancouver by tzdata 2025b; now Tue 2026-12-01\n"
        "      09:00:00 -07:00. The old wall time is Tue 2026-12-01 15:00:00Z\n"
        "  tom: Tue 2026-12-01 17:00:00 +01:00 in Europe/Atlantis by tzdata 2020a; there is no such zone now\n"
    )


def test_programs_get_the_texts_of_stored_times(run: Any, asked: Path) -> None:
    """Each drift with its lesson, proposal and party; null where the zone is gone."""
    document = json.loads(run("drift", "--db", asked, "--now", "2026-10-01T12:00:00Z", "--json").out)

    assert document == {
        "now": "2026-10-01T12:00:00Z",
        "tzdata": TZDATA.version,
        "drift": [
            {
                "lesson": "lesson-7",
                "proposal": 1,
                "party": "ann",
                "start": "2026-12-01T16:00:00Z",
                "stored": "2026-12-01T08:00:00-08:00[America/Vancouver][_tzdata=2025b]",
                "instant_kept": f"2026-12-01T09:00:00-07:00[America/Vancouver][_tzdata={TZDATA.version}]",
                "wall_kept": f"2026-12-01T08:00:00-07:00[America/Vancouver][_tzdata={TZDATA.version}]",
            },
            {
                "lesson": "lesson-7",
                "proposal": 1,
                "party": "tom",
                "start": "2026-12-01T16:00:00Z",
                "stored": "2026-12-01T17:00:00+01:00[Europe/Atlantis][_tzdata=2020a]",
                "instant_kept": None,
                "wall_kept": None,
            },
        ],
    }


def test_nothing_to_tell_is_said(run: Any, asked: Path) -> None:
    """After the lesson has begun there is nothing left to move."""
    done = run("drift", "--db", asked, "--now", "2026-12-01T16:00:01Z")

    assert done.code == 0
    assert done.out.endswith("\n\nEvery clock shows what it was to show at every start to come.\n")


def test_only_databases_that_are_there_are_looked_at(run: Any, tmp_path: Path) -> None:
    """As for the other commands that look into a database."""
    done = run("drift", "--db", tmp_path / "none.db")

    assert done.code == 2
    assert "there is no database" in done.err
