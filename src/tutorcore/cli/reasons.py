"""Why a lesson's deadlines are when they are: the branch that decided, with the instants it was reckoned from.

A deadline is stored with its reason (which timeout, which branch of its expression); the instants behind the words
`asked` or `entered` are found in the lesson's log, as they stood when the deadline was made. They are for people to
read: nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Change, Lesson, next_deadline
from tutorcore.policy.expressions import Anchor, walk
from tutorcore.policy.machine import Row, Why
from tutorcore.policy.parsing import parse_time


class Reason(NamedTuple):
    """A deadline and why: `text` is the branch that won within `whole`, `anchors` the instants it starts from."""

    at: Instant
    state: str
    branch: int
    text: str
    whole: str
    row: Row
    anchors: tuple[tuple[str, Instant], ...]


class Reasons(NamedTuple):
    """The deadlines that a version leaves running: the lesson's own, that of an open change, and the nearer of them."""

    own: Reason | None
    change: Reason | None
    next: Reason | None


def reasons_of(versions: Sequence[Lesson]) -> list[Reasons]:
    """Return the reasons of the deadlines of each version, of a lesson's whole log."""
    found: list[Reasons] = []
    own_since = change_since = 0
    for index, version in enumerate(versions):
        before = versions[index - 1] if index else None
        if before is None or (version.due, version.why) != (before.due, before.why) or _entered(version):
            own_since = index
        if before is None or version.change != before.change:
            change_since = index
        own = _reason(version.due, version.why, versions[: own_since + 1])
        change = version.change
        other = None if change is None else _reason(change.due, change.why, versions[: change_since + 1])
        nearest = next_deadline(version)
        found.append(Reasons(own, other, own if nearest is not None and own and nearest.why is version.why else other))
    return found


def _reason(at: Instant | None, why: Why | None, log: Sequence[Lesson]) -> Reason | None:
    if at is None or why is None:
        return None
    return Reason(at, why.state, int(why.id.rpartition(".")[2]), why.text, why.whole, why.row, _anchors(why, log))


def _anchors(why: Why, log: Sequence[Lesson]) -> tuple[tuple[str, Instant], ...]:
    """The anchors of the branch that won, in the order in which it names them."""
    found: dict[str, Instant] = {}
    for node in walk(parse_time(why.text)):
        if isinstance(node, Anchor):
            instant = _instant(node, log)
            if instant is not None:
                found[str(node)] = instant
    return tuple(found.items())


def _instant(anchor: Anchor, log: Sequence[Lesson]) -> Instant | None:
    lesson = log[-1]
    change: Change | None = lesson.change
    match anchor.name, anchor.of:
        case "created", _:
            return lesson.brief.created
        case "lesson.start", _:
            return lesson.terms.start
        case "lesson.end", _:
            return lesson.terms.end
        case "lesson.first_start", _:
            return lesson.timeline.get("lesson.first_start", lesson.terms.start)
        case "proposed.start", _:
            return None if change is None else change.terms.start
        case "proposed.end", _:
            return None if change is None else change.terms.end
        case "asked", _:
            return _last(version.at for before, version in _steps(log) if _hands_over(before, version))
        case "entered", None | "":
            return _last(version.at for version in log if _entered(version))
        case "entered", state:
            return _last(version.at for version in log if version.step.to == state)
        case "first_entered", state:
            return next((version.at for version in log if version.step.to == state), None)
        case "did", verb:
            return _last(version.at for version in log if version.step.verb == verb)
        case "joined" | "reviewed", _:
            return lesson.timeline.get(str(anchor))
        case _:
            return None


def _steps(log: Sequence[Lesson]) -> Iterator[tuple[Lesson | None, Lesson]]:
    return zip([None, *log], log, strict=False)


def _hands_over(before: Lesson | None, version: Lesson) -> bool:
    """Whether a version made a new offer, or gave the turn to a role that did not have it."""
    if before is None or version.rounds > before.rounds:
        return True
    turn = version.place.state.waits_for
    return turn is not None and turn != before.place.state.waits_for


def _entered(version: Lesson) -> bool:
    """Whether a version entered a state of the lesson itself."""
    return version.step.to == version.place.name


def _last(instants: Iterator[Instant]) -> Instant | None:
    return max(instants, default=None)  # A log is in the order of time.
