"""How tutors stand in a marketplace: fed by lessons, read as of now, handled at a desk, written once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tutorcore.adapters.meetings.link import LinkTemplate
from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.meeting_relay import MeetingRelay
from tutorcore.engine.outcome import Outcome
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import PartyId
from tutorcore.instants import MICROSECOND, Instant, instant
from tutorcore.policy.codec import load_policy
from tutorcore.ports.storage import Storage
from tutorcore.standing import Happening, Standing, open_reports

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

POLICY = load_policy("""
extends = "lesson/1"
id = "judged"
currency = "EUR"
[request]
by = ["student"]
answer_by = "earliest(asked + 48h, lesson.start)"
silence = { mark = "missed_request" }
[complete]
silence = { at = "lesson.end + 2h" }
[meeting]
create = "when_agreed"
[standing.missed_request]
bundle = { by = "day", zone = "UTC", counts = 1 }
dismiss = ["ill"]
ladder = [
  { at = 1, effect = "notice" },
  { at = 2, effect = "hidden", lifted_by = "tutor" },
  { at = 3, effect = "requests_blocked", for = "48h" },
]
""")


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """An empty store of either kind."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    with open_sqlite(":memory:") as store:
        yield store


def _market(storage: Storage) -> Marketplace:
    market = Marketplace(storage, [POLICY])
    for party in ("ann", "bob", "tom", "tim"):
        market.add_party(party, zone="UTC")
    market.add_party("agnes", zone="UTC", grants=["agent"])
    market.add_party("robot", zone="UTC", grants=["system"])
    for party in ("ann", "bob", "tom"):
        market.top_up(party, market.money("500.00", "EUR"), key=f"pay {party}", now=NOW)
    return market


def _asked(market: Marketplace, lesson: str, at: Instant, student: str = "ann", tutor: str = "tom") -> Outcome:
    return market.request(
        student=student, tutor=tutor, start=at + 10 * DAY, duration=HOUR, price="20.00", lesson=lesson,
        key=f"ask {lesson}", now=at,
    )  # fmt: skip


def _dismissed(market: Marketplace, report: int, now: Instant, **other: str) -> Outcome:
    said = {"by": "agnes", "reason": "ill", "case": "C-1", "key": f"dismiss {report}"} | other
    return market.standings.dismiss_report("tom", report, now=now, **said)


def _happened(market: Marketplace) -> list[tuple[Instant, Happening]]:
    return [(each.standing.at, each.standing.happening) for each in market.standings.history("tom")]


def test_nothing_is_known_of_a_tutor_who_did_nothing_wrong(storage: Storage) -> None:
    """Without a lapse there is no standing, no restriction and nothing in the queue."""
    market = _market(storage)

    assert market.standings.of("tom", now=NOW) is None
    assert market.standings.restrictions("tom", now=NOW) == frozenset()
    assert market.standings.is_listed("tom", now=NOW)
    assert market.standings.queue(now=NOW) == ()
    assert market.standings.history("tom") == ()


@pytest.mark.parametrize(("late", "listed"), [(-MICROSECOND, True), (timedelta(0), False), (MICROSECOND, False)])
def test_a_rung_takes_hold_at_the_deadline(storage: Storage, late: timedelta, listed: bool) -> None:
    """The profile is hidden from the very instant of the second lapse on, though nobody has swept."""
    market = _market(storage)
    _asked(market, "L1", NOW)
    _asked(market, "L2", NOW + DAY)

    assert market.standings.is_listed("tom", now=NOW + 3 * DAY + late) is listed
    assert market.standings.history("tom") == ()


def test_the_cause_is_told_before_what_it_means_for_the_tutor(storage: Storage) -> None:
    """In the outbox, what happened to a lesson stands before how its tutor stands after it."""
    market = _market(storage)
    _asked(market, "L1", NOW)
    _asked(market, "L2", NOW + DAY)

    market.sweep(now=NOW + 4 * DAY)
    messages = [row.message for row in market.outbox(kinds=("told", "standing"))]

    assert [(each.lesson, each.kind, each.number) for each in messages] == [
        ("L1", "told", 1), ("L2", "told", 1),
        ("L1", "told", 2), ("L1", "standing", 1), ("L2", "told", 2), ("L2", "standing", 2),
    ]  # fmt: skip


