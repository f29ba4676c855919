"""Handling: who may do what about a report, a counter and a hidden profile, and what is left of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from tutorcore.errors import UnknownName
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import instant
from tutorcore.lessons import Refusal
from tutorcore.policy.account import AccountRules, Counter, Rung
from tutorcore.policy.expressions import Calendar, Exact
from tutorcore.policy.roles import Role
from tutorcore.standing import (
    Happening,
    Lapse,
    Standing,
    StandingCommand,
    StandingVerb,
    count,
    handle,
    in_force,
    lapsed,
    restrictions,
)

TINA = PartyId("tina")
ANNA = PartyId("anna")
NOON = instant("2018-02-10T12:00:00Z")
DAY = timedelta(days=1)
MICRO = timedelta(microseconds=1)
AGENT: frozenset[Role] = frozenset({"agent"})
NOBODY: frozenset[Role] = frozenset()

MISSED = Counter(
    "missed_request",
    bundle=1,
    dismiss=("ill", "technical"),
    record=("no_answer",),
    ladder=(
        Rung(1, "notice"),
        Rung(2, "hidden", lifted_by="tutor"),
        Rung(3, "hidden", Calendar(days=7)),
        Rung(4, "locked", lifted_by="operator"),
    ),
)
RULES = AccountRules((MISSED,))


def missed(reports: int, counter: Counter = MISSED, before: Standing | None = None) -> Standing:
    """How the tutor stands after that many reports more, on one day each, the last of them at noon."""
    (mark, _), *_ = counter.marks
    first = 0 if before is None else len(before.reports)
    for number in range(reports):
        at = NOON - (reports - 1 - number) * DAY if before is None else before.at + DAY
        (before,) = lapsed(AccountRules((counter,)), before, TINA, Lapse(LessonId(f"l-{first + number}"), 2, mark, at))
    assert before is not None
    return before


def command(verb: StandingVerb, **cells: Any) -> StandingCommand:
    """What an agent says, complete."""
    given = {"actor": ANNA, "reason": "ill", "case": "c-1", **cells}
    return StandingCommand(verb, TINA, key=Key("k"), **given)


def ask(
    standing: Standing | None,
    verb: StandingVerb,
    grants: frozenset[Role] = AGENT,
    now: Any = NOON,
    rules: AccountRules = RULES,
    **cells: Any,
) -> Standing | Refusal:
    """The answer to a command."""
    return handle(rules, standing, command(verb, **cells), grants, now)


def done(standing: Standing | None, verb: StandingVerb, *, now: Any = NOON, **cells: Any) -> Standing:
    """The version that a command makes; the reason fits the verb, and the tutor shows, unless said otherwise."""
    if verb == "record_report":
        cells.setdefault("reason", "no_answer")
    if verb == "show_profile":
        cells.setdefault("actor", TINA)
    answer = ask(standing, verb, now=now, **cells)
    assert not isinstance(answer, Refusal), answer.sentence
    return answer


def refused(answer: Standing | Refusal) -> str:
    """The code of a refusal, whose sentence can be said."""
    assert isinstance(answer, Refusal)
    assert answer.sentence
    return answer.code


# Dismissing and recording


def test_dismissing_lowers_the_count_and_says_who_and_why() -> None:
    """ITK-16: reason, case and the answer to the tutor stand in the version."""
    after = done(missed(1), "dismiss_report", report=1, note="get well soon", now=NOON + DAY)

    assert (after.number, after.at) == (2, NOON + DAY)
    assert after.happening == Happening("dismissed", "missed_request", 1, (), ANNA, "ill", "c-1", "get well soon")
    assert [report.state for report in after.reports] == ["dismissed"]
    assert count(after, MISSED, after.at) == 0


def test_recording_leaves_the_count() -> None:
    """ITK-16: no answer and no contact."""
    after = done(missed(2), "record_report", report=2)

    assert after.happening == Happening("recorded", "missed_request", 2, (), ANNA, "no_answer", "c-1")
    assert [report.state for report in after.reports] == ["open", "recorded"]
    assert count(after, MISSED, NOON) == 2


@pytest.mark.parametrize("first", ["dismiss_report", "record_report"])
@pytest.mark.parametrize("second", ["dismiss_report", "record_report"])
def test_a_handled_report_stays_handled(first: StandingVerb, second: StandingVerb) -> None:
    """Neither again nor otherwise."""
    handled = done(missed(1), first, report=1)

    answer = ask(handled, second, report=1)

    assert refused(answer) == "not_open"
    assert isinstance(answer, Refusal)
    assert answer.facts["state"] == f"{handled.reports[0].state} (report 1)"


@pytest.mark.parametrize("verb", ["dismiss_report", "record_report"])
@pytest.mark.parametrize(
    ("grants", "cells", "code"),
    [
        (AGENT, {"now": NOON - MICRO}, "out_of_order"),
        (AGENT, {"report": None}, "missing"),
        (NOBODY, {}, "not_yours"),
        (frozenset({"admin", "system"}), {}, "not_yours"),
        (NOBODY, {"actor": TINA}, "not_yours"),
        (NOBODY, {"reason": ""}, "not_yours"),
        (AGENT, {"reason": ""}, "missing"),
        (AGENT, {"case": ""}, "missing"),
        (AGENT, {"reason": "  "}, "missing"),
        (AGENT, {"case": " \t\n"}, "missing"),
        (AGENT, {"reason": "lazy", "case": ""}, "missing"),
        (AGENT, {"reason": "lazy"}, "bad_terms"),
    ],
)
def test_what_stands_against_handling_a_report(
    verb: StandingVerb, grants: frozenset[Role], cells: dict[str, Any], code: str
) -> None:
    """The order of precedence is that of all refusals."""
    assert refused(ask(missed(1), verb, grants, **{"report": 1, **cells})) == code


def test_a_refusal_names_what_is_missing_and_what_would_do() -> None:
    """All that is missing at once; and the reasons among which to choose."""
    missing = ask(missed(1), "dismiss_report", report=1, reason="", case="")
    unfit = ask(missed(1), "dismiss_report", report=1, reason="no_answer")

    assert isinstance(missing, Refusal)
    assert missing.sentence == "dismiss_report needs a reason and a reference to the case"
    assert isinstance(unfit, Refusal)
    assert "the reason is 'no_answer'; expected one of ill, technical" in unfit.sentence


@pytest.mark.parametrize("verb", ["dismiss_report", "record_report"])
def test_where_no_reasons_are_listed_any_will_do(verb: StandingVerb) -> None:
    """But one has to be given."""
    free = AccountRules((attrs.evolve(MISSED, dismiss=(), record=()),))

    assert isinstance(ask(missed(1), verb, rules=free, report=1, reason="a story"), Standing)
    for blank in ("", "  "):
        assert refused(ask(missed(1), verb, rules=free, report=1, reason=blank)) == "missing"


@pytest.mark.parametrize("report", [0, 3, -1])
def test_a_report_that_there_is_not_is_a_mistake(report: int) -> None:
    """Misuse, not a refusal; the error says which are open."""
    standing = done(missed(2), "record_report", report=1)

    with pytest.raises(UnknownName, match="unknown report .*; open reports of tina: 2"):
        ask(standing, "dismiss_report", report=report)


def test_where_nothing_was_ever_reported_there_is_nothing_to_handle() -> None:
    """A tutor without a version has neither reports nor restrictions, and an empty counter can be reset."""
    with pytest.raises(UnknownName, match="open reports of tina: none"):
        ask(None, "dismiss_report", report=1)
    assert refused(ask(None, "show_profile", actor=TINA)) == "not_open"
    assert refused(ask(None, "lift", effect="hidden")) == "not_open"
    assert done(None, "reset_counter", counter="missed_request").number == 1


def test_who_handles_reports_is_for_the_rules_to_say() -> None:
    """Here admins, and so no agents."""
    rules = AccountRules((attrs.evolve(MISSED, handled_by=("admin",)),))

    answers = [
        ask(missed(1), "dismiss_report", rules=rules, report=1),
        ask(missed(1), "reset_counter", rules=rules, counter="missed_request"),
    ]
    for answer in answers:
        assert refused(answer) == "not_yours"
        assert isinstance(answer, Refusal)
        assert answer.facts["by"] == "admin"
    assert isinstance(ask(missed(1), "dismiss_report", frozenset({"admin"}), rules=rules, report=1), Standing)


def test_reports_of_a_counter_that_the_rules_have_dropped_can_be_handled_and_reset() -> None:
    """Any reason will do, and agents and operators may."""
    standing, none = missed(4), AccountRules()

    for report in (1, 2, 3):
        standing = done(standing, "record_report", report=report, rules=none)
    standing = done(standing, "dismiss_report", report=4, rules=none, reason="the rule is gone")
    assert "locked" not in restrictions(standing, NOON)
    standing = done(standing, "reset_counter", counter="missed_request", rules=none)

    assert count(standing, MISSED, NOON) == 0


# Locks and visibility


def test_dismissing_lifts_a_lock_but_shows_nobody() -> None:
    """ITK-16, ITK-17: below the rung of the lock that ends; the profile stays hidden until the tutor shows it."""
    locked = missed(4)
    assert restrictions(locked, NOON) == {"locked", "hidden", "existing_only"}

    after = done(locked, "dismiss_report", report=1)

    assert after.happening.effects == ("locked",)
    assert restrictions(after, NOON) == {"hidden", "existing_only"}
    assert refused(ask(after, "show_profile", actor=TINA)) == "restricted"  # The third report's week goes on.
    week_later = NOON + 8 * DAY
    assert restrictions(after, week_later) == {"hidden", "existing_only"}
    shown = done(after, "show_profile", now=week_later)
    assert restrictions(shown, week_later) == frozenset()


def test_a_lock_alone_leaves_a_hidden_profile_behind() -> None:
    """Although nothing else hides it, dismissing makes nobody visible."""
    counter = Counter("missed_request", ladder=(Rung(2, "locked", lifted_by="operator"),))
    rules = AccountRules((counter,))

    after = done(missed(2, counter), "dismiss_report", report=2, rules=rules)

    assert restrictions(after, NOON + 1000 * DAY) == {"hidden", "existing_only"}
    shown = done(after, "show_profile", rules=rules)
    assert restrictions(shown, NOON) == frozenset()


def test_a_lock_stands_while_the_count_is_not_below_its_rung() -> None:
    """Five reports and a lock at four: the first dismissal leaves four."""
    after = done(missed(5), "dismiss_report", report=1)

    assert after.happening.effects == ()
    assert "locked" in restrictions(after, NOON)
    assert "locked" not in restrictions(done(after, "dismiss_report", report=2), NOON)


def test_dismissing_lifts_only_the_locks_of_its_counter() -> None:
    """A lock for missed lessons stands when a missed request is dismissed, and each lock has its own rung."""
    one = Counter("missed_request", ladder=(Rung(1, "locked", Exact(hours=9)), Rung(2, "locked", lifted_by="operator")))
    other = Counter("missed_attendance", ladder=(Rung(1, "locked", lifted_by="operator"),))
    rules = AccountRules((one, other))
    standing = missed(2, one)
    (standing,) = lapsed(rules, standing, TINA, Lapse(LessonId("l-9"), 2, "missed_attendance", NOON))

    first = done(standing, "dismiss_report", report=2, rules=rules, now=NOON + MICRO)

    left = [(each.counter, each.rung) for each in in_force(first, first.at) if each.effect == "locked"]
    assert left == [("missed_attendance", 1)]
    assert "locked" in restrictions(first, first.at)


def test_a_lock_with_an_end_leaves_the_profile_hidden_until_that_end() -> None:
    """Dismissing does not prolong what would have ended by itself."""
    counter = Counter("missed_request", ladder=(Rung(1, "locked", Calendar(days=30)),))

    after = done(missed(1, counter), "dismiss_report", report=1, rules=AccountRules((counter,)))

    assert restrictions(after, NOON + 30 * DAY - MICRO) == {"hidden", "existing_only"}
    assert restrictions(after, NOON + 30 * DAY) == frozenset()


CLOSED = Counter(
    "missed_request",
    ladder=(
        Rung(1, "existing_only", Calendar(days=30), "tutor"),
        Rung(2, "hidden", Calendar(days=7)),
        Rung(2, "requests_blocked", Calendar(days=30)),
        Rung(2, "wallet_frozen", lifted_by="operator"),
        Rung(2, "hidden", lifted_by="operator"),
    ),
)
OTHER = Counter(
    "late",
    ladder=(Rung(1, "requests_blocked", Calendar(days=1)), Rung(1, "hidden", Calendar(days=1))),
)


@pytest.mark.parametrize("how", ["dismiss_report", "reset_counter"])
def test_what_a_counter_has_imposed_above_its_count_ends_or_becomes_the_tutors(how: StandingVerb) -> None:
    """ITK-16: blocked requests and a frozen wallet end; what hides stays, with its end, until the tutor shows it."""
    rules = AccountRules((CLOSED, OTHER))
    standing = missed(2, CLOSED)
    (standing,) = lapsed(rules, standing, TINA, Lapse(LessonId("l-9"), 2, "late", NOON))
    standing = done(standing, "record_report", report=1, rules=rules)
    if how == "reset_counter":
        standing = done(standing, "record_report", report=2, rules=rules)
    before = restrictions(standing, NOON)

    after = done(standing, how, rules=rules, report=2, counter="missed_request")

    assert before == {"hidden", "existing_only", "requests_blocked", "wallet_frozen"}
    assert after.happening.effects == ("requests_blocked", "wallet_frozen")
    found = {(each.counter, each.rung, each.effect): each for each in after.imposed}
    hidden, others = found["missed_request", 2, "hidden"], found["late", 1, "hidden"]
    assert (hidden.until, hidden.liftable_from, hidden.lifted_by) == (None, None, "tutor")
    # What the other counter has brought stands as it was.
    assert others == next(each for each in standing.imposed if each.counter == "late" and each.effect == "hidden")
    assert ("late", 1, "requests_blocked") in found
    # The count is still at the first rung, or is none.
    existing_only = found["missed_request", 1, "existing_only"]
    assert existing_only.liftable_from == (None if how == "reset_counter" else NOON - DAY + 30 * DAY)
    assert len(found) == 4


def test_what_ends_by_itself_is_the_tutors_to_end_earlier_once_its_report_is_dismissed() -> None:
    """The end stays: nobody has to do anything then."""
    counter = Counter("missed_request", ladder=(Rung(1, "hidden", Calendar(days=7)),))
    rules = AccountRules((counter,))
    assert refused(ask(missed(1, counter), "show_profile", actor=TINA, rules=rules)) == "restricted"

    after = done(missed(1, counter), "dismiss_report", report=1, rules=rules)

    assert after.happening.effects == ()
    assert restrictions(after, NOON + 7 * DAY - MICRO) == {"hidden", "existing_only"}
    assert restrictions(after, NOON + 7 * DAY) == frozenset()
    assert restrictions(done(after, "show_profile", rules=rules), NOON) == frozenset()


def test_a_further_report_takes_back_what_was_left_to_the_tutor() -> None:
    """Dismissed, it was the tutor's to show; the next report brings another week, and only that."""
    counter = Counter("missed_request", ladder=(Rung(1, "hidden", Calendar(days=7)),))
    after = done(missed(1, counter), "dismiss_report", report=1, rules=AccountRules((counter,)))

    again = missed(1, counter, after)

    assert [(each.until, each.lifted_by) for each in again.imposed] == [(NOON + 8 * DAY, None)]


