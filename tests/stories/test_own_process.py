"""A policy that is wholly an integrator's own: no profile, own states, own verbs, own clocks.

A chess club lends out its masters. A member *challenges* one, who *takes it up* or *passes*; a *nudge* gives the
master another day. A game that was played is *thanked* for, or *protested*, and then the club's office *rules*.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, Process, UnknownName, instant, load_policy, load_preset
from tutorcore.policy import dump_process, problems

Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Edge = tuple[timedelta, bool]

_CHESS_CLUB = """
schema = 1
id = "chess-club"
version = "2026"
extends = "process/1"
zone = "student"
currency = "EUR"

[fees]
commission = "1/3"
rounding = "down"

[opening]
verb = "challenge"
by = ["student"]
to = "challenged"
when = "notice >= 12h"
terms = "propose"
hold = "cover"

[state.challenged]
waits_for = "tutor"                   # A challenge takes nobody's time yet: a master may have several for one evening.

[state.challenged.on.take_up]
by = ["tutor", "operator"]            # The master, or the office in the master's name.
to = "fixed"
terms = "accept"
hold = "exact"

[state.challenged.on.pass]
by = ["tutor"]
to = "off"
settle = { student = "rest" }

[state.challenged.on.nudge]
by = ["student"]
to = "stay"
when = "now >= asked + 12h"

[state.challenged.timeout]
at = "earliest(latest(asked + 24h, did(nudge) + 24h), lesson.start)"
to = "off"
fault = "holder"
settle = { student = "rest" }
mark = "unanswered"

[state.fixed]
slot = "firm"

[[state.fixed.on.call_off]]
by = ["student"]
to = "off"
when = "notice >= 6h"
settle = { student = "100%" }

[[state.fixed.on.call_off]]           # Late: once in thirty days it is forgiven, then it costs a half.
by = ["student"]
to = "off"
cases = [
  { when = "count(late, student, within=30d) < 1", settle = { student = "100%" }, mark = "late", fault = "student" },
  { settle = { tutor = "50%", student = "rest" }, mark = "late", fault = "student" },
]
notify = ["student"]

[[state.fixed.on.call_off]]
by = ["tutor"]
to = "off"
needs = ["reason"]
settle = { student = "100%" }

[state.fixed.timeout]
at = "lesson.end"
to = "played"

[state.played]
waits_for = "student"

[state.played.on.thank]
by = ["student"]
to = "closed"
settle = { tutor = "rest" }

[state.played.on.protest]
by = ["student"]
to = "protested"
needs = ["reason"]
until = "end_of_day(lesson.end)"

[state.played.timeout]
at = "at_time(lesson.end + 1d, 18:00)"
to = "closed"
settle = { tutor = "rest" }

[state.protested]
waits_for = "operator"

[state.protested.on.rule]
by = ["operator"]
to = "closed"
needs = ["reason"]
settle = { student = "1/3", tutor = "1/3", platform = "rest" }

[state.protested.timeout]
at = "entered + 1w"
to = "closed"
settle = { student = "100%" }

[state.off]
over = true

[state.closed]
over = true

[state.closed.on.applaud]
by = ["student", "tutor"]
to = "stay"
"""

_NOW = instant("2026-02-27T15:00:00Z")
_START = instant("2026-03-06T20:00:00Z")
_HOUR = timedelta(hours=1)


@pytest.fixture
def process() -> Process:
    """The club's policy."""
    return load_policy(_CHESS_CLUB, "chess-club.toml")


@pytest.fixture
def club(open_market: Callable[..., Marketplace], process: Process) -> Marketplace:
    """The club, in which ann and sue have paid in 100 euros each."""
    club = open_market(process)
    for member in ("ann", "sue"):
        club.top_up(member, club.money("100.00", "EUR"), key=f"{member} pays in", now=_NOW)
    return club


