"""Every letter: each row of each preset, told to everybody whom it may concern, in every language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Final

import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import instant
from tutorcore.lessons import Brief, Change, Command, Lesson, Meeting, Particulars, Problem, Settled, Terms
from tutorcore.policy import Settlement, load_preset, machine_of
from tutorcore.policy.machine import CompiledCase, Machine, Place, Row, Why
from tutorcore.policy.presets import preset_names
from tutorcore.policy.settlement import Legs
from tutorcore.text.letters import Cast, Letter, Reader, lesson_letter, reminder_letter
from tutorcore.text.locales import LOCALES, PSEUDO
from tutorcore.text.words import words_for

NOW: Final = instant("2026-03-02T09:00:00Z")
START: Final = instant("2026-03-09T09:00:00Z")
HOUR: Final = timedelta(hours=1)
STUDENT, TUTOR, PARENT = PartyId("1"), PartyId("2"), PartyId("3")

# Names without a plain letter, so that the pseudo-locale shows every plain letter that no catalogue has given.
CAST: Final = Cast(
    {STUDENT: "Ŝŧû <b>", TUTOR: "Ŧŵŧ & Çö", PARENT: "Ƥåŕ"},
    {STUDENT: "America/New_York", TUTOR: "Europe/Berlin", PARENT: "America/New_York"},
)
READERS: Final = (
    Reader(STUDENT, "America/New_York"),
    Reader(TUTOR, "Europe/Berlin"),
    Reader(PARENT, "America/New_York"),
    Reader(None, "UTC", "operator"),
)
SPLIT: Final = Settlement.of({"tutor": "50%", "student": "rest"})
PAID: Final[Legs] = (("payer", 1000), ("tutor", 1200), ("platform", 300))
DUE: Final[Legs] = (("owed", -1500), ("due", 1200), ("platform", 300))
LINKS: Final = (("student", "https://⌘/1"), ("tutor", "https://⌘/2"))


@cache
def steps(name: str) -> tuple[tuple[Lesson | None, Lesson], ...]:
    """Every step of a preset: each case of each row, with a version before it and one after it."""
    machine = machine_of(load_preset(name))
    return tuple(
        (None if place.name == "" else before_of(machine, place), after_of(machine, place, row, case))
        for place in (machine.outside, *machine.places)
        for row in rows_of(place)
        for case in row.cases
    )


def rows_of(place: Place) -> Iterator[Row]:
    """Every row that starts from a place."""
    for rows in place.moves.values():
        yield from rows
    yield from place.timeouts


def before_of(machine: Machine, place: Place) -> Lesson:
    """A lesson that stands there, with all that it may have there."""
    beside = place.state.beside
    stands = next(each for each in machine.places if opens(each, place)) if beside else place
    brief = Brief(LessonId("7"), machine.hash, "UTC", machine.process.unit.code, NOW, TUTOR, STUDENT, PARENT, PARENT)
    begun = stands.state.slot == "firm" and not stands.state.agreed
    held = 0 if machine.process.settles == "due" else 2500
    said = Particulars(split=SPLIT, remedy="split")
    lesson = Lesson(
        brief, 4, START + HOUR / 2 if begun else NOW, machine.nothing, stands, None,
        Terms(1, START, START + HOUR, 2500, "trial"), None, 1, held, (), None, None, {"entered": NOW}, None,
        Meeting("⌘", LINKS, 1) if stands.state.meeting else None,
        Problem(2, "student", "late", said) if stands.state.problem else None,
        Settled(PAID, NOW, None) if stands.state.over else None,
    )  # fmt: skip
    if not beside:
        return with_deadline(lesson)
    offer = Terms(2, START + 48 * HOUR, START + 50 * HOUR, 3000, "trial")
    return with_deadline(lesson)._replace(change=change_at(machine, place, offer))


def opens(place: Place, change: Place) -> bool:
    """Whether a change can be opened there that lies in that other place."""
    return not place.state.beside and any(row.opens is change for row in rows_of(place))


def change_at(machine: Machine, place: Place, terms: Terms) -> Change:
    """An open change that lies in a place."""
    return Change(terms, place, NOW + 12 * HOUR, why_of(machine, place) if place.timeouts else None)


def with_deadline(lesson: Lesson) -> Lesson:
    """The lesson with the first timeout of where it stands as its deadline."""
    if not lesson.place.timeouts:
        return lesson._replace(due=None, why=None)
    return lesson._replace(due=START + 24 * HOUR, why=why_of(lesson.machine, lesson.place))


def why_of(machine: Machine, place: Place) -> Why:
    """The reason of a deadline there."""
    row = place.timeouts[0]
    return Why(machine, f"{row.id}.0", place.name, "it is due", "it is due", row)


def after_of(machine: Machine, place: Place, row: Row, case: CompiledCase) -> Lesson:
    """What the row makes of it, as far as letters look at it."""
    asked = row.enters if place.name == "" else None
    before = before_of(machine, asked or place)
    enters = row.enters or before.place
    command = None if not row.by else command_of(row)
    legs: Legs = () if case.split is None else DUE if machine.process.settles == "due" else PAID
    change = before.change
    if row.closes or row.enters is not None:
        change = None
    if row.opens is not None:
        change = change_at(machine, row.opens, Terms(3, START + HOUR, START + 3 * HOUR, 2000, ""))
    proposed = row.terms == "propose" and row.opens is None
    return with_deadline(
        before._replace(
            number=before.number + 1,
            step=case.step,
            place=enters,
            command=command,
            terms=Terms(5, START + 24 * HOUR, START + 25 * HOUR, 3500) if proposed else before.terms,
            change=change,
            held=0 if case.split is not None and not row.refunds else before.held,
            legs=legs,
            meeting=before.meeting if enters.state.meeting else None,
            problem=before.problem or Problem(2, "tutor", "late", Particulars(remedy="reschedule"))
            if enters.state.problem
            else None,
        )
    )


def command_of(row: Row) -> Command:
    """What somebody said who took the row."""
    actor = {"student": STUDENT, "tutor": TUTOR, "payer": PARENT, "requester": PARENT}.get(row.by[0], PartyId("9"))
    verb = row.id.split(".")[-2]
    said = Particulars(details={"⌘": "⌘"}, blamed="tutor")
    return Command(verb, actor, Key("1"), LessonId("7"), reason="late", note="⌘ <script>", particulars=said)


@cache
def different_steps() -> tuple[tuple[Lesson | None, Lesson], ...]:
    """The steps of all presets, without those of which everybody reads the same, but for the money, as of another."""
    found: dict[object, tuple[Lesson | None, Lesson]] = {}
    for before, version in (step for name in preset_names() for step in steps(name)):
        read = [lesson_letter(words_for("en"), CAST, reader, before, version) for reader in READERS]
        key = tuple((each.subject, each.paragraphs, tuple(label for label, _ in each.facts)) for each in read)
        found.setdefault(key, (before, version))
    return tuple(found.values())


def letters(locale: str) -> Iterator[tuple[str, Letter]]:
    """Every letter of a language, with what it is about."""
    words = words_for(locale)
    for before, version in different_steps():
        for reader in READERS:
            label = f"{version.machine.process.name} {version.step.id} to {reader.party or reader.desk}"
            yield label, lesson_letter(words, CAST, reader, before, version, brand="⌘")
    for name in ("italki", "itutor"):  # Between them they have every state.
        machine = machine_of(load_preset(name))
        for place in machine.places:
            for reader in READERS:
                stands = before_of(machine, place)
                yield f"{name} {place.name}: reminder", reminder_letter(words, CAST, reader, stands, brand="⌘")


@pytest.mark.slow
@pytest.mark.parametrize("locale", [*LOCALES, PSEUDO])
def test_every_row_of_every_preset_is_told_to_everybody(locale: str) -> None:
    """No placeholder is left, nothing is empty, every subject is one line, and no page has anything but our markup."""
    for label, letter in letters(locale):
        said = lines(letter)
        assert all(each.strip() and each.isprintable() for each in map(without_marks, said)), (label, said)
        assert "%(" not in letter.text, label
        assert "<b>" not in letter.html, label
        assert "<script" not in letter.html, label
        assert letter.locale == locale, label


def lines(letter: Letter) -> list[str]:
    """Everything that a letter says, piece by piece."""
    facts = [part for fact in letter.facts for part in fact]
    return [letter.subject, letter.short, *letter.paragraphs, *facts, *(letter.link or ())]


def without_marks(text: str) -> str:
    """The text without the blanks and the invisible marks that keep values in one piece."""
    return re.sub("[\u200e\u200f\u2068\u2069]", "", text).replace("\u00a0", " ").replace("\u202f", " ")


# What is no sentence: dates, places, lengths and lists as English writes them, currencies, and what users wrote.
NO_SENTENCES: Final = re.compile(
    r"\b[A-Z][a-z]+day, [A-Z][a-z]+ \d+, \d{4}|\bUTC\b|Berlin|New York|\b\d+ (?:hour|minute)s?\b|\b(?:and|or)\b"
    r"|\b[A-Z]{3}\b|https|<b>|<script>|“late”"
)


@pytest.mark.slow
def test_no_word_is_written_that_no_catalogue_has() -> None:
    """In the pseudo-locale every plain letter is one that nobody could translate."""
    found = set()
    for label, letter in letters(PSEUDO):
        found |= {(label, line) for line in lines(letter) if re.search("[A-Za-z]", NO_SENTENCES.sub("", line))}

    assert not found, sorted(found)[:5]


@pytest.mark.parametrize("name", preset_names())
def test_every_row_of_a_preset_has_a_sentence_of_its_own(name: str) -> None:
    """Only who comes and goes is told by the name of the verb, and that is told to nobody."""
    words = words_for("en")
    for before, version in steps(name):
        letter = lesson_letter(words, CAST, READERS[0], before, version)

        by_name = "done this with the lesson" in letter.subject or "A deadline of the lesson" in letter.subject
        assert by_name == (version.step.records in ("joined", "left")), version.step.id