def test_locks_that_come_and_go_leave_one_hidden_profile() -> None:
    """Fifty times locked and dismissed."""
    counter = Counter("missed_request", ladder=(Rung(1, "locked", lifted_by="operator"),))
    standing = None
    for report in range(1, 51):
        standing = missed(1, counter, standing)
        standing = done(standing, "dismiss_report", report=report, rules=AccountRules((counter,)), now=standing.at)

    assert standing is not None
    assert [(each.effect, each.report) for each in standing.imposed] == [("hidden", 50)]


@pytest.mark.parametrize(
    ("after", "left"), [(-MICRO, {"hidden", "existing_only"}), (timedelta(), set()), (MICRO, set())]
)
def test_what_lasts_for_a_time_ends_by_itself(after: timedelta, left: set[str]) -> None:
    """ITK-17: hidden for seven days, half-open, though nobody does anything."""
    counter = Counter("missed_request", ladder=(Rung(1, "hidden", Calendar(days=7)),))

    assert restrictions(missed(1, counter), NOON + 7 * DAY + after) == left


def test_a_time_by_the_calendar_is_that_of_the_counters_zone() -> None:
    """Thirty days of Berlin's clocks are an hour short when summer time begins meanwhile."""
    counter = Counter("missed_request", zone="Europe/Berlin", ladder=(Rung(1, "hidden", Calendar(days=60)),))

    assert missed(1, counter).imposed[0].until == NOON + 60 * DAY - timedelta(hours=1)


