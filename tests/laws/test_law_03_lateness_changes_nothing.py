"""Law 3: when a sweeper runs, or whether, changes nothing but `recorded_at`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.ids import PartyId
from tutorcore.instants import MICROSECOND, Instant, instant, to_text
from tutorcore.ledger.accounts import available
from tutorcore.lessons.decision import FactsAt, advance
from tutorcore.lessons.lesson import Lesson, Offer, next_deadline
from tutorcore.policy.codec import load_policy
from tutorcore.policy.process import Process
from tutorcore.policy.settlement import Settlement
from tutorcore.testing.people import daytime
from tutorcore.testing.plain import dump
from tutorcore.testing.samples import OWN, sample_policies
from tutorcore.testing.twins import Twins, played

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
ALL_BACK = Settlement.of({"student": "100%"})
STEPS = (timedelta(0), MICROSECOND, -MICROSECOND, HOUR, 30 * HOUR, 48 * HOUR, timedelta(days=9))


def test_advancing_in_two_goes_is_advancing_in_one(
    steps: Sequence[tuple[Lesson, Lesson]], nothing_counted: FactsAt
) -> None:
    """`advance(advance(s, t1), t2) == advance(s, t2)`, for instants at, beside and between the deadlines on the way."""
    for lesson, _ in steps:
        whole = advance(lesson, lesson.at + timedelta(days=40), nothing_counted)
        deadlines = [each.at for version in (lesson, *whole) if (each := next_deadline(version)) is not None]
        for deadline in deadlines:
            for first in (deadline, deadline - MICROSECOND, deadline + MICROSECOND, deadline + HOUR):
                for last in (first + step for step in STEPS if step >= timedelta(0)):
                    early = advance(lesson, first, nothing_counted)

                    late = advance(early[-1] if early else lesson, last, nothing_counted)

                    assert [*early, *late] == advance(lesson, last, nothing_counted)


SAMPLES = {process.id: process for process in sample_policies()}


@given(st.integers(0, 2**32), st.lists(st.sampled_from(list(SAMPLES)), min_size=1, max_size=2, unique=True))
def test_nobody_can_tell_whether_a_sweeper_ran(seed: int, policies: list[str]) -> None:
    """What is shown after every step, and recorded at the end, is the same with a busy sweeper and with none."""
    twins = played(seed, 30, [SAMPLES[id] for id in policies], MemoryStorage)

    assert twins.now > NOW - timedelta(days=365)


def test_each_timeout_is_stamped_with_its_own_deadline(agreed: Callable[..., Marketplace]) -> None:
    """A sweep a month late applies begin, end and confirmation each at its own instant; only the record is late."""
    market = agreed(hours=80)
    late = NOW + timedelta(days=30)

    swept = market.sweep(now=late)

    recorded = market.history("L1")[2:]
    start = NOW + 80 * HOUR
    assert swept.timeouts == 3
    assert [each.version.at for each in recorded] == [start, start + HOUR, start + HOUR + timedelta(days=3)]
    assert {each.cause.recorded_at for each in recorded} == {late}


def test_timeouts_of_several_lessons_are_applied_by_deadline_and_id(
    opened: Callable[..., Marketplace], ask: Callable[..., Outcome]
) -> None:
    """What is overdue for one person is recorded in the order of the deadlines, and of the ids where they are equal."""
    market = opened()
    ask(market, "B", after=90 * HOUR)
    ask(market, "A", after=100 * HOUR)
    ask(market, "C", after=120 * HOUR, tutor="tess", now=NOW - HOUR)

    ask(market, "D", after=200 * HOUR, now=NOW + 60 * HOUR).or_raise()

    lapsed = [market.history(lesson)[1] for lesson in "ABC"]
    in_order = sorted(lapsed, key=lambda each: each.sequence)
    assert [(each.version.id, to_text(each.version.at)) for each in in_order] == [
        ("C", to_text(NOW + 47 * HOUR)),
        ("A", to_text(NOW + 48 * HOUR)),
        ("B", to_text(NOW + 48 * HOUR)),
    ]


def test_money_and_time_that_are_due_back_can_be_used_at_once(
    opened: Callable[..., Marketplace], ask: Callable[..., Outcome]
) -> None:
    """An expired request frees its slot and its money for the very next command, though no sweep had run."""
    market = opened()
    ask(market, "L1", after=100 * HOUR, price="100").or_raise()
    expired = NOW + 48 * HOUR

    early = ask(market, "L2", after=100 * HOUR - (48 * HOUR - MICROSECOND), price="100", now=expired - MICROSECOND)
    exactly = ask(market, "L3", after=52 * HOUR, price="100", now=expired)

    assert early.refusal is not None
    assert early.refusal.code == "insufficient_funds"
    assert exactly.ok


def _of_the_tutor(market: Marketplace, at: Instant) -> Outcome:
    return _request(market, "tom", "ben", "ben", at)


def _of_the_student(market: Marketplace, at: Instant) -> Outcome:
    return _request(market, "tess", "ann", "pam", at)


def _request(
    market: Marketplace, tutor: str, student: str, payer: str, at: Instant, lesson: str = "L9", price: str = "5"
) -> Outcome:
    """Ask under a policy in which a parent may ask, and whose requests lapse after 30 h."""
    return market.request(
        student=student, tutor=tutor, payer=payer, by=payer, start=NOW + 100 * HOUR, duration=HOUR, price=price,
        policy="own", lesson=lesson, key=lesson, now=at,
    )  # fmt: skip


@pytest.mark.parametrize("asks", [_of_the_tutor, _of_the_student])
@pytest.mark.parametrize(("step", "free"), [(-MICROSECOND, False), (timedelta(0), True), (MICROSECOND, True)])
def test_the_time_of_each_side_is_free_again_at_the_deadline(
    opened: Callable[..., Marketplace],
    ask: Callable[..., Outcome],
    asks: Callable[[Marketplace, Instant], Outcome],
    samples: dict[str, Process],
    step: timedelta,
    free: bool,
) -> None:
    """The lessons of the tutor, and of the student whoever pays, are caught up with before a slot is asked for."""
    market = opened([samples["own"]])
    ask(market, "L1", after=100 * HOUR, policy=samples["own"]).or_raise()

    assert asks(market, NOW + 30 * HOUR + step).ok is free


def test_the_money_of_a_payer_is_back_at_the_deadline(
    opened: Callable[..., Marketplace], samples: dict[str, Process]
) -> None:
    """The lessons that a parent pays for are caught up with before the parent's wallet is asked for more."""
    market = opened([samples["own"]])

    first = _request(market, "tom", "ann", "pam", NOW, "L1", price="100")
    early = _request(market, "tess", "ben", "pam", NOW + 30 * HOUR - MICROSECOND, "L2", price="100")
    exactly = _request(market, "tess", "ben", "pam", NOW + 30 * HOUR, "L3", price="100")

    assert first.ok
    assert early.refusal is not None
    assert early.refusal.code == "insufficient_funds"
    assert exactly.ok


