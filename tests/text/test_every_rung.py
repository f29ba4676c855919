"""Every rung of every ladder of every preset, fired and told to the tutor and to the desk, in every language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Final, NamedTuple

import pytest

from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import instant
from tutorcore.policy import load_preset
from tutorcore.policy.account import AccountRules, Rung
from tutorcore.policy.presets import preset_names
from tutorcore.standing import Lapse, Standing, lapsed
from tutorcore.text.letters import Cast, Letter, Reader, standing_letter
from tutorcore.text.locales import LOCALES, PSEUDO
from tutorcore.text.names import restriction_name
from tutorcore.text.words import Words, words_for

TOM: Final = PartyId("tom")
NOW: Final = instant("2026-03-02T09:00:00Z")
# A name without a plain letter, so that the pseudo-locale shows every plain letter that no catalogue has given.
CAST: Final = Cast({TOM: "Ŧöɱ"}, {TOM: "Europe/Berlin"})
READERS: Final = (Reader(TOM, "Europe/Berlin"), Reader(None, "UTC", "agent"))


class Fired(NamedTuple):
    """What one lapse has brought: the rungs of one counter that it reaches first."""

    preset: str
    before: Standing | None
    standing: Standing
    rungs: tuple[Rung, ...]


@cache
def fired() -> tuple[Fired, ...]:
    """Every rung as it fires, mark by mark, a lapse every other day so that each is a report of its own."""
    return tuple(each for name in preset_names() for each in _fired(name, load_preset(name).account))


def _fired(preset: str, rules: AccountRules) -> Iterator[Fired]:
    for counter in rules.counters:
        for mark, _ in counter.marks:
            before: Standing | None = None
            for number in range(1, max((rung.at for rung in counter.ladder), default=0) + 1):
                lapse = Lapse(LessonId(f"{number}"), 2, mark, NOW + timedelta(days=2 * number))
                (standing,) = lapsed(rules, before, TOM, lapse)
                yield Fired(preset, before, standing, tuple(rung for rung in counter.ladder if rung.at == number))
                before = standing


def test_every_rung_fires_when_its_number_is_reached() -> None:
    """So the letters below are about all of them."""
    found = {(each.preset, each.standing.happening.counter, rung) for each in fired() for rung in each.rungs}
    written = {
        (name, counter.name, rung)
        for name in preset_names()
        for counter in load_preset(name).account.counters
        for rung in counter.ladder
    }

    assert found == written
    assert len(written) >= 10
    for each in fired():
        assert set(each.standing.happening.effects) == {rung.effect for rung in each.rungs}


def letters(locale: str) -> Iterator[tuple[Fired, Reader, Letter]]:
    """The letter to the tutor and to the desk about each of them."""
    words = words_for(locale)
    for each in fired():
        for reader in READERS:
            yield each, reader, standing_letter(words, CAST, reader, each.before, each.standing, brand="⌘")


def lines(letter: Letter) -> list[str]:
    """Everything that a letter says, piece by piece."""
    return [letter.subject, letter.short, *letter.paragraphs, *(part for fact in letter.facts for part in fact)]


def effect_said(words: Words, rung: Rung) -> str:
    """What a letter has to say of an effect."""
    if rung.effect == "notice":
        return words.say("This is a notice: nothing else follows from it now.")
    if rung.effect == "review":
        return words.say("The platform will examine this case.")
    return restriction_name(words, rung.effect)


@pytest.mark.parametrize("locale", [*LOCALES, PSEUDO])
def test_every_rung_is_told_in_every_language(locale: str) -> None:
    """What each rung brings stands in the letter, no placeholder is left, and nothing is empty or more than a line."""
    words = words_for(locale)
    for each, reader, letter in letters(locale):
        label = f"{each.preset} {each.standing.happening.counter} {each.standing.number} to {reader.party}"
        assert all(effect_said(words, rung) in " ".join(letter.paragraphs) for rung in each.rungs), label
        assert all(line.strip() and "\n" not in line for line in lines(letter)), label
        assert "%(" not in letter.text + letter.html, label
        assert (letter.locale, letter.direction) == (locale, words.direction), label


@pytest.mark.parametrize("locale", [each for each in LOCALES if each != "en"])
def test_no_sentence_of_a_rung_is_left_in_english(locale: str) -> None:
    """Not one paragraph, subject or short text reads as it does in English."""
    for (_, _, english), (each, _, letter) in zip(letters("en"), letters(locale), strict=True):
        said = {letter.subject, letter.short, *letter.paragraphs}
        assert said.isdisjoint({english.subject, english.short, *english.paragraphs}), each.standing.happening


NO_SENTENCES: Final = re.compile(
    r"\b[A-Z][a-z]+day, [A-Z][a-z]+ \d+, \d{4}|\bUTC\b|Berlin|\b\d+ (?:hour|minute)s?\b|\b(?:and|or)\b"
)


def test_no_word_of_a_rung_is_missing_from_the_catalogues() -> None:
    """In the pseudo-locale what is left in plain letters are dates, places and lists."""
    found = {
        line
        for _, _, letter in letters(PSEUDO)
        for line in lines(letter)
        if re.search("[A-Za-z]", NO_SENTENCES.sub("", line))
    }

    assert not found, sorted(found)[:5]