def test_what_is_read_ahead_of_the_sweep_is_what_it_writes(storage: Storage) -> None:
    """Reading applies what is due in memory; sweeping then writes just that."""
    market = _market(storage)
    for day in range(3):
        _asked(market, f"L{day}", NOW + day * HOUR)
    later = NOW + 5 * DAY
    before, queue = market.standings.of("tom", now=later), market.standings.queue(now=later)

    market.sweep(now=later)

    assert before is not None
    assert storage_standing(storage) == before
    assert market.standings.queue(now=later) == queue
    assert [each.report.number for each in queue] == [each.number for each in open_reports(before)]


def storage_standing(storage: Storage) -> Standing | None:
    """What is recorded of the tutor."""
    with storage.reading() as tx:
        return tx.standing(PartyId("tom"))


def _lapses_of_two_students(market: Marketplace) -> None:
    """Two requests to one tutor that will expire on different days, by students who never meet."""
    _asked(market, "A", NOW, student="ann")
    _asked(market, "B", NOW + DAY, student="bob")


def test_lapses_are_judged_in_their_order_whoever_comes_first() -> None:
    """What catches up on the later lapse, for another lesson of its student, catches up on the earlier one before."""
    swept, touched = _market(MemoryStorage()), _market(MemoryStorage())
    for market in (swept, touched):
        _lapses_of_two_students(market)
    for hours in range(5 * 24):
        swept.sweep(now=NOW + hours * HOUR)

    _asked(touched, "C", NOW + 4 * DAY, student="bob", tutor="tim")  # Nothing of tom's is asked for.

    assert _happened(touched) == _happened(swept)
    assert len(_happened(swept)) == 2


def test_the_relay_judges_too(storage: Storage) -> None:
    """A lapse that comes to light when a meeting is reported counts as any other."""
    market = _market(storage)
    _asked(market, "L1", NOW)
    market.accept("L1", by="tom", proposal=1, key="yes", now=NOW)
    _asked(market, "L2", NOW + HOUR).or_raise()
    relay = MeetingRelay(storage, LinkTemplate("https://meet.example/{lesson}"), by="robot")

    relay.run(now=NOW + 3 * DAY)

    found = storage_standing(storage)
    assert found is not None
    assert found.happening.report == 1


def test_nobody_is_judged_for_what_a_student_lets_lapse(storage: Storage) -> None:
    """A tutor who is a student elsewhere is not judged for that, and neither are students."""
    market = _market(storage)
    asked = market.request(
        student="tom", tutor="tim", start=NOW + 10 * DAY, duration=HOUR, price="20.00", key="ask", now=NOW
    )
    assert asked.lesson is not None
    market.sweep(now=NOW + 3 * DAY)

    assert market.standings.of("tom", now=NOW + 3 * DAY) is None
    assert market.standings.of("tim", now=NOW + 3 * DAY) is not None


def test_students_who_know_a_hidden_tutor_may_still_ask(storage: Storage) -> None:
    """Hidden, a tutor is asked by those who have had a lesson with them, and by nobody else."""
    market = _market(storage)
    _asked(market, "L0", NOW, student="bob")
    market.accept("L0", by="tom", proposal=1, key="yes", now=NOW)
    for day in (11, 12):
        _asked(market, f"L{day}", NOW + day * DAY)
    later = NOW + 15 * DAY

    stranger, friend = _asked(market, "L20", later, student="ann"), _asked(market, "L21", later, student="bob")

    assert not market.standings.is_listed("tom", now=later)
    assert friend.ok
    assert stranger.refusal is not None
    assert stranger.refusal.code == "guard"
    assert "restricted(tutor, existing_only)" in stranger.refusal.sentence


def test_blocked_requests_open_again_by_themselves(storage: Storage) -> None:
    """What runs for a time ends to the microsecond, though nothing happens then."""
    market = _market(storage)
    for day in range(3):
        _asked(market, f"L{day}", NOW + day * DAY, student="bob")
    end = NOW + 4 * DAY + 48 * HOUR
    market.standings.show_profile("tom", key="show", now=end - HOUR)

    assert _asked(market, "L8", end - MICROSECOND).refusal is not None
    assert _asked(market, "L9", end).ok


