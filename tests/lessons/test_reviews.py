"""Reviews: who reads what others have said of a lesson, and from when on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons.decision import advance, decide
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Facts, Lesson, Offer, Particulars
from tutorcore.lessons.reviews import Reviewed, facts_for_reviews, reviews_of
from tutorcore.policy.codec import load_policy, machine_of

NOW = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
START = NOW + 100 * HOUR
SUE, TOM, MAX = PartyId("sue"), PartyId("tom"), PartyId("max")

POLICY = """
id = "own"
extends = "lesson/1"
currency = "EUR"
[request]
by = ["student"]
answer_by = "lesson.start"
[complete]
silence = {{ at = "lesson.end", becomes = "completed" }}
[review]
by = ["student", "tutor"]
blind = {blind}
{until}
"""


def log(blind: bool, *reviews: tuple[str, Instant], until: str = 'until = "lesson.end + 24h"') -> list[Lesson]:
    """Return the versions of a lesson that took place, and was then reviewed by these people at these instants."""
    machine = machine_of(load_policy(POLICY.format(blind=str(blind).lower(), until=until)))
    brief = Brief(LessonId("L1"), machine.hash, "", "EUR", NOW, TOM, SUE, SUE, SUE)
    asked = Command("request", SUE, Key("1"), brief.id, offer=Offer(START, HOUR, 0))
    versions = [decide(machine, brief, asked, NO_FACTS, NOW)]
    accepted = Command("accept", TOM, Key("2"), brief.id, proposal=1)
    versions.append(decide(machine, _version(versions[-1]), accepted, NO_FACTS, NOW))
    versions += advance(_version(versions[-1]), START + HOUR)
    for by, at in reviews:
        said = Particulars(details=(("stars", "4"),)) if by == "sue" else None
        command = Command("review", PartyId(by), Key(by), brief.id, note=f"from {by}", particulars=said)
        versions.append(decide(machine, _version(versions[-1]), command, NO_FACTS, at))
    return list(map(_version, versions))


def _version(answer: object) -> Lesson:
    assert isinstance(answer, Lesson), answer
    return answer


def authors(versions: list[Lesson], reader: PartyId | None, now: Instant) -> list[str]:
    """Return whose reviews somebody may read."""
    return [review.author for review in reviews_of(versions, reader, now)]


AT = START + 2 * HOUR


def test_a_review_is_what_the_command_said() -> None:
    """Author, instant, the short texts and the note; where no short texts were given there are none."""
    versions = log(False, ("sue", AT), ("tom", AT + HOUR))

    assert reviews_of(versions, None, AT + HOUR) == (
        Reviewed(SUE, AT, (("stars", "4"),), "from sue"),
        Reviewed(TOM, AT + HOUR, (), "from tom"),
    )


def test_what_is_not_blind_is_read_at_once_by_everybody() -> None:
    """Nothing waits for the other side."""
    versions = log(False, ("sue", AT))

    assert [authors(versions, reader, AT) for reader in (SUE, TOM, MAX, None)] == [["sue"]] * 4


def test_what_is_blind_is_read_by_its_author_alone_until_all_have_spoken() -> None:
    """As long as the other side may still review, it does not see what was said of it, nor does anybody else."""
    one = log(True, ("sue", AT))
    both = log(True, ("sue", AT), ("tom", AT + HOUR))

    assert [authors(one, reader, AT) for reader in (SUE, TOM, MAX, None)] == [["sue"], [], [], []]
    assert [authors(both, reader, AT + HOUR) for reader in (SUE, TOM, None)] == [["sue", "tom"]] * 3


@pytest.mark.parametrize(("step", "shown"), [(-MICROSECOND, []), (timedelta(0), ["sue"]), (MICROSECOND, ["sue"])])
def test_what_is_blind_is_read_once_nobody_may_answer_it_any_more(step: timedelta, shown: list[str]) -> None:
    """At the end of the window the other side has missed its chance, and everybody reads."""
    versions = log(True, ("sue", AT))

    assert authors(versions, TOM, START + 25 * HOUR + step) == shown


def test_reviews_may_be_open_for_ever_where_nothing_waits_for_them() -> None:
    """Without an end of the window each is read as soon as it is there."""
    versions = log(False, ("sue", START + timedelta(days=3000)), until="")

    assert authors(versions, TOM, START + timedelta(days=3000)) == ["sue"]


def test_a_lesson_without_reviews_has_none() -> None:
    """Neither before it has ended nor of no lesson at all."""
    versions = log(True)

    assert reviews_of(versions, SUE, AT) == reviews_of(versions[:2], SUE, NOW) == reviews_of([], None, NOW) == ()


COUNTED = """
id = "own"
extends = "process/1"
currency = "EUR"
opening = { verb = "request", by = ["student"], to = "over", terms = "propose" }
[state.over]
over = true
[[state.over.on.review]]
by = ["student"]
to = "stay"
when = "not (reviewed(student) <= now)"
until = "lesson.end + 24h"
records = "reviewed"
blind = true
[[state.over.on.review]]
by = ["tutor"]
to = "stay"
when = "count(rude, tutor) < 2 and not (reviewed(tutor) <= now)"
until = "lesson.end + 24h"
records = "reviewed"
blind = true
[state.over.on.complain]
by = ["student"]
to = "stay"
mark = "rude"
fault = "tutor"
"""


@pytest.mark.parametrize(("count", "shown"), [(1, []), (2, ["sue"])])
def test_whether_somebody_may_still_speak_can_hang_on_what_is_counted(count: int, shown: list[str]) -> None:
    """Whoever gathers facts is told what will be asked; a tutor who may not review keeps nobody waiting."""
    machine = machine_of(load_policy(COUNTED))
    brief = Brief(LessonId("L1"), machine.hash, "", "EUR", NOW, TOM, SUE, SUE, SUE)
    asked = Command("request", SUE, Key("1"), brief.id, offer=Offer(START, HOUR, 0))
    first = _version(decide(machine, brief, asked, NO_FACTS, NOW))
    second = _version(decide(machine, first, Command("review", SUE, Key("2"), brief.id), NO_FACTS, AT))
    needed = facts_for_reviews(second)

    found = reviews_of([first, second], TOM, AT, Facts(counts={str(each): count for each in needed}))

    assert [str(each) for each in needed] == ["count(rude, tutor)"]
    assert [review.author for review in found] == shown
