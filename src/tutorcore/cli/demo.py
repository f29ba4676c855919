"""`tutorcore demo`: play the scenarios about italki that come with tutorcore."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tutorcore.cli.answer import FINDINGS, FINE, Answer, as_json
from tutorcore.cli.document import document_of
from tutorcore.cli.play import play_in
from tutorcore.cli.reading import load_scenario
from tutorcore.cli.timeline import timeline_of

_PLAYED: Final = ("italki_lesson.toml", "itk_19_expiry.toml", "itk_9_student_lapse.toml", "italki_24h_lesson.toml")

_AFTERWORD = """\
Each scenario ran on a SQLite database of its own. Play one yourself, keep its database, change the policy:

  tutorcore play {folder}/italki_lesson.toml --db lessons.db
  tutorcore policy show italki
"""


def examples_folder() -> Path:
    """Return the folder of the examples: in the installed package, or in the project that it is run from."""
    here = Path(__file__).resolve()
    installed = here.parent / "examples"
    return installed if installed.is_dir() else here.parents[3] / "examples"


def demo(*, json: bool) -> Answer:
    """Return the timelines (or the documents) of the scenarios."""
    folder = examples_folder()
    reports = [play_in(load_scenario(folder / name), None) for name in _PLAYED]
    code = FINE if all(report.is_expected for report in reports) else FINDINGS
    if json:
        return Answer(as_json({"scenarios": [document_of(report) for report in reports]}), code)
    texts = [timeline_of(report) for report in reports]
    return Answer("\n\n".join([*texts, _AFTERWORD.format(folder=folder)]), code)