# Showing


def test_the_tutor_shows_a_hidden_profile() -> None:
    """ITK-17: nobody else can, and nothing need be said."""
    hidden = missed(2)

    after = done(hidden, "show_profile", actor=TINA, reason="", case="", now=NOON + MICRO)

    assert after.happening == Happening("shown", "", None, ("hidden",), TINA)
    assert after.imposed == ()
    assert refused(ask(hidden, "show_profile", actor=ANNA)) == "not_yours"
    assert refused(ask(after, "show_profile", now=after.at, actor=TINA)) == "not_open"


def test_the_tutor_shows_all_that_is_the_tutors_to_lift() -> None:
    """Two counters have hidden the profile, one of them from new students only; a frozen wallet stays."""
    one = Counter("missed_request", ladder=(Rung(1, "hidden", lifted_by="tutor"),))
    other = Counter(
        "tardy",
        (("missed_request", 1),),
        ladder=(Rung(1, "existing_only", lifted_by="tutor"), Rung(1, "wallet_frozen", lifted_by="operator")),
    )
    first, second = lapsed(AccountRules((one, other)), None, TINA, Lapse(LessonId("l-1"), 2, "missed_request", NOON))
    assert restrictions(first, NOON) == {"hidden", "existing_only"}

    after = done(second, "show_profile", rules=AccountRules((one, other)))

    assert after.happening.effects == ("hidden", "existing_only")
    assert restrictions(after, NOON) == {"wallet_frozen"}


