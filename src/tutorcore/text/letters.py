"""Letters about lessons: what one person is told of a step, or reminded of, in their language and on their clock.

A letter is made of two versions and nothing else: what happened, the facts, whose turn it is and until when, what
happens by itself then, and what the reader can do. So it is the same however late it is sent, and the deadline in it is
the one that is stored. What it says the reader can do is what the table has for them where the lesson stands, and until
when, as far as the table can tell; whether it is still open when they come to it, the engine says then.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tutorcore.lessons.decision import rows_open
from tutorcore.lessons.lesson import Lesson, next_deadline
from tutorcore.lessons.options import shuts
from tutorcore.lessons.projections import mark_of
from tutorcore.policy.machine import Row
from tutorcore.policy.roles import BOUND_ROLES
from tutorcore.text.lesson_facts import Fact, facts_about, facts_of
from tutorcore.text.letter import Letter
from tutorcore.text.names import mark_name, verb_name
from tutorcore.text.readers import Cast, Reader, View
from tutorcore.text.rules import in_a_row
from tutorcore.text.standing_letters import standing_letter
from tutorcore.text.tellings import happened, headline, put_on_the_table
from tutorcore.text.turns import what_if_not, whose_turn
from tutorcore.text.words import Words, cleaned

__all__ = ["Cast", "Letter", "Reader", "leaving_letter", "lesson_letter", "reminder_letter", "standing_letter"]

_COMINGS = ("joined", "left")


def lesson_letter(
    words: Words, cast: Cast, reader: Reader, before: Lesson | None, version: Lesson, *, brand: str = ""
) -> Letter:
    """Return what the reader is told of a version; `before` is the one before it, None for the first.

    `brand` is what the platform is called: who acts for it goes by that name, and the letter is signed with it.
    """
    view = View(words, cast, reader, brand)
    said = headline(view, before, version)
    subject = words.say_in("subject", "%(what)s %(when)s", what=said, when=view.instant(version.terms.start))
    new_time = _new_time(view, before, version)
    if new_time:
        said = subject = in_a_row(words, (said, new_time))
    paragraphs = (happened(view, before, version), *_against_you(view, version), *_what_now(view, version))
    return _letter(view, version, subject, said, paragraphs, facts_about(view, before, version))


def leaving_letter(
    words: Words, cast: Cast, reader: Reader, before: Lesson, version: Lesson, *, brand: str = ""
) -> Letter:
    """Return what the reader is told of an entry that leaves their calendar because a new one takes its place.

    It comes with the letter about the version, which carries the new entry and says all the rest.
    """
    view = View(words, cast, reader, brand)
    said = words.say(
        "The lesson of %(when)s is moved: its entry is taken out of your calendar, and a new one follows.",
        when=view.instant(before.terms.start),
    )
    paragraphs = (said, happened(view, before, version))
    letter = _letter(view, version, said, said, paragraphs, facts_about(view, before, version))
    return attrs.evolve(letter, short=said)


def reminder_letter(words: Words, cast: Cast, reader: Reader, version: Lesson, *, brand: str = "") -> Letter:
    """Return what the reader is reminded of while a lesson stands where the version left it."""
    view = View(words, cast, reader, brand)
    said = _reminded_of(view, version)
    subject = words.say("Reminder: %(what)s", what=said)
    return _letter(view, version, subject, said, (said, *_what_now(view, version)), facts_of(view, version))


def _letter(
    view: View, version: Lesson, subject: str, said: str, paragraphs: tuple[str, ...], facts: tuple[Fact, ...]
) -> Letter:
    words, turn = view.words, whose_turn(view, version)
    when = words.say("It is about the lesson of %(when)s.", when=view.instant(version.terms.start))
    return Letter(
        locale=words.locale,
        direction=words.direction,
        subject=subject,
        short=said if said == turn else in_a_row(words, (said, turn or when)),
        paragraphs=tuple(dict.fromkeys(paragraphs)),
        facts=facts,
        link=_link(view, version),
        brand=cleaned(view.brand),
        fact_line=words.say_in("fact", "%(label)s: %(value)s", label="%(label)s", value="%(value)s"),
    )


def _against_you(view: View, version: Lesson) -> Iterator[str]:
    """The mark that fell on the reader; what falls on others is none of their business."""
    mark = mark_of(version)
    if mark is not None and view.is_you(mark.party):
        yield view.words.say("This is counted against you: %(mark)s.", mark=mark_name(view.words, mark.name))


def _new_time(view: View, before: Lesson | None, version: Lesson) -> str:
    """The time that this step proposes instead of the one that stood, as a sentence; nothing where there is none."""
    proposed = put_on_the_table(before, version)
    stood = before.terms if before is not None and version.change is None else version.terms
    if proposed is None or proposed.start == stood.start:
        return ""
    return view.words.say("Proposed time: %(when)s.", when=view.instant(proposed.start))


# What comes next


def _what_now(view: View, version: Lesson) -> Iterator[str]:
    """Whose turn it is and until when, what happens by itself then, and what the reader can do."""
    words, turn = view.words, whose_turn(view, version)
    said = [each for each in (turn, *what_if_not(view, version)) if each]
    if said:
        yield in_a_row(words, said)
    moves = _moves(view, version)
    if moves:
        yield words.say("What you can do: %(moves)s.", moves=words.listed(moves, "or"))


def _moves(view: View, version: Lesson) -> list[str]:
    """What the table has for the reader where the lesson stands, called as on a button; not what time has closed."""
    places = [version.place] if version.change is None else [version.change.place, version.place]
    verbs = dict.fromkeys(verb for place in places for verb in place.moves)
    rows_by_verb = {verb: _rows_for(view, version, verb) for verb in verbs}
    return [_move(view, version, verb, rows) for verb, rows in rows_by_verb.items() if rows]


def _rows_for(view: View, version: Lesson, verb: str) -> list[Row]:
    roles = set(view.roles(version.brief))
    rows = (row for row in rows_open(version, verb) if row.records not in _COMINGS and not roles.isdisjoint(row.by))
    return [row for row in rows if (end := shuts(row, version, version.at)) is None or end > version.at]


def _move(view: View, version: Lesson, verb: str, rows: list[Row]) -> str:
    """What a move is called, and until when it is open, if it closes before the deadline of which the letter speaks."""
    name, deadline = verb_name(view.words, verb), next_deadline(version)
    ends = [shuts(row, version, version.at) for row in rows]
    known = [end for end in ends if end is not None and (deadline is None or end < deadline.at)]
    if len(known) < len(ends):
        return name
    return view.words.say_in("move", "%(move)s (before %(when)s)", move=name, when=view.instant(max(known)))


def _link(view: View, version: Lesson) -> tuple[str, str] | None:
    """Where the reader joins: the tutor's own link, or that of the student's side; while there is something to join."""
    roles = [role for role in view.roles(version.brief) if role in BOUND_ROLES]
    if version.meeting is None or not roles or version.at >= version.terms.end:
        return None
    link = version.meeting.link("tutor" if "tutor" in roles else "student")
    return None if link is None else (view.words.say("Where to join"), cleaned(link, len(link)))


# Reminders


def _reminded_of(view: View, version: Lesson) -> str:
    """Whose response is awaited, or the lesson itself: that it is to begin, or to end."""
    words, terms = view.words, version.terms
    if version.waits_for is not None and version.waits_for in view.roles(version.brief):
        return whose_turn(view, version)
    if version.at < terms.start:
        return words.say("The lesson begins on %(when)s.", when=view.instant(terms.start))
    if version.at < terms.end:
        return words.say("The lesson ends on %(when)s.", when=view.instant(terms.end))
    return words.say("Something is still open about the lesson of %(when)s.", when=view.instant(terms.start))
