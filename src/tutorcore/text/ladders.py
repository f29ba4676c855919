"""Standing in plain words: what counts against a tutor, and what follows at which count.

Each rung has an example: lapses one after the other, judged by the function that judges them in a marketplace, until
the rung fires.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from tutorcore.ids import LessonId, PartyId
from tutorcore.policy.account import AccountRules, Counter, Rung, with_implied
from tutorcore.policy.process import Process
from tutorcore.standing.reports import lapsed
from tutorcore.standing.standing import Imposed, Lapse, Standing, count
from tutorcore.text.examples import instant_words
from tutorcore.text.item import Item, Section
from tutorcore.text.names import counter_name, mark_name, reason_name, restriction_name, role_name
from tutorcore.text.rules import paragraph, roles_words
from tutorcore.text.times import duration_words
from tutorcore.text.words import Words
from tutorcore.text.worked import ASKED

_TUTOR: Final = PartyId("tutor")
_MOST_LAPSES: Final = 40  # Beyond that, an example is none.
_DAY: Final = timedelta(days=1)


def counter_section(words: Words, process: Process, counter: Counter) -> Section:
    """Return what a counter counts, who handles its reports, and every rung of its ladder."""
    rungs = (_rung(words, process, counter, number) for number in range(len(counter.ladder)))
    items = (_counting(words, counter), _handling(words, counter), *rungs)
    name = counter_name(words, counter.name)
    return Section(words.say("Standing: %(counter)s", counter=name), "", items)


def _counting(words: Words, counter: Counter) -> Item:
    ids = tuple(f"{_id(counter)}.{key}" for key in ("marks", "bundle", "within", "broken_by", "decay"))
    return Item(words.say("What counts"), paragraph(words, _counted(words, counter)), (), ids)


def _counted(words: Words, counter: Counter) -> Iterator[str]:
    marks = words.listed(
        words.count("%(mark)s (%(count)s point)", "%(mark)s (%(count)s points)", points, mark=mark_name(words, mark))
        for mark, points in counter.marks
    )
    yield words.say("These marks count: %(marks)s.", marks=marks)
    if counter.bundle is None:
        yield words.say("Each of them is a report of its own.")
    else:
        zone, most = words.quoted(counter.zone), words.number(counter.bundle)
        yield words.say(
            "All of one day (clock: %(zone)s) are one report, of at most this many points: %(most)s.",
            zone=zone,
            most=most,
        )
    if counter.within is not None:
        length = duration_words(words, counter.within)
        yield words.say("A report counts for this long: %(length)s.", length=length)
    if counter.broken_by:
        marks = words.listed((mark_name(words, mark) for mark in counter.broken_by), "or")
        yield words.say("The count begins anew after this: %(marks)s.", marks=marks)
    if counter.decay is not None:
        length, points = duration_words(words, counter.decay.every), words.number(counter.decay.points)
        yield words.say(
            "For each full stretch without a new report, points fall away (stretch: %(length)s; points: %(points)s).",
            length=length,
            points=points,
        )


def _handling(words: Words, counter: Counter) -> Item:
    said = [
        words.say("Every report is looked at by: %(who)s.", who=roles_words(words, counter.handled_by)),
        words.say("One that is dismissed counts no more; one that is recorded stands."),
        words.say("Reasons for dismissing: %(reasons)s.", reasons=_reasons(words, counter.dismiss)),
        words.say("Reasons for recording: %(reasons)s.", reasons=_reasons(words, counter.record)),
    ]
    ids = tuple(f"{_id(counter)}.{key}" for key in ("dismiss", "record", "handled_by"))
    return Item(words.say("Who looks at it"), paragraph(words, said), (), ids)


def _reasons(words: Words, reasons: Iterable[str]) -> str:
    named = [reason_name(words, each) for each in reasons]
    return words.listed(named, "or") if named else words.say("any")


def _rung(words: Words, process: Process, counter: Counter, number: int) -> Item:
    rung = counter.ladder[number]
    title = words.count(
        "At %(count)s point: %(effect)s", "At %(count)s points: %(effect)s", rung.at, effect=_effect(words, rung)
    )
    example = tuple(_climbed(words, process.account, counter, rung))
    return Item(title, paragraph(words, _brings(words, rung)), example, (f"{_id(counter)}.ladder.{number}",))


def _effect(words: Words, rung: Rung) -> str:
    return restriction_name(words, rung.effect)


def _brings(words: Words, rung: Rung) -> Iterator[str]:
    restriction = rung.restriction
    if restriction is None:
        yield words.say("It takes nothing away.")
        return
    implied = sorted(with_implied([restriction]) - {restriction})
    if implied:
        names = words.listed(restriction_name(words, each) for each in implied)
        yield words.say("It brings with it: %(effects)s.", effects=names)
    length = None if rung.lasts is None else duration_words(words, rung.lasts)
    if rung.lifted_by is None:
        yield words.say("It ends by itself after this long: %(length)s.", length=length or "")
        return
    who = role_name(words, rung.lifted_by)
    if length is None:
        yield words.say("It stands until somebody lifts it: %(who)s.", who=who)
    else:
        yield words.say("After this long it may be lifted (%(who)s): %(length)s.", who=who, length=length)


def _climbed(words: Words, rules: AccountRules, counter: Counter, rung: Rung) -> Iterator[str]:
    """Lapses on days one after the other until the count reaches the rung, and what it then brings."""
    mark, _ = max(counter.marks, key=lambda each: each[1])
    standing: Standing | None = None
    for number in range(min(rung.at, _MOST_LAPSES)):
        at = ASKED + number * _DAY
        versions = lapsed(rules, standing, _TUTOR, Lapse(LessonId(f"l{number}"), 1, mark, at))
        standing = versions[-1] if versions else standing
        if standing is not None and count(standing, counter, at) >= rung.at:
            many = words.count(
                "%(mark)s: %(count)s time", "%(mark)s: %(count)s times", number + 1, mark=mark_name(words, mark)
            )
            yield paragraph(words, _fired(words, standing, counter, rung, many))
            return


def _fired(words: Words, standing: Standing, counter: Counter, rung: Rung, many: str) -> Iterator[str]:
    yield words.say(
        "On days one after the other – %(many)s, the last on %(at)s.", many=many, at=instant_words(words, standing.at)
    )
    yield words.say("Then: %(effect)s.", effect=_effect(words, rung))
    for each in standing.imposed:
        if _is_of(each, counter, rung):
            if each.until is not None:
                yield words.say("It ends by itself: %(at)s.", at=instant_words(words, each.until))
            if each.liftable_from is not None:
                yield words.say(
                    "It may be lifted from this moment on: %(at)s.", at=instant_words(words, each.liftable_from)
                )


def _is_of(imposed: Imposed, counter: Counter, rung: Rung) -> bool:
    return (imposed.counter, imposed.rung, imposed.effect) == (counter.name, rung.at, rung.effect)


def _id(counter: Counter) -> str:
    return f"standing.{counter.name}"