def _challenged(club: Marketplace, key: str = "challenge", student: str = "ann", days: int = 0) -> Lesson:
    """Let a member challenge tom to a game of an hour for 20 euros, on 6 March or some days later."""
    outcome = club.request(
        student=student,
        tutor="tom",
        start=_START + timedelta(days=days),
        duration=_HOUR,
        price="20.00",
        key=key,
        now=_NOW + timedelta(days=days),
    ).or_raise()
    assert outcome.lesson is not None
    return outcome.lesson


def _fixed(club: Marketplace, key: str = "challenge", days: int = 0) -> Lesson:
    lesson = _challenged(club, key, days=days)
    now = _NOW + timedelta(days=days, hours=1)
    fixed = club.act("take_up", lesson.id, by="tom", proposal=1, key=f"{key} taken up", now=now).or_raise().lesson
    assert fixed is not None
    return fixed


def _code(outcome: Outcome) -> str:
    return "done" if outcome.refusal is None else outcome.refusal.code


def test_the_table_is_well_formed_and_reads_back_equal(process: Process) -> None:
    """What is written out is the whole policy, and printing it loses nothing."""
    assert problems(process) == ()
    assert load_policy(dump_process(process)) == process
    assert process.verbs == (
        "challenge",
        "take_up",
        "pass",
        "nudge",
        "call_off",
        "thank",
        "protest",
        "rule",
        "applaud",
    )


def test_a_lesson_runs_through_states_and_verbs_of_the_integrator_s_own(
    club: Marketplace, books: Books, told: Told, blamed: Blamed
) -> None:
    """From the challenge to the applause, by `act` alone, and every cent is accounted for."""
    lesson = _fixed(club)
    end = _START + _HOUR

    thanked = club.act("thank", lesson.id, by="ann", key="thanks", now=end + _HOUR).or_raise().lesson
    applauded = club.act("applaud", lesson.id, by="tom", note="well played", key="clap", now=end + 48 * _HOUR)

    assert thanked is not None
    assert (thanked.state, thanked.legs) == ("closed", (("tutor", 1334), ("platform", 666)))
    assert applauded.lesson is not None
    assert (applauded.lesson.state, applauded.lesson.over, applauded.lesson.legs) == ("closed", True, ())
    assert books(club, "EUR") == {
        "Assets:Bank": "200.00",
        "Income:Fees:Commission": "6.66",
        "Liabilities:Students:Ann:Wallet": "80.00",
        "Liabilities:Students:Sue:Wallet": "100.00",
        "Liabilities:Tutors:Tom:Available": "13.34",
    }
    assert told(club, lesson.id) == [
        ("challenge", {"tom"}),
        ("take_up", {"ann"}),
        ("played", {"ann", "tom"}),
        ("thank", {"tom"}),
        ("applaud", {"ann"}),
    ]
    assert blamed(club, lesson.id) == []


def test_the_verbs_of_the_profile_do_not_exist_here(club: Marketplace) -> None:
    """Nothing is named by the engine: a club that knows no `accept` has none, and is told what there is."""
    lesson = _challenged(club)

    with pytest.raises(UnknownName, match="take_up"):
        club.accept(lesson.id, by="tom", proposal=1, key="yes", now=_NOW + _HOUR)
    with pytest.raises(UnknownName, match="request"):
        club.request(
            student="ann",
            tutor="tom",
            start=_START,
            duration=_HOUR,
            price="20.00",
            key="ask",
            verb="request",
            now=_NOW,
        )


def test_the_opening_move_has_a_guard_of_its_own(club: Marketplace) -> None:
    """Twelve hours ahead is enough to the microsecond: a guard compares literally."""

    def challenge(ahead: timedelta, key: str) -> str:
        return _code(
            club.request(
                student="ann", tutor="tom", start=_START, duration=_HOUR, price="1.00", key=key, now=_START - ahead
            )
        )

    notice = timedelta(hours=12)

    assert challenge(notice - timedelta(microseconds=1), "just too late") == "guard"
    assert challenge(notice, "exactly") == "done"