@pytest.mark.parametrize(("after", "shown"), [(-MICRO, False), (timedelta(), True), (MICRO, True)])
def test_showing_shows_or_is_refused_and_lifts_nothing(after: timedelta, shown: bool) -> None:
    """What the second report brought could be lifted; while the third one's week goes on, nothing is."""
    standing, end = missed(3), NOON + 7 * DAY

    answer = ask(standing, "show_profile", actor=TINA, now=end + after)

    if shown:
        assert isinstance(answer, Standing)
        assert restrictions(answer, answer.at) == frozenset()
    else:
        assert refused(answer) == "restricted"
        assert isinstance(answer, Refusal)
        assert answer.facts["what"] == "the profile is hidden until 2018-02-17T12:00:00Z"


def test_a_profile_that_stays_open_to_former_students_only_is_not_shown() -> None:
    """Hidden could be lifted, and existing_only would stay."""
    ladder = (Rung(1, "hidden", lifted_by="tutor"), Rung(1, "existing_only", Calendar(days=2)))

    answer = ask(missed(1, Counter("missed_request", ladder=ladder)), "show_profile", actor=TINA)

    assert isinstance(answer, Refusal)
    assert answer.facts["what"] == "the profile is open to former students only until 2018-02-12T12:00:00Z"


def test_a_locked_profile_cannot_be_shown() -> None:
    """ITK-17: only support can lift it, whether or not something else hides the profile too."""
    alone = missed(1, Counter("missed_request", ladder=(Rung(1, "locked", lifted_by="operator"),)))

    for standing in (missed(4), alone):
        answer = ask(standing, "show_profile", actor=TINA)
        assert refused(answer) == "restricted"
        assert isinstance(answer, Refusal)
        assert answer.facts == {"tutor": "tina", "what": "the profile is locked until somebody else lifts it"}


