"""Letters about a tutor's standing: what was reported, what follows from it and until when, and what became of it.

They go to the tutor, and to the desk of those who handle reports; both are told the same, without saying "you", but for
what each of them can do. Counts are not mentioned: what a count is depends on the hour at which the letter is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tutorcore.instants import LATEST, Instant
from tutorcore.policy.restrictions import Restriction
from tutorcore.standing.standing import Happened, Imposed, Report, Standing, in_force, open_reports
from tutorcore.text.lesson_facts import Fact
from tutorcore.text.letter import Letter
from tutorcore.text.names import counter_name, mark_name, reason_name, restriction_name, verb_name
from tutorcore.text.readers import Cast, Reader, View
from tutorcore.text.rules import in_a_row
from tutorcore.text.words import Words, cleaned, sentence

_HAPPENED: Final[Mapping[Happened, str]] = {
    "raised": sentence("A report has been raised: %(counter)s."),
    "joined": sentence("Something has been added to an open report: %(counter)s."),
    "reopened": sentence("A report has been opened again: %(counter)s."),
    "broken": sentence("A series has ended, and the count begins anew: %(counter)s."),
    "dismissed": sentence("A report has been dismissed and no longer counts: %(counter)s."),
    "recorded": sentence("A report has been examined and stands: %(counter)s."),
    "reset": sentence("The count begins anew: %(counter)s."),
    "shown": sentence("The profile is shown again."),
    "lifted": sentence("A restriction has been lifted."),
}

_BRINGING: Final[frozenset[Happened]] = frozenset({"raised", "joined", "reopened"})
"""What brings the effects that it names; by all else these are ended."""

_HIDING: Final[tuple[Restriction, ...]] = ("locked", "hidden", "existing_only")
"""What keeps new students away, the strongest first; the profile is shown again once none of it is left."""

_FROM_NOW_ON: Final = sentence("Restricted from now on: %(what)s.")
_STILL: Final = sentence("Still restricted: %(what)s.")

_WORD: Final = re.compile(r"[a-z][a-z0-9_]*")


def standing_letter(
    words: Words, cast: Cast, reader: Reader, before: Standing | None, standing: Standing, *, brand: str = ""
) -> Letter:
    """Return what the tutor, or whoever handles reports, is told of a version of a tutor's standing."""
    view = View(words, cast, reader, brand)
    said = words.say(_HAPPENED[standing.happening.kind], counter=counter_name(words, standing.happening.counter))
    follows = [*_consequences(view, before, standing)]
    return Letter(
        locale=words.locale,
        direction=words.direction,
        subject=said,
        short=in_a_row(words, (said, *follows[:1])),
        paragraphs=(said, *follows, *_moves(view, standing)),
        facts=tuple(_facts(view, standing)),
        brand=cleaned(brand),
        fact_line=words.say_in("fact", "%(label)s: %(value)s", label="%(label)s", value="%(value)s"),
    )


# What follows


def _consequences(view: View, before: Standing | None, standing: Standing) -> Iterator[str]:
    """What has just come about, or ended, and what is in force now."""
    words, happening, brings = view.words, standing.happening, standing.happening.kind in _BRINGING
    if brings and "notice" in happening.effects:
        yield words.say("This is a notice: nothing else follows from it now.")
    if brings and "review" in happening.effects:
        yield words.say("The platform will examine this case.")
    if happening.effects and not brings:
        what = words.listed(restriction_name(words, effect) for effect in happening.effects)
        yield words.say("No longer restricted: %(what)s.", what=what)
    for kept in _in_force(standing):
        is_new = brings and any(before is None or each not in before.imposed for each in kept)
        pattern = _FROM_NOW_ON if is_new else _STILL
        what = words.say(pattern, what=restriction_name(words, kept[0].effect))
        yield in_a_row(words, (what, _how_it_ends(view, kept, standing)))


def _in_force(standing: Standing) -> list[list[Imposed]]:
    """What is in force: all that hides the profile together, the strongest first, and each other restriction."""
    found = in_force(standing, standing.at)
    hiding = sorted((each for each in found if each.effect in _HIDING), key=lambda each: _HIDING.index(each.effect))
    others = dict.fromkeys(each.effect for each in found if each.effect not in _HIDING)
    grouped = [hiding, *([each for each in found if each.effect == effect] for effect in others)]
    return [group for group in grouped if group]


def _how_it_ends(view: View, kept: list[Imposed], standing: Standing) -> str:
    """Until when that stands, and who can end it."""
    words = view.words
    left = [each for each in kept if not each.is_tutors_to_lift(standing.at)]
    if not left:
        return words.say("The profile can be shown again at any time.")
    free, end = max(map(_wait, left)), max(each.until or LATEST for each in kept)
    if end <= free < LATEST:
        return words.say("This ends on %(when)s.", when=view.instant(end))
    if free == LATEST:
        return words.say("This stands until the platform lifts it.")
    return words.say("The profile can be shown again from %(when)s on.", when=view.instant(free))


def _wait(imposed: Imposed) -> Instant:
    """When it ends, or becomes the tutor's to end."""
    return imposed.liftable_from or imposed.until or LATEST


def _moves(view: View, standing: Standing) -> Iterator[str]:
    """What the tutor, or the desk, can do about it."""
    words, verbs = view.words, list[str]()
    report = _report(standing)
    if view.is_you(standing.tutor):
        hiding = [each for each in in_force(standing, standing.at) if each.effect in _HIDING]
        verbs = ["show_profile"] if hiding and all(each.is_tutors_to_lift(standing.at) for each in hiding) else []
    elif view.reader.desk is not None and report is not None and report.state == "open":
        verbs = ["dismiss_report", "record_report"]
    if verbs:
        moves = words.listed((verb_name(words, verb) for verb in verbs), "or")
        yield words.say("What you can do: %(moves)s.", moves=moves)


# Facts


def _facts(view: View, standing: Standing) -> Iterator[Fact]:
    words, happening, report = view.words, standing.happening, _report(standing)
    if not view.is_you(standing.tutor):
        yield words.say("Tutor"), view.named(standing.tutor)
    if report is not None:
        yield words.say("Report"), words.number(report.number)
        for lapse in report.lapses:
            what, when = mark_name(words, lapse.mark), view.instant(lapse.at)
            yield words.say("What happened"), words.say_in("lapse", "%(what)s, %(when)s", what=what, when=when)
            if view.reader.desk is not None:
                yield words.say("Lesson"), cleaned(lapse.lesson)
    if happening.reason:
        is_name = _WORD.fullmatch(happening.reason) is not None
        yield words.say("Reason"), (reason_name if is_name else Words.quoted)(words, happening.reason)
    if happening.note:
        yield words.say("Note"), words.quoted(happening.note)
    if happening.case:
        yield words.say("Case"), cleaned(happening.case)
    if view.reader.desk is not None:
        yield words.say("Open reports"), words.number(len(open_reports(standing)))


def _report(standing: Standing) -> Report | None:
    number = standing.happening.report
    return None if number is None else standing.reports[number - 1]