def test_a_nudge_gives_the_master_another_day_and_an_aside_changes_nothing_else(
    club: Marketplace, edge: Edge, blamed: Blamed
) -> None:
    """The deadline that reads the nudge moves with it, and silence still ends it with a mark."""
    after, in_time = edge
    lesson = _challenged(club)

    early = club.act("nudge", lesson.id, by="ann", key="early", now=_NOW + 11 * _HOUR)
    nudged = club.act("nudge", lesson.id, by="ann", key="nudge", now=_NOW + 20 * _HOUR).or_raise().lesson
    answer = club.act("pass", lesson.id, by="tom", key="pass", now=_NOW + 44 * _HOUR + after)

    assert _code(early) == "guard"
    assert lesson.due == _NOW + 24 * _HOUR
    assert nudged is not None
    assert (nudged.state, nudged.waits_for, nudged.held) == ("challenged", "tutor", 2000)
    assert nudged.due == _NOW + 44 * _HOUR
    assert nudged.why is not None
    assert "did(nudge) + 24h" in nudged.why.text
    assert answer.ok is in_time
    assert blamed(club, lesson.id) == ([] if in_time else [("tutor", "unanswered")])


def test_several_challenges_for_one_evening_are_possible_and_one_is_taken_up(club: Marketplace) -> None:
    """Where asking takes no time, taking up does: the second of the same evening is refused and may still be passed."""
    first, second = _challenged(club, "first"), _challenged(club, "second", "sue")
    now = _NOW + _HOUR

    taken = club.act("take_up", first.id, by="tom", proposal=1, key="a", now=now)
    refused = club.act("take_up", second.id, by="tom", proposal=1, key="b", now=now)
    passed = club.act("pass", second.id, by="tom", key="c", now=now)

    assert (_code(taken), _code(refused), _code(passed)) == ("done", "slot_taken", "done")
    assert club.wallet("sue", "EUR", now=now).text == "100.00"


def test_the_office_may_take_up_in_the_master_s_name_and_nobody_else(club: Marketplace, told: Told) -> None:
    """A row names every role that may act; that it was the office is on record, and the master is told."""
    lesson = _challenged(club)

    strangers = [club.act("take_up", lesson.id, by=by, proposal=1, key=by, now=_NOW + _HOUR) for by in ("ann", "tim")]
    taken = club.act("take_up", lesson.id, by="olga", proposal=1, key="olga", now=_NOW + _HOUR).or_raise().lesson

    assert [_code(outcome) for outcome in strangers] == ["not_yours", "not_yours"]
    assert taken is not None
    assert taken.command is not None
    assert taken.command.actor == "olga"
    assert told(club, lesson.id)[-1] == ("take_up", {"ann", "tom"})


def test_the_rows_of_a_verb_are_tried_in_their_order_and_counts_decide_between_cases(
    club: Marketplace, blamed: Blamed, told: Told
) -> None:
    """Six hours ahead is free; later the first time in thirty days is forgiven, and the second costs a half."""
    ends = []
    for number, (days, hours) in enumerate([(0, 6), (7, 5), (14, 5), (60, 5)]):
        lesson = _fixed(club, f"game {number}", days)
        off = club.act(
            "call_off", lesson.id, by="ann", key=f"off {number}", now=lesson.terms.start - hours * _HOUR
        ).or_raise()
        assert off.lesson is not None
        ends.append(
            (dict(off.lesson.legs), [mark for _, mark in blamed(club, lesson.id)], told(club, lesson.id)[-1][1])
        )

    assert ends == [
        ({"payer": 2000}, [], {"tom"}),
        ({"payer": 2000}, ["late"], {"ann", "tom"}),
        ({"tutor": 667, "platform": 333, "payer": 1000}, ["late"], {"ann", "tom"}),
        ({"payer": 2000}, ["late"], {"ann", "tom"}),
    ]


def test_a_row_may_need_a_reason_from_one_role_and_not_from_another(club: Marketplace) -> None:
    """The master says why; the member need not."""
    lesson = _fixed(club)
    now = _START - 24 * _HOUR

    without = club.act("call_off", lesson.id, by="tom", key="a", now=now)
    with_reason = club.act("call_off", lesson.id, by="tom", reason="fever", key="b", now=now)

    assert _code(without) == "missing"
    assert with_reason.ok


