"""The page about schedules says what they are, and the examples are schedules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tutorcore.calendar.agendas.verdicts import CODES
from tutorcore.calendar.schedules.document import dump_schedule, load_schedule, schedule_of, schedule_text
from tutorcore.calendar.schedules.schedule import Schedule
from tutorcore.cli.agenda_files import load_agenda
from tutorcore.errors import Mistakes

_ROOT = Path(__file__).resolve().parents[2]
_PAGE = (_ROOT / "docs" / "reference" / "schedule.md").read_text(encoding="utf-8")
_SNIPPETS = re.findall(r"^```toml\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
_EXAMPLES = sorted((_ROOT / "examples" / "schedules").iterdir())


def test_the_page_lists_every_reason_in_its_order() -> None:
    """What a verdict can say is what is documented."""
    codes = re.findall(r"^\| `(\w+)` \| ", _PAGE.partition("## Why not")[2], re.MULTILINE)

    assert tuple(codes) == CODES


def test_the_page_names_every_key() -> None:
    """Whatever a reader of schedules knows stands on the page."""
    with pytest.raises(Mistakes) as caught:
        load_schedule("""
            _ = 1
            seasons = [{ weekly = {}, _ = 1 }]
            blackouts = [{ _ = 1 }]
            moves = [{ _ = 1 }]
            booking = { _ = 1 }
        """)

    lists = [str(mistake).partition("known here: ")[2] for mistake in caught.value.exceptions]
    keys = {key for known in lists for key in re.findall(r"'(\w+)'", known)}
    assert {"zone", "horizon_days", "at", "to"} <= keys
    assert [key for key in sorted(keys) if not re.search(rf"`\[*{key}\b", _PAGE)] == []


@pytest.mark.parametrize("number", range(len(_SNIPPETS)))
def test_what_the_page_shows_as_a_schedule_is_one(number: int, tmp_path: Path) -> None:
    """Its snippets are whole files."""
    file = tmp_path / "schedule.toml"
    file.write_text(_SNIPPETS[number], encoding="utf-8")

    schedule, _ = load_agenda(file)

    assert schedule.zone == "Europe/Berlin"


@pytest.mark.parametrize("file", _EXAMPLES, ids=lambda file: file.name)
def test_an_example_is_a_schedule_that_survives_being_stored(file: Path) -> None:
    """Each file in examples/schedules is read without a mistake, and both forms keep it."""
    schedule, _ = load_agenda(file)

    kept = [schedule_of(schedule_text(schedule)), load_schedule(dump_schedule(schedule))]

    assert isinstance(schedule, Schedule)
    assert kept == [schedule, schedule]
    assert schedule.rules