@pytest.mark.parametrize(("after", "shown"), [(-MICRO, False), (timedelta(), True), (MICRO, True)])
def test_what_the_tutor_may_lift_after_a_time(after: timedelta, shown: bool) -> None:
    """From the very instant on; until then the refusal says from when, and it never ends by itself."""
    counter = Counter("missed_request", ladder=(Rung(1, "hidden", Calendar(days=7), "tutor"),))
    standing, now = missed(1, counter), NOON + 7 * DAY + after
    assert restrictions(standing, NOON + 1000 * DAY) == {"hidden", "existing_only"}

    answer = ask(standing, "show_profile", now=now, actor=TINA, rules=AccountRules((counter,)))

    if shown:
        assert isinstance(answer, Standing)
        assert restrictions(answer, now) == frozenset()
    else:
        assert refused(answer) == "restricted"
        assert isinstance(answer, Refusal)
        assert answer.facts["what"] == "the profile is hidden until 2018-02-17T12:00:00Z"


@pytest.mark.parametrize(
    ("rungs", "what"),
    [
        ([Rung(1, "hidden", Exact(hours=1))], "hidden until 2018-02-10T13:00:00Z"),
        ([Rung(1, "hidden", Exact(hours=1)), Rung(1, "hidden", Exact(hours=2))], "hidden until 2018-02-10T14:00:00Z"),
        ([Rung(1, "hidden", lifted_by="operator")], "hidden until somebody else lifts it"),
        (
            [Rung(1, "hidden", Exact(hours=1)), Rung(1, "hidden", lifted_by="operator")],
            "hidden until somebody else lifts it",
        ),
        (
            [Rung(1, "hidden", Exact(hours=9)), Rung(1, "hidden", Exact(hours=2), "tutor")],
            "hidden until 2018-02-10T21:00:00Z",
        ),
        (
            [Rung(1, "hidden", Exact(hours=1)), Rung(1, "hidden", Exact(hours=2), "tutor")],
            "hidden until 2018-02-10T14:00:00Z",
        ),
        ([Rung(1, "locked", Exact(hours=3))], "locked until 2018-02-10T15:00:00Z"),
        (
            [Rung(1, "locked", Exact(hours=3)), Rung(1, "hidden", lifted_by="tutor")],
            "locked until 2018-02-10T15:00:00Z",
        ),
        (
            [Rung(1, "locked", Exact(hours=3)), Rung(1, "hidden", Exact(hours=4))],
            "hidden until 2018-02-10T16:00:00Z",
        ),
        (
            [Rung(1, "existing_only", Exact(hours=3)), Rung(1, "hidden", Exact(hours=3))],
            "hidden until 2018-02-10T15:00:00Z",
        ),
        (
            [Rung(1, "existing_only", Exact(hours=1))],
            "open to former students only until 2018-02-10T13:00:00Z",
        ),
    ],
)
def test_a_tutor_who_cannot_show_the_profile_is_told_until_when(rungs: list[Rung], what: str) -> None:
    """The last instant at which anything may be shown or ends by itself, or that somebody else has to lift it."""
    standing = missed(1, Counter("missed_request", ladder=tuple(rungs)))

    answer = ask(standing, "show_profile", actor=TINA)

    assert isinstance(answer, Refusal)
    assert answer.facts["what"] == f"the profile is {what}"


