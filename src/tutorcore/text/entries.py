"""Entries: what a lesson is called in the calendar of somebody who is in it."""

from __future__ import annotations

from tutorcore.lessons.lesson import Lesson
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