def test_a_game_is_closed_at_six_in_the_evening_of_the_next_day_where_the_member_lives(
    club: Marketplace, edge: Edge
) -> None:
    """Played on Saturday until 16:00 in New York; on Sunday clocks spring forward, and 18:00 -04:00 is 22:00Z."""
    after, in_time = edge
    lesson = _fixed(club, days=1)
    due = instant("2026-03-08T22:00:00Z")

    outcome = club.act("thank", lesson.id, by="ann", key="thanks", now=due + after)

    assert lesson.terms.end == instant("2026-03-07T21:00:00Z")
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    assert (outcome.lesson.state, outcome.lesson.at) == ("closed", due + after if in_time else due)


def test_a_protest_is_open_until_the_end_of_the_member_s_day(club: Marketplace, edge: Edge) -> None:
    """The game of Saturday can be protested until midnight in New York, 05:00Z, two hours before its clocks change."""
    after, in_time = edge
    lesson = _fixed(club, days=1)
    midnight = instant("2026-03-08T05:00:00Z")

    buttons = {option.verb: option.until for option in club.allowed(lesson.id, by="ann", now=lesson.terms.end)}
    protest = club.act("protest", lesson.id, by="ann", reason="no board", key="protest", now=midnight + after)

    assert buttons["protest"] == midnight
    assert _code(protest) == ("done" if in_time else "guard")


def test_the_office_rules_on_a_protest_and_thirds_lose_no_cent(club: Marketplace, books: Books) -> None:
    """Of 20.00 a third each, then the fee on and out of the master's third; the rest is the club's."""
    lesson = _fixed(club)
    end = _START + _HOUR
    club.act("protest", lesson.id, by="ann", reason="no board", key="protest", now=end + _HOUR).or_raise()

    ruled = club.act("rule", lesson.id, by="olga", reason="split", key="rule", now=end + 2 * _HOUR).or_raise().lesson

    assert ruled is not None
    assert dict(ruled.legs) == {"payer": 667, "tutor": 445, "platform": 888}
    assert sum(amount for _, amount in ruled.legs) == 2000
    assert books(club, "EUR")["Liabilities:Students:Ann:Wallet"] == "86.67"


def test_a_protest_that_nobody_rules_on_is_the_member_s_after_a_week_by_the_member_s_calendar(
    club: Marketplace, edge: Edge
) -> None:
    """Protested on Friday at 17:00 -05:00, a week later at 17:00 -04:00: an hour less than seven times 24."""
    after, in_time = edge
    lesson = _fixed(club)
    club.act("protest", lesson.id, by="ann", reason="no board", key="protest", now=instant("2026-03-06T22:00:00Z"))
    due = instant("2026-03-13T21:00:00Z")

    late = club.act("rule", lesson.id, by="olga", reason="split", key="rule", now=due + after)

    assert late.ok is in_time
    assert club.wallet("ann", "EUR", now=due).text == ("86.67" if in_time else "100.00")


def test_what_the_compiled_preset_prints_can_be_edited_and_run(open_market: Callable[..., Marketplace]) -> None:
    """The way from a profile to a table of one's own: print italki, call its verbs something else, load it."""
    table = dump_process(load_preset("italki"))
    own = table.replace("on.accept]]", "on.say_yes]]").replace('id = "italki"', 'id = "own-words"')
    market = open_market(load_policy(own))
    market.top_up("ann", market.money("100.0", "ITC"), key="buy", now=_NOW)
    asked = market.request(student="ann", tutor="tom", start=_START, duration=_HOUR, price="25.0", key="ask", now=_NOW)
    assert asked.lesson is not None

    agreed = market.act("say_yes", asked.lesson.id, by="tom", proposal=1, key="yes", now=_NOW + _HOUR)

    assert load_policy(table) == load_preset("italki")
    assert agreed.lesson is not None
    assert agreed.lesson.state == "agreed"
    assert "accept" not in agreed.lesson.machine.process.verbs
