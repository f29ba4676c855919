"""`tutorcore wording`: a catalogue to begin one's own wording with, made of sentences in which some words stand."""

from __future__ import annotations

from collections.abc import Sequence

from tutorcore.cli.answer import Answer, as_json
from tutorcore.errors import InvalidValue
from tutorcore.text.excerpts import Entry, catalogue_of, entries
from tutorcore.text.locales import lineage


def wording(locale: str, containing: Sequence[str], *, json: bool) -> Answer:
    """Return the sentences in whose English or translation one of the texts stands (all, without any) as a `.po` file.

    Upper and lower case are the same here. Raises `InvalidValue` for what names no language, and if there is no such
    sentence.
    """
    name = lineage(locale)[0]
    found = [each for each in entries(name) if not containing or any(map(each.contains, containing))]
    if not found:
        raise InvalidValue("--containing", " or ".join(containing), "words of some sentence, or of its translation")
    if json:
        return Answer(as_json({"locale": name, "sentences": [_data(each) for each in found]}))
    return Answer(catalogue_of(name, found))


def _data(entry: Entry) -> dict[str, object]:
    return {"context": entry.context, "wordings": entry.wordings, "translations": entry.said}