@pytest.mark.parametrize(("step", "cleared"), [(-MICROSECOND, False), (timedelta(0), True), (MICROSECOND, True)])
@pytest.mark.parametrize("recorded", [True, False])
def test_earnings_are_available_from_the_instant_they_clear(
    agreed: Callable[..., Marketplace], samples: dict[str, Process], recorded: bool, step: timedelta, cleared: bool
) -> None:
    """A fortnight after the payment, whether or not that was recorded by then, and though nobody swept since."""
    market = agreed(samples["dear"], hours=80)
    paid = market.lesson("L1", now=NOW + timedelta(days=20)).at
    if recorded:
        market.sweep(now=paid)

    earnings = market.earnings("tom", "ITC", now=paid + timedelta(hours=336) + step)

    earned, nothing = market.money("16.7", "ITC"), market.money("0", "ITC")
    assert (earnings.pending, earnings.available) == ((nothing, earned) if cleared else (earned, nothing))


def test_a_command_records_what_has_cleared_for_its_tutor(
    agreed: Callable[..., Marketplace], ask: Callable[..., Outcome], samples: dict[str, Process]
) -> None:
    """Catching up with somebody makes their cleared earnings available, counted from the instant they were due."""
    market = agreed(samples["dear"], hours=80)
    paid = market.lesson("L1", now=NOW + timedelta(days=20)).at
    market.sweep(now=paid)

    ask(market, "L2", policy=samples["dear"], now=paid + timedelta(days=30)).or_raise()

    statement = market.statement(available(PartyId("tom")), "ITC")
    assert [line.entry.effective_at for line in statement.lines] == [paid + timedelta(hours=336)]