# Resetting


@pytest.mark.parametrize("verb", ["dismiss_report", "record_report"])
def test_a_counter_is_reset_once_its_reports_are_handled(verb: StandingVerb) -> None:
    """ITK-18: dismissed or recorded; then the count is none, and the ladder begins anew."""
    standing = missed(2)
    for report in (1, 2):
        answer = ask(standing, "reset_counter", counter="missed_request")
        assert refused(answer) == "reports_open"
        assert isinstance(answer, Refusal)
        assert answer.facts == {"counter": "missed_request", "count": str(3 - report)}
        standing = done(standing, verb, report=report)

    after = done(standing, "reset_counter", counter="missed_request", note="a new start")

    assert after.happening == Happening("reset", "missed_request", None, (), ANNA, "ill", "c-1", "a new start")
    assert count(after, MISSED, NOON) == 0
    assert missed(1, before=after).happening.effects == ("notice",)


def test_a_reset_lifts_a_lock_but_shows_nobody() -> None:
    """The tutor switches back after a reset too."""
    standing = missed(4)
    for report in (1, 2, 3, 4):
        standing = done(standing, "record_report", report=report)
    assert "locked" in restrictions(standing, NOON)

    after = done(standing, "reset_counter", counter="missed_request")

    assert after.happening.effects == ("locked",)
    assert restrictions(after, NOON + 1000 * DAY) == {"hidden", "existing_only"}


