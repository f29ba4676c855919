"""What rules ask of the world outside a lesson: permissions, marks and time taught, as they are now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import MICROSECOND, Instant, instant
from tutorcore.lessons.options import Preview
from tutorcore.policy.codec import load_policy, load_preset

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START = NOW + 100 * HOUR

_PAID = """
extends = "lesson/1"
id = "own"
currency = "EUR"
[request]
by = ["student"]
answer_by = "asked + 48h"
[complete]
silence = { at = "lesson.end + 2h", becomes = "completed" }
[fees]
rates = [{ when = "taught(tutor, within=240h) < 2h", rate = "50%" }, { rate = "10%" }]
"""


def _educai() -> Marketplace:
    market = Marketplace(MemoryStorage(), [load_preset("educai")], zone="Europe/London")
    for party in ("kim", "lou", "pat", "tom"):
        market.add_party(party, zone="Europe/London")
    market.add_party("ada", zone="UTC", grants=["admin"])
    return market


def _asked(market: Marketplace, student: str = "kim", lesson: str = "L1", now: Instant = NOW) -> Outcome:
    return market.request(
        student=student, tutor="tom", by="pat", start=START, duration=HOUR, price="30.00",
        lesson=lesson, key=f"ask {lesson} {now}", now=now,
    )  # fmt: skip


def _code(outcome: Outcome) -> str:
    return "done" if outcome.refusal is None else outcome.refusal.code


# Permissions.


@pytest.mark.parametrize(
    ("permissions", "kim", "lou"),
    [
        ([], "guard", "guard"),
        (["can_request_sessions"], "done", "done"),
        (["can_request_sessions:kim"], "done", "guard"),
        (["can_request_sessions:kim", "can_request_sessions:lou"], "done", "done"),
        (["can_request"], "guard", "guard"),
        (["can_request_sessions:pat"], "guard", "guard"),
    ],
)
def test_a_permission_is_general_or_about_one_student(permissions: list[str], kim: str, lou: str) -> None:
    """A parent may ask for those students about whom she has the permission, or for all of them."""
    market = _educai()
    market.add_party("pat", zone="Europe/London", permissions=permissions)

    answers = [_code(_asked(market, student, f"of-{student}")) for student in ("kim", "lou")]

    # Where both may be asked for, it is the hour that can be had only once.
    assert answers == [kim, "slot_taken" if lou == "done" else lou]


def test_a_permission_counts_as_it_is_when_somebody_acts() -> None:
    """Given, it opens the request; taken away, it closes the next one, and what was asked for stays."""
    market = _educai()

    before = _asked(market, lesson="L1")
    market.add_party("pat", zone="Europe/London", permissions=["can_request_sessions"])
    given = _asked(market, lesson="L2")
    market.add_party("pat", zone="Europe/Paris")
    kept = _asked(market, "lou", lesson="L3")
    market.add_party("pat", zone="Europe/Paris", permissions=[])
    taken = _asked(market, "lou", lesson="L4")

    assert [_code(each) for each in (before, given, kept, taken)] == ["guard", "done", "slot_taken", "guard"]
    assert market.lesson("L2", now=NOW).state == "requested"


def test_what_was_permitted_is_recorded_with_the_version_that_needed_it() -> None:
    """Deciding again needs no look at the party of today."""
    market = _educai()
    market.add_party("pat", zone="Europe/London", permissions=["can_request_sessions:kim"])
    lesson = _asked(market).or_raise().lesson

    assert lesson is not None
    assert lesson.facts is not None
    assert lesson.facts.has == {"has(requester, can_request_sessions)"}


@pytest.mark.parametrize(("permissions", "may"), [([], False), (["meeting_provider"], True), (["other"], False)])
def test_a_permission_shows_in_what_is_allowed_and_previewed(permissions: list[str], may: bool) -> None:
    """Buttons and dialogs know what the command will be told."""
    market = Marketplace(MemoryStorage(), [load_preset("itutor")])
    market.add_party("ann", zone="UTC")
    market.add_party("tom", zone="UTC", permissions=permissions)
    market.request(
        student="ann", tutor="tom", start=START, duration=HOUR, price="0", lesson="L1", key="ask", now=NOW
    ).or_raise()

    listed = [option.verb for option in market.allowed("L1", by="tom", now=NOW)]
    shown = market.preview("accept", "L1", by="tom", proposal=1, now=NOW)
    done = market.accept("L1", by="tom", proposal=1, key="yes", now=NOW)

    assert ("accept" in listed) is isinstance(shown, Preview) is done.ok is may
    assert may or shown == done.refusal


@pytest.mark.parametrize(
    ("permissions", "kind"),
    [("can_request", InvalidType), (5, InvalidType), (["Can"], InvalidValue), ([5], InvalidType), ([""], InvalidValue)],
)
def test_permissions_that_cannot_be_meant_are_refused(permissions: object, kind: type[Exception]) -> None:
    """A list of words, each in small letters; a text would be read letter by letter."""
    market = _educai()

    with pytest.raises(kind):
        market.add_party("pat", zone="UTC", permissions=permissions)  # type: ignore[arg-type]  # that is the point

    assert market.add_party("pat", zone="UTC").permissions == frozenset()


# Whose turn it is, for those who may act for others.


def test_an_admin_sees_the_requests_that_admins_may_answer() -> None:
    """Where a tutor or an admin answers, both have it before them; a parent and a stranger do not."""
    market = _educai()
    market.add_party("pat", zone="Europe/London", permissions=["can_request_sessions"])
    market.add_party("max", zone="UTC")
    market.add_party("olga", zone="UTC", grants=["operator"])
    _asked(market).or_raise()
    people = ("tom", "ada", "pat", "max", "olga")

    asked = [[each.id for each in market.open_requests(party, now=NOW)] for party in people]
    market.accept("L1", by="ada", proposal=1, key="yes", now=NOW).or_raise()
    answered = [market.open_requests(party, now=NOW) for party in people]

    assert asked == [["L1"], ["L1"], [], [], []]
    assert answered == [()] * 5
    assert market.open_requests("ada", now=NOW + 72 * HOUR) == ()


def test_an_open_change_waits_for_whoever_may_answer_it() -> None:
    """While a change is open its own state says who answers; the lesson's own rows are not asked."""
    policy = load_policy("""
extends = "italki"
id = "helped"
request.answered_by = ["tutor", "admin"]
change.by = ["student"]
""")
    market = Marketplace(MemoryStorage(), [policy])
    for party in ("ann", "tom"):
        market.add_party(party, zone="UTC")
    market.add_party("ada", zone="UTC", grants=["admin"])
    market.request(
        student="ann", tutor="tom", start=START, duration=HOUR, price="0", lesson="L1", key="ask", now=NOW
    ).or_raise()
    market.accept("L1", by="ada", proposal=1, key="yes", now=NOW).or_raise()
    agreed = market.open_requests("ada", now=NOW)

    market.propose("L1", by="ann", start=START + HOUR, key="later", now=NOW).or_raise()

    assert agreed == ()
    assert [each.id for each in market.open_requests("ada", now=NOW)] == ["L1"]
    assert [each.id for each in market.open_requests("tom", now=NOW)] == ["L1"]
    assert market.open_requests("ann", now=NOW) == ()


