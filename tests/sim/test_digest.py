"""The digest of a run: the same for the same happenings in any order, another one for anything else."""

from __future__ import annotations

import attrs

from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import entry_of
from tutorcore.sim.digest import digest_of_run
from tutorcore.standing.standing import Happening, Report, Standing
from tutorcore.testing.versions import AMY, HOUR, NOW, TIM, TOM, moved, requested


def lessons() -> list[list[Lesson]]:
    """Two lessons, one of them accepted."""
    first = requested()
    return [[first, moved(first, "accept", by=TOM, now=NOW + HOUR)], [requested("l2", student=AMY, tutor=TIM)]]


def test_the_order_of_lessons_and_entries_does_not_matter() -> None:
    """When something was noticed is nobody's business; what belongs to one lesson is in its own order."""
    histories = lessons()
    entries = [entry for versions in histories for version in versions if (entry := entry_of(version)) is not None]

    assert len(entries) == 2
    assert digest_of_run(histories, entries, ()) == digest_of_run(histories[::-1], entries[::-1], ())


def test_of_a_standing_only_what_is_new_is_written() -> None:
    """A report counts as it is raised and as it changes, and under each tutor anew."""
    one, two = (Report(number, "missed_request", None, 1, (), NOW) for number in (1, 2))
    first = Standing(TOM, 1, NOW, Happening("raised"), (one,), ())
    second = first._replace(number=2, reports=(one, two))
    third = second._replace(number=3, reports=(attrs.evolve(one, state="recorded"), two))
    others = (
        (first, second),
        (first, second, third),
        (first, second, third._replace(reports=second.reports)),
        (first, second, third._replace(reports=(one, attrs.evolve(two, state="recorded")))),
        (first, second._replace(tutor=TIM)),
        (first, second._replace(tutor=TIM, reports=(two,))),
    )

    assert len({digest_of_run((), (), standings) for standings in others}) == len(others)


def test_everything_counts() -> None:
    """A version, an entry or a standing more or less, a step at another instant, other terms: another digest."""
    histories = lessons()
    entry = entry_of(histories[0][0])
    assert entry is not None
    standing = Standing(TOM, 1, NOW, Happening("raised"), (), ())
    first = histories[0][0]
    found = [
        digest_of_run(histories, [entry], ()),
        digest_of_run(histories[:1], [entry], ()),
        digest_of_run([histories[0][:1], histories[1]], [entry], ()),
        digest_of_run(histories, (), ()),
        digest_of_run(histories, [entry._replace(kind="void")], ()),
        digest_of_run(histories, [entry], [standing]),
        digest_of_run([[first, moved(first, "accept", by=TOM, now=NOW + 2 * HOUR)], histories[1]], [entry], ()),
        digest_of_run([[first, moved(first, "decline", by=TOM, now=NOW + HOUR)], histories[1]], [entry], ()),
        digest_of_run([histories[0], [requested("l2", student=AMY, tutor=TIM, price=251)]], [entry], ()),
    ]

    assert len(set(found)) == len(found)