def test_another_counter_is_neither_asked_nor_reset() -> None:
    """ITK-14: two counters, reset separately."""
    other = Counter("missed_attendance", ladder=(Rung(1, "locked", lifted_by="operator"),))
    rules = AccountRules((MISSED, other))
    (standing,) = lapsed(rules, None, TINA, Lapse(LessonId("l-9"), 2, "missed_attendance", NOON))

    after = done(standing, "reset_counter", counter="missed_request", rules=rules)

    assert count(after, other, NOON) == 1
    assert "locked" in restrictions(after, NOON)


@pytest.mark.parametrize(
    ("grants", "cells", "code"),
    [
        (AGENT, {"now": NOON - MICRO}, "out_of_order"),
        (AGENT, {"counter": None}, "missing"),
        (NOBODY, {"reason": ""}, "not_yours"),
        (AGENT, {"case": ""}, "missing"),
        (AGENT, {"case": "  "}, "missing"),
        (AGENT, {}, "reports_open"),
    ],
)
def test_what_stands_against_a_reset(grants: frozenset[Role], cells: dict[str, Any], code: str) -> None:
    """The order of precedence is that of all refusals."""
    assert refused(ask(missed(1), "reset_counter", grants, **{"counter": "missed_request", **cells})) == code


def test_a_counter_that_there_is_not_is_a_mistake() -> None:
    """Misuse, not a refusal."""
    with pytest.raises(UnknownName, match="did you mean 'missed_request'"):
        ask(missed(1), "reset_counter", counter="missed_requests")


# Lifting


def test_an_agent_lifts_whatever_is_imposed() -> None:
    """Whoever it was to be lifted by, and before its time."""
    hidden = missed(3)

    after = done(hidden, "lift", effect="hidden", note="an error of ours", now=NOON + MICRO)

    assert after.happening == Happening("lifted", "", None, ("hidden",), ANNA, "ill", "c-1", "an error of ours")
    assert restrictions(after, after.at) == frozenset()
    assert count(after, MISSED, after.at) == 3


def test_lifting_a_lock_leaves_the_profile_hidden() -> None:
    """ITK-17: the tutor switches it back."""
    counter = Counter("missed_request", ladder=(Rung(1, "locked", lifted_by="operator"),))

    after = done(missed(1, counter), "lift", effect="locked")

    assert after.happening.effects == ("locked",)
    assert restrictions(after, NOON) == {"hidden", "existing_only"}


def test_lifting_may_be_about_one_counter() -> None:
    """Two counters have frozen the wallet."""
    rung = (Rung(1, "wallet_frozen", lifted_by="operator"),)
    one, other = Counter("a", (("late", 1),), ladder=rung), Counter("b", (("late", 1),), ladder=rung)
    rules = AccountRules((one, other))
    standing = lapsed(rules, None, TINA, Lapse(LessonId("l-1"), 2, "late", NOON))[-1]

    after = done(standing, "lift", effect="wallet_frozen", counter="a", rules=rules)

    assert after.happening.counter == "a"
    assert [each.counter for each in after.imposed] == ["b"]