# Time taught.


def _taught() -> Marketplace:
    market = Marketplace(MemoryStorage(), [load_policy(_PAID)])
    for party in ("ann", "ben", "tom"):
        market.add_party(party, zone="UTC")
        market.top_up(party, market.money("100.00", "EUR"), key=f"paid {party}", now=NOW)
    return market


def _lesson(market: Marketplace, lesson: str, start: Instant, student: str = "ann") -> None:
    market.request(
        student=student, tutor="tom", start=start, duration=HOUR, price="10.00", lesson=lesson,
        key=f"ask {lesson}", now=NOW,
    ).or_raise()  # fmt: skip
    market.accept(lesson, by="tom", proposal=1, key=f"accept {lesson}", now=NOW).or_raise()


@pytest.mark.parametrize("swept", [True, False])
def test_time_taught_counts_whether_a_sweeper_ran_or_not(swept: bool) -> None:
    """The third hour of ten days bears the lower fee; who looks before anything is recorded is told the same."""
    market = _taught()
    for number in range(3):
        _lesson(market, f"L{number}", START + number * 3 * HOUR, ("ann", "ben")[number % 2])
    late = START + 20 * HOUR
    if swept:
        for hours in (3, 6, 9):
            market.sweep(now=START + hours * HOUR)

    shown = market.earnings("tom", "EUR", now=late)
    seen = [dict(market.lesson(f"L{number}", now=late).legs)["tutor"] for number in range(3)]
    market.sweep(now=late)
    recorded = [dict(market.history(f"L{number}")[-1].version.legs)["tutor"] for number in range(3)]

    assert seen == recorded == [500, 500, 900]
    assert shown.available.text == "19.00"
    assert market.earnings("tom", "EUR", now=late) == shown


