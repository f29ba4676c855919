"""Entries: what a lesson is called in the calendar of somebody who is in it, and what is noted there.

An entry stays for weeks, so it holds what the lesson is and where to join; what has just happened is for the letter.
"""

from __future__ import annotations

from tutorcore.lessons.lesson import Lesson
from tutorcore.text.lesson_facts import Fact, facts_agreed
from tutorcore.text.readers import Cast, Reader, View
from tutorcore.text.words import Words


def entry_title(words: Words, cast: Cast, reader: Reader, version: Lesson) -> str:
    """Return what the lesson is called in the reader's calendar: by the other side, or by both."""
    view, brief = View(words, cast, reader, ""), version.brief
    if view.is_you(brief.tutor):
        return words.say("Lesson with %(name)s", name=view.named(brief.student))
    if view.is_you(brief.student):
        return words.say("Lesson with %(name)s", name=view.named(brief.tutor))
    return words.say(
        "Lesson of %(student)s with %(tutor)s", student=view.named(brief.student), tutor=view.named(brief.tutor)
    )


def entry_notes(words: Words, cast: Cast, reader: Reader, version: Lesson, link: Fact | None) -> str:
    """Return what the entry of the lesson says below its title: the lesson's facts and where to join, a line each."""
    facts = facts_agreed(View(words, cast, reader, ""), version)
    lines = [*facts, *(() if link is None else (link,))]
    return "\n".join(words.say_in("fact", "%(label)s: %(value)s", label=label, value=value) for label, value in lines)