def test_a_report_is_dismissed_once_and_the_tutor_is_told(storage: Storage) -> None:
    """Handling is audited, told, and repeated under its key without doing it again."""
    market = _market(storage)
    _asked(market, "L1", NOW)
    later = NOW + 3 * DAY

    first, again = _dismissed(market, 1, later), _dismissed(market, 1, later + DAY)
    twice = _dismissed(market, 1, later + DAY, key="another")

    assert first.ok
    assert again.ok
    assert again.repeated
    assert twice.refusal is not None
    assert twice.refusal.code == "not_open"
    assert [line.refusal is None for line in market.audit() if line.verb == "dismiss_report"] == [True, False]
    told = [row.message for row in market.outbox(kinds=["standing"])]
    assert [(message.lesson, message.number, message.audience) for message in told] == [
        ("L1", 1, ("tom",)),
        ("L1", 2, ("tom",)),
    ]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"by": "ann"}, "not_yours"),
        ({"by": "tom"}, "not_yours"),
        ({"by": "robot"}, "not_yours"),
        ({"reason": ""}, "missing"),
        ({"case": ""}, "missing"),
        ({"reason": "bored"}, "bad_terms"),
    ],
)
def test_what_may_not_be_done_is_refused_audited_and_changes_nothing(
    storage: Storage, said: dict[str, str], code: str
) -> None:
    """A wrong role or too few words: nothing changes but the audit trail."""
    market = _market(storage)
    _asked(market, "L1", NOW)
    market.sweep(now=NOW + 3 * DAY)
    before = market.standings.history("tom")

    outcome = _dismissed(market, 1, NOW + 3 * DAY, **said)

    assert outcome.refusal is not None
    assert outcome.refusal.code == code
    assert market.standings.history("tom") == before
    assert market.audit()[-1].refusal == outcome.refusal


def test_a_counter_is_reset_when_all_is_handled(storage: Storage) -> None:
    """With an open report a reset is refused; afterwards the next lapse is the first again."""
    market = _market(storage)
    _asked(market, "L1", NOW)
    said = {"by": "agnes", "reason": "settled", "case": "C-2"}
    later = NOW + 3 * DAY

    early = market.standings.reset_counter("tom", "missed_request", key="reset", now=later, **said)
    market.standings.record_report("tom", 1, key="record", now=later, **said)
    late = market.standings.reset_counter("tom", "missed_request", key="reset again", now=later, **said)
    _asked(market, "L2", later)
    market.sweep(now=later + 3 * DAY)

    assert early.refusal is not None
    assert early.refusal.code == "reports_open"
    assert late.ok
    assert market.standings.history("tom")[-1].standing.happening.effects == ("notice",)


def test_a_tutor_shows_the_profile_and_an_agent_lifts_what_is_not_the_tutors(storage: Storage) -> None:
    """Each ends what is theirs to end."""
    market = _market(storage)
    for day in range(3):
        _asked(market, f"L{day}", NOW + day * DAY)
    later = NOW + 4 * DAY

    assert not market.standings.show_profile("tom", by="ann", key="no", now=later).ok
    assert market.standings.show_profile("tom", key="show", now=later).ok
    assert market.standings.is_listed("tom", now=later)
    lifted = market.standings.lift(
        "tom", "requests_blocked", by="agnes", reason="mistake", case="C-3", key="lift", now=later
    )
    assert lifted.ok
    assert market.standings.restrictions("tom", now=later) == frozenset()


def test_misuse_is_named() -> None:
    """Unknown people and reports, and values of the wrong type, raise and leave no trace."""
    market = _market(MemoryStorage())
    lines = len(market.audit())
    with pytest.raises(UnknownName, match="party"):
        market.standings.of("nobody", now=NOW)
    with pytest.raises(UnknownName, match="report"):
        _dismissed(market, 1, NOW)
    with pytest.raises(InvalidType, match="report"):
        market.standings.dismiss_report("tom", True, by="agnes", reason="ill", case="C", key="k", now=NOW)
    with pytest.raises(UnknownName, match="restriction"):
        market.standings.lift("tom", "sad", by="olga", reason="x", case="C", key="k", now=NOW)  # type: ignore[arg-type]  # none
    with pytest.raises(InvalidType, match="reason"):
        _dismissed(market, 1, NOW, reason=3)  # type: ignore[arg-type]  # no text
    with pytest.raises(InvalidValue, match="now"):
        market.standings.of("tom", now=NOW.replace(tzinfo=None))
    assert len(market.audit()) == lines


def test_a_counter_without_reports_has_nothing_to_reset(storage: Storage) -> None:
    """One that a policy has is refused; a name that none has is a mistake."""
    market = _market(storage)
    said = {"by": "agnes", "reason": "to be sure", "case": "C-4"}

    refused = market.standings.reset_counter("tom", "missed_request", key="reset", now=NOW, **said)

    assert refused.refusal is not None
    assert refused.refusal.code == "not_open"
    with pytest.raises(UnknownName, match="missed_request"):
        market.standings.reset_counter("tom", "missed_requests", key="again", now=NOW, **said)