@pytest.mark.parametrize(("step", "fee"), [(-MICROSECOND, 100), (timedelta(0), 500), (MICROSECOND, 500)])
def test_time_taught_is_forgotten_exactly_at_the_end_of_the_window(step: timedelta, fee: int) -> None:
    """Two hours within ten days; exactly ten days after the first was recorded it does not count any more."""
    market = _taught()
    _lesson(market, "L0", START)
    _lesson(market, "L1", START + 3 * HOUR)
    _lesson(market, "L2", START + 10 * DAY + step)

    last = market.lesson("L2", now=START + 20 * DAY)

    assert last.state == "completed"
    assert dict(last.legs)["platform"] == fee


def test_a_lesson_counts_for_the_next_one_and_not_for_itself() -> None:
    """The fee of a lesson is found before its own time counts as taught."""
    market = _taught()
    market.request(
        student="ann", tutor="tom", start=START, duration=5 * HOUR, price="10.00", lesson="L0", key="ask", now=NOW
    ).or_raise()
    market.accept("L0", by="tom", proposal=1, key="accept", now=NOW).or_raise()
    _lesson(market, "L1", START + 6 * HOUR)

    legs = [dict(market.lesson(lesson, now=START + DAY).legs) for lesson in ("L0", "L1")]

    assert [each["platform"] for each in legs] == [500, 100]


# Reviews that are shown together.

_REVIEWED = """
extends = "process/1"
id = "own"
currency = "EUR"
opening = { verb = "request", by = ["student"], to = "agreed", terms = "propose" }

[state.agreed]
slot = "firm"
timeout = { at = "lesson.end", to = "done", mark = "taught_one", fault = "holder" }
waits_for = "tutor"

[state.done]
timeout = { at = "lesson.end + 200h", to = "over" }

[[state.done.on.review]]
by = ["student"]
to = "stay"
records = "reviewed"
blind = true
until = "lesson.end + 400h"
when = "not reviewed(student) <= now"
[[state.done.on.review]]
by = ["tutor"]
to = "stay"
records = "reviewed"
blind = true
until = "lesson.end + 400h"
when = "not reviewed(tutor) <= now and GUARD"

[state.over]
over = true
"""


def _reviewed(guard: str, permissions: list[str]) -> Marketplace:
    market = Marketplace(MemoryStorage(), [load_policy(_REVIEWED.replace("GUARD", guard))])
    market.add_party("ann", zone="UTC")
    market.add_party("tom", zone="UTC", permissions=permissions)
    market.request(
        student="ann", tutor="tom", start=START, duration=HOUR, price="0", lesson="L1", key="ask", now=NOW
    ).or_raise()
    market.review("L1", by="ann", key="said", note="fine", now=START + 2 * HOUR).or_raise()
    return market


@pytest.mark.parametrize(
    ("guard", "permissions", "shown"),
    [
        ("has(tutor, reviews)", [], 1),
        ("has(tutor, reviews)", ["reviews"], 0),
        ("count(taught_one, tutor) < 2", [], 0),
        ("count(taught_one, tutor) < 1", [], 1),
        ("count(taught_one, tutor, within=24h) < 1", [], 1),
    ],
)
def test_who_may_still_review_is_asked_with_the_facts_of_now(guard: str, permissions: list[str], shown: int) -> None:
    """What the student said is read when the tutor may not answer it: by a mark, or a permission that is not there."""
    market = _reviewed(guard, permissions)

    first = market.reviews("L1", by="tom", now=START + 2 * HOUR)

    assert len(first) == shown


def test_reviews_open_when_the_count_has_changed_whether_a_sweeper_ran_or_not() -> None:
    """A mark that falls out of its window leaves the tutor nothing to say, and so does a timeout that nobody swept."""
    market = _reviewed("count(taught_one, tutor, within=24h) >= 1", [])

    hidden, opened = (market.reviews("L1", now=START + HOUR + after) for after in (23 * HOUR, 24 * HOUR))
    again = _reviewed("has(tutor, reviews)", ["reviews"]).reviews("L1", now=START + 201 * HOUR)

    assert (len(hidden), len(opened), len(again)) == (0, 1, 1)
