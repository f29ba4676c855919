"""`tutorcore play FILE`: run a scenario on SQLite and tell what came of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.cli.answer import FINDINGS, FINE, Answer, as_json
from tutorcore.cli.document import document_of
from tutorcore.cli.reading import load_scenario
from tutorcore.cli.report import Report
from tutorcore.cli.running import Progress, play_scenario
from tutorcore.cli.scenario import Scenario
from tutorcore.cli.timeline import timeline_of
from tutorcore.ports.storage import Storage

_WORTH_WATCHING = 200
"""From how many steps on it is told how far a run has come."""


def play(file: str, db: str | None, *, json: bool) -> Answer:
    """Return the timeline (or the document) of the scenario in `file`, run in the database `db` if one is named."""
    report = play_in(load_scenario(Path(file)), db)
    text = as_json(document_of(report)) if json else timeline_of(report)
    return Answer(text, FINE if report.is_expected else FINDINGS)


def play_letters(file: str, db: str | None, wording: str | None, *, json: bool) -> Answer:
    """Return what the people of the scenario are written instead, in the wording of a folder, having run it likewise.

    What is wrong with the folder is raised before anything is run.
    """
    from tutorcore.cli.letters import letters_data, letters_of, letters_text, writer_of

    scenario, writer = load_scenario(Path(file)), writer_of(wording)
    with _stored(db) as storage:
        report = _played(scenario, storage)
        with storage.reading() as tx:
            letters = letters_of(tx, report, writer)
    text = as_json({"scenario": scenario.id, "letters": letters_data(letters)}) if json else letters_text(letters)
    return Answer(text, FINE if report.is_expected else FINDINGS)


def play_in(scenario: Scenario, db: str | None) -> Report:
    """Play a scenario in a database file; in one that is thrown away afterwards if none is named."""
    with _stored(db) as storage:
        return _played(scenario, storage)


@contextmanager
def _stored(db: str | None) -> Iterator[Storage]:
    with TemporaryDirectory(prefix="tutorcore-") if db is None else nullcontext("") as folder:
        storage = open_sqlite(db or str(Path(folder, "scenario.db")))
        try:
            yield storage
        finally:
            storage.close()


def _played(scenario: Scenario, storage: Storage) -> Report:
    with _progress(scenario) as progress:
        return play_scenario(scenario, storage, progress)


@contextmanager
def _progress(scenario: Scenario) -> Iterator[Progress | None]:
    """Tell on a terminal how far a long run has come, and wipe that away at its end."""
    total = len(scenario.steps)
    if total < _WORTH_WATCHING or not sys.stderr.isatty():
        yield None
        return

    def tell(done: int) -> None:
        if done % 20 == 0 or done == total:
            print(f"\rstep {done} of {total}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