def test_who_lifts_is_said_by_the_counter_that_imposed_it() -> None:
    """Of two counters each lets others lift; each lifts theirs, and somebody who is neither is told who may."""
    rung = (Rung(1, "wallet_frozen", lifted_by="operator"),)
    one = Counter("a", (("late", 1),), handled_by=("admin",), ladder=rung)
    other = Counter("b", (("late", 1),), handled_by=("agent", "operator"), ladder=rung)
    rules = AccountRules((one, other))
    standing = lapsed(rules, None, TINA, Lapse(LessonId("l-1"), 2, "late", NOON))[-1]

    def lift(*grants: Role, counter: str | None = None) -> Standing | Refusal:
        return ask(standing, "lift", frozenset(grants), rules=rules, effect="wallet_frozen", counter=counter)

    answers = [lift("admin"), lift("agent"), lift("admin", "operator")]
    assert all(isinstance(answer, Standing) for answer in answers)
    assert [[each.counter for each in answer.imposed] for answer in answers if isinstance(answer, Standing)] == [
        ["b"],
        ["a"],
        [],
    ]
    theirs, nobody = lift("agent", counter="a"), lift("system")
    assert isinstance(theirs, Refusal)
    assert isinstance(nobody, Refusal)
    assert (theirs.code, theirs.facts["by"]) == ("not_yours", "admin")
    assert (nobody.code, nobody.facts["by"]) == ("not_yours", "admin, agent, operator")


@pytest.mark.parametrize(
    ("reports", "effect", "state", "instead"),
    [
        (2, "existing_only", "hidden, with existing_only", "lift hidden"),
        (4, "existing_only", "locked and hidden, with existing_only", "lift locked and hidden"),
        (2, "locked", "without locked", "nothing"),
        (1, "existing_only", "without existing_only", "nothing"),
    ],
)
def test_what_is_brought_along_is_lifted_with_what_brings_it(
    reports: int, effect: str, state: str, instead: str
) -> None:
    """The refusal says what has to be lifted."""
    answer = ask(missed(reports), "lift", effect=effect)

    assert isinstance(answer, Refusal)
    assert (answer.code, answer.facts["state"], answer.facts["open"]) == ("not_open", state, instead)


def test_a_locked_profile_is_hidden_by_its_lock() -> None:
    """To lift hidden is to lift the lock; what is imposed by itself is lifted by itself."""
    counter = Counter("missed_request", ladder=(Rung(1, "locked", lifted_by="operator"),))
    both = Counter("b", ladder=(Rung(1, "hidden", lifted_by="tutor"), Rung(1, "existing_only", lifted_by="operator")))

    answer = ask(missed(1, counter), "lift", effect="hidden")
    after = done(missed(1, both), "lift", effect="existing_only")

    assert isinstance(answer, Refusal)
    assert answer.facts["open"] == "lift locked"
    assert [each.effect for each in after.imposed] == ["hidden"]


@pytest.mark.parametrize(
    ("grants", "cells", "code"),
    [
        (AGENT, {"now": NOON - MICRO}, "out_of_order"),
        (AGENT, {"effect": None}, "missing"),
        (NOBODY, {"effect": "wallet_frozen"}, "not_yours"),
        (AGENT, {"effect": "existing_only"}, "not_open"),
        (AGENT, {"counter": "missed_attendance"}, "not_open"),
        (NOBODY, {"reason": ""}, "not_yours"),
        (frozenset({"admin"}), {}, "not_yours"),
        (AGENT, {"reason": ""}, "missing"),
        (AGENT, {"case": ""}, "missing"),
        (AGENT, {"reason": " "}, "missing"),
    ],
)
def test_what_stands_against_lifting(grants: frozenset[Role], cells: dict[str, Any], code: str) -> None:
    """What another restriction brings along is not imposed by itself; the order of precedence is that of all."""
    assert refused(ask(missed(2), "lift", grants, **{"effect": "hidden", **cells})) == code


def test_a_command_at_the_very_instant_of_the_last_version_is_in_order() -> None:
    """Only what is stamped earlier is refused."""
    standing = missed(1)

    answer = ask(standing, "dismiss_report", now=standing.at, report=1)

    assert isinstance(answer, Standing)


def test_a_command_names_a_verb_and_a_restriction_that_there_are() -> None:
    """Values are checked where they are made."""
    with pytest.raises(ValueError, match="verb"):
        command("forgive")  # type: ignore[arg-type]  # That is the test.
    with pytest.raises(ValueError, match="effect"):
        command("lift", effect="notice")