def test_reading_writes_nothing(asked: Callable[..., Marketplace]) -> None:
    """Every question about overdue lessons is answered as of now, and leaves the store as it was."""
    storage = MemoryStorage()
    market = asked(storage=storage)
    before, late = dump(storage), NOW + 60 * HOUR

    shown = market.lesson("L1", now=late)
    market.deadline("L1", now=late)
    market.allowed("L1", by="ann", now=late)
    market.preview("accept", "L1", by="tom", proposal=1, now=late)
    market.open_requests("tom", now=late)
    market.upcoming("ann", now=late)
    wallet = market.wallet("ann", "ITC", now=late)
    market.earnings("tom", "ITC", now=late)

    assert shown.state == "expired"
    assert wallet == market.money("100", "ITC")
    assert dump(storage) == before


def test_marks_that_are_due_count_before_they_are_recorded(
    opened: Callable[..., Marketplace], ask: Callable[..., Outcome], samples: dict[str, Process]
) -> None:
    """An option that hangs on a count is listed, and previewed, as it would be if the sweeper had just run."""
    market = opened([samples["quota"]])
    ask(market, "L1", after=60 * HOUR).or_raise()
    market.accept("L1", by="tom", proposal=1, key="agree", now=NOW).or_raise()
    ask(market, "L2", after=90 * HOUR, tutor="tess").or_raise()
    market.propose("L2", by="tess", price="24", key="counter", now=NOW).or_raise()
    late = NOW + 50 * HOUR

    listed = {option.verb: option.settles for option in market.allowed("L1", by="ann", now=late)}
    market.sweep(now=late)
    swept = {option.verb: option.settles for option in market.allowed("L1", by="ann", now=late)}

    assert listed == swept
    assert listed["cancel"] == "tutor rest"


@pytest.mark.parametrize("swept", [True, False])
def test_what_is_counted_against_whoever_asks_is_caught_up_with_too(swept: bool) -> None:
    """A mark on a parent, who asked for another's lesson and pays for neither, counts whether a sweeper ran or not."""
    text = OWN.replace('when  = "notice >= 30m"', 'when  = "count(slow, requester) < 1"')
    policy = load_policy(text.replace('"lesson.start - 2h"', '"lesson.start - 2h"\nmark = "slow"'))
    market = Marketplace(MemoryStorage(), [policy])
    for party in ("ann", "ben", "tom", "tess", "pam"):
        market.add_party(party, zone="UTC")
    market.request(
        student="ann", tutor="tess", by="pam", start=NOW + 40 * HOUR, duration=HOUR, price="0",
        verb="ask", lesson="L1", key="1", now=NOW,
    ).or_raise()  # fmt: skip
    market.act("counter", "L1", by="tess", offer=Offer(start=NOW + 50 * HOUR), key="2", now=NOW).or_raise()
    if swept:
        market.sweep(now=NOW + 60 * HOUR)

    answer = market.request(
        student="ben", tutor="tom", by="pam", start=NOW + 90 * HOUR, duration=HOUR, price="0",
        verb="ask", lesson="L2", key="3", now=NOW + 60 * HOUR,
    )  # fmt: skip

    assert answer.refusal is not None
    assert answer.refusal.code == "guard"


def test_a_grace_keeps_an_early_sweeper_from_deciding(asked: Callable[..., Marketplace]) -> None:
    """A sweeper whose clock runs ahead by less than its grace takes nobody's time away."""
    market = asked()
    deadline = NOW + 48 * HOUR

    ahead = market.sweep(now=deadline + timedelta(minutes=2), grace=timedelta(minutes=3))
    answer = market.accept("L1", by="tom", proposal=1, key="answer", now=deadline - MICROSECOND)

    assert ahead.timeouts == 0
    assert answer.ok


@pytest.mark.parametrize("sweeps", [(), (56, 57, 79.8, 79.9, 80, 80.5, 80.6, 81), (79.9,)])
def test_what_is_told_and_reminded_does_not_depend_on_sweeps(
    asked: Callable[..., Marketplace], samples: dict[str, Process], sweeps: tuple[float, ...]
) -> None:
    """Reminders stand in the outbox in their place among what was told, whoever came first: a sweeper or a command."""
    market = asked(samples["paid"], hours=80)
    market.act("pay", "L1", by="ann", key="pay", now=NOW).or_raise()
    market.accept("L1", by="tom", proposal=1, key="agree", now=NOW).or_raise()
    steps = sorted([*((hours, "sweep") for hours in sweeps), (79.85, "join"), (80.55, "leave")])
    for hours, what in steps:
        if what == "sweep":
            market.sweep(now=NOW + hours * HOUR)
        else:
            market.act(what, "L1", by="ann", key=what, now=NOW + hours * HOUR).or_raise()

    market.sweep(now=NOW + 81 * HOUR)

    kinds = [(row.message.kind, row.message.number) for row in market.outbox()][-7:]
    said = [row.message.at - NOW for row in market.outbox() if row.message.kind == "reminder"]
    assert kinds == [
        ("told", 3), ("meeting_wanted", 3), ("reminder", 3), ("reminder", 3), ("told", 5), ("reminder", 5), ("told", 7),
    ]  # fmt: skip
    # A day and ten minutes before the start, and twenty minutes after the student joined nine minutes before it.
    assert said == [56 * HOUR, 79 * HOUR + 50 * HOUR / 60, 79.85 * HOUR + 20 * HOUR / 60]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_long_plays_come_out_the_same(seed: int, samples: dict[str, Process]) -> None:
    """Plays of two hundred steps under all the samples at once: swept or not, they are the same after every step."""
    twins = played(1_000_000 + seed, 200, [*samples.values()], MemoryStorage)

    assert twins.done


def test_the_plays_are_worth_their_time(pasts: Sequence[Twins]) -> None:
    """The shared plays hold hundreds of lessons, of which most went beyond the request."""
    lengths = [len(twins.market.history(lesson)) for twins in pasts for lesson in twins.lessons]

    assert len(lengths) > 200
    assert sum(length > 2 for length in lengths) > 100


@pytest.mark.parametrize("swept", [True, False])
def test_an_open_change_holds_up_a_state_that_yields(agreed: Callable[..., Marketplace], swept: bool) -> None:
    """A time proposed in time keeps the week without one from ending the lesson; declined later, it ends at once."""
    market = agreed(hours=80)
    start, week = NOW + 80 * HOUR, timedelta(days=7)
    market.report("L1", by="ann", remedy="reschedule", reason="late", key="report", now=start + HOUR).or_raise()
    agreed_at = start + 2 * HOUR
    market.accept("L1", by="tom", proposal=2, key="agreed", now=agreed_at).or_raise()
    asked_at = agreed_at + week - HOUR
    market.propose("L1", by="ann", start=asked_at + 5 * week, key="time", now=asked_at).or_raise()
    if swept:
        for hour in range(0, 48, 7):
            assert market.sweep(now=asked_at + hour * HOUR).timeouts == 0
    declined_at = asked_at + 48 * HOUR

    waiting = market.lesson("L1", now=declined_at)
    outcome = market.decline("L1", by="tom", key="declined", now=declined_at).or_raise()

    assert (waiting.state, waiting.due) == ("rescheduling", agreed_at + week)
    assert [version.command is None for version in outcome.versions] == [False, True]
    assert [version.at for version in outcome.versions] == [declined_at, declined_at]
    assert outcome.lesson is not None
    assert outcome.lesson.state == "settled"
    assert [each.version.at for each in market.history("L1")][-2:] == [declined_at, declined_at]


def _stern(samples: dict[str, Process]) -> Marketplace:
    """A marketplace under the stern policy: requests lapse after 12 h, two lapses hide a tutor, the third freezes."""
    market = Marketplace(MemoryStorage(), [samples["stern"]])
    for party in ("ann", "ben", "tom", "tess"):
        market.add_party(party, zone="UTC")
    market.add_party("olga", zone="UTC", grants=["operator", "agent"])
    for student in ("ann", "ben"):
        market.top_up(student, market.money("100", "CRD"), key=f"{student} pays", now=NOW)
    return market


def _asks(market: Marketplace, lesson: str, student: str, tutor: str, at: Instant, hours: int = 100) -> Outcome:
    return market.request(
        student=student, tutor=tutor, start=at + hours * HOUR, duration=HOUR, price="10", lesson=lesson, key=lesson,
        now=at,
    )  # fmt: skip


@pytest.mark.parametrize("swept", [True, False])
def test_what_befell_a_tutor_is_judged_in_its_order(samples: dict[str, Process], swept: bool) -> None:
    """Catching up with a student whose tutor let a request lapse catches up with what that tutor let lapse before."""
    market = _stern(samples)
    _asks(market, "L1", "ann", "tom", NOW).or_raise()
    _asks(market, "L2", "ben", "tom", NOW + 20 * HOUR / 60, 110).or_raise()
    if swept:
        for minute in range(0, 24 * 60, 7):
            market.sweep(now=NOW + minute * HOUR / 60)
    late = NOW + 24 * HOUR

    shown = market.standings.of("tom", now=late)
    _asks(market, "L3", "ben", "tess", late).or_raise()
    recorded = [each.standing for each in market.standings.history("tom")]

    assert shown == recorded[-1]
    assert [each.at for each in recorded if each.happening.counter == "in_a_row"] == [
        NOW + 12 * HOUR,
        NOW + 12 * HOUR + 20 * HOUR / 60,
    ]


@pytest.mark.parametrize("swept", [True, False])
def test_what_follows_from_a_lapse_follows_at_once(samples: dict[str, Process], swept: bool) -> None:
    """Whoever asks, looks for free times or previews meets a hidden tutor as hidden, swept or not."""
    market = _stern(samples)
    market.set_schedule("tom", daytime("UTC"))
    for number in range(2):
        _asks(market, f"L{number}", "ann", "tom", NOW, 100 + number).or_raise()
    late = NOW + 12 * HOUR
    if swept:
        market.sweep(now=late)

    def found(at: Instant) -> tuple[object, ...]:
        start = NOW.replace(hour=12) + timedelta(days=9)
        explained = market.explain(student="ben", tutor="tom", start=start, duration=HOUR, price="10", now=at)
        return (
            explained.refusal and explained.refusal.code,
            sorted(market.standings.restrictions("tom", now=at)),
            [report.report.counter for report in market.standings.queue(now=at)],
        )

    if not swept:
        assert found(late - MICROSECOND) == (None, [], [])
    assert found(late) == ("guard", ["existing_only", "hidden"], ["in_a_row", "points", "in_a_row"])
    assert not market.standings.is_listed("tom", now=late)
    refused = _asks(market, "L9", "ben", "tom", late, 240)
    assert refused.refusal is not None
    assert refused.refusal.code == "guard"


@pytest.mark.parametrize("swept", [True, False])
def test_somebody_taught_is_known_at_once(samples: dict[str, Process], swept: bool) -> None:
    """A hidden tutor may be asked by whom they have just taught, though nothing of that is recorded yet."""
    market = _stern(samples)
    market.set_schedule("tom", daytime("UTC"))
    _asks(market, "L1", "ann", "tom", NOW, 30).or_raise()
    market.accept("L1", by="tom", proposal=1, key="yes", now=NOW).or_raise()
    taught = NOW + 31 * HOUR + 25 * HOUR
    for number in (2, 3):
        _asks(market, f"L{number}", "ben", "tom", taught - 10 * HOUR, 100 + number).or_raise()
    hidden = taught + 3 * HOUR
    start = taught.replace(hour=12, minute=0) + timedelta(days=9)
    if swept:
        market.sweep(now=hidden)

    codes = []
    for student in ("ann", "ben"):
        explained = market.explain(student=student, tutor="tom", start=start, duration=HOUR, price="1", now=hidden)
        codes.append(explained.refusal and explained.refusal.code)

    assert market.standings.restrictions("tom", now=hidden) >= {"hidden"}
    assert codes == [None, "guard"]


@pytest.mark.parametrize("swept", [True, False])
def test_a_debt_is_paid_at_the_instant_something_clears(samples: dict[str, Process], swept: bool) -> None:
    """What clears 60 h after it was earned pays what the tutor owes, before anybody has recorded that."""
    market = _stern(samples)
    for lesson, hours in (("L1", 30), ("L2", 40)):
        _asks(market, lesson, "ann", "tom", NOW, hours).or_raise()
        market.accept(lesson, by="tom", proposal=1, key=f"{lesson} yes", now=NOW).or_raise()
        market.confirm(lesson, by="ann", key=f"{lesson} done", now=NOW + (hours + 1) * HOUR).or_raise()
    first, second = NOW + 31 * HOUR + 60 * HOUR, NOW + 41 * HOUR + 60 * HOUR
    market.payouts.spend("tom", market.money("9.25", "CRD"), key="spent", now=first).or_raise()
    market.refund("L1", by="olga", split=ALL_BACK, reason="ill", key="back", now=first).or_raise()

    def shown(at: Instant) -> tuple[str, str, str]:
        if swept:
            market.sweep(now=at)
        earned = market.earnings("tom", "CRD", now=at)
        return market.payouts.debt("tom", "CRD", now=at).text, earned.pending.text, earned.available.text

    assert shown(second - MICROSECOND) == ("9.25", "9.25", "0.00")
    assert shown(second) == ("0.00", "0.00", "0.00")
