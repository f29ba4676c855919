"""Who finds which link, who reads which review, and how the platform's own software reports what happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import Instant, instant
from tutorcore.lessons.lesson import Meeting, Particulars
from tutorcore.lessons.options import Preview
from tutorcore.policy.codec import load_policy
from tutorcore.policy.settlement import Settlement
from tutorcore.ports.storage import Storage

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
START = NOW + 100 * HOUR
LINKS = (("student", "https://meet.example/s"), ("tutor", "https://meet.example/t"))
POLICY = """
extends = "itutor"
id = "family"
request.by = ["requester"]
request.hold = "none"
review = { by = ["student", "tutor"], until = "lesson.end + 24h", blind = true }
dispute.marks = { tutor = "missed_attendance", student = "false_claim" }
"""


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """An empty store of either kind."""
    if request.param == "memory":
        yield MemoryStorage()
    else:
        with open_sqlite(":memory:") as opened:
            yield opened


@pytest.fixture
def market(storage: Storage) -> Marketplace:
    """A marketplace in which pat has asked for kim's lesson with tom, and tom has agreed."""
    market = Marketplace(storage, [load_policy(POLICY)])
    for party in ("kim", "pat", "max"):
        market.add_party(party, zone="UTC")
    market.add_party("tom", zone="UTC", permissions=["meeting_provider"])
    for party, grant in (("olga", "operator"), ("ada", "admin"), ("robot", "system")):
        market.add_party(party, zone="UTC", grants=[grant])  # type: ignore[list-item]  # grants by name
    agreed(market, "L1", "pat", START)
    return market


def agreed(market: Marketplace, lesson: str, by: str, start: Instant) -> None:
    """Let somebody ask for kim's lesson, and tom agree."""
    market.request(
        student="kim", tutor="tom", by=by, start=start, duration=HOUR, price="90.00", lesson=lesson,
        key=f"ask {lesson}", now=NOW,
    ).or_raise()  # fmt: skip
    market.accept(lesson, by="tom", proposal=1, key=f"yes {lesson}", now=NOW).or_raise()


def ready(market: Marketplace, lesson: str = "L1", by: str = "robot", proposal: int | None = 1) -> Outcome:
    """Let the platform's software bring the meeting."""
    about = Particulars(source="video", details=LINKS)
    return market.act(
        "meeting_ready", lesson, by=by, proposal=proposal, particulars=about, key=f"{lesson} {by} {proposal}",
        now=NOW + HOUR,
    )  # fmt: skip


def code(outcome: Outcome) -> str:
    """Return what a command was answered."""
    return "done" if outcome.refusal is None else outcome.refusal.code


# Meetings.


@pytest.mark.parametrize(
    ("reader", "roles"),
    [
        ("kim", ["student"]),
        ("pat", ["student"]),
        ("tom", ["tutor"]),
        ("olga", ["student", "tutor"]),
        ("robot", ["student", "tutor"]),
        ("max", None),
    ],
)
def test_everybody_finds_their_own_link(market: Marketplace, reader: str, roles: list[str] | None) -> None:
    """A parent gets the student's, the platform's people both, a stranger none; before it is made there is none."""
    before = market.meeting("L1", by=reader, now=NOW)
    ready(market).or_raise()

    found = market.meeting("L1", by=reader, now=NOW + HOUR)

    assert before is None
    assert (None if found is None else [role for role, _ in found.links]) == roles
    assert found is None or (found.provider, found.terms) == ("video", 1)


def test_a_tutor_who_asked_finds_the_tutor_s_link_alone(storage: Storage) -> None:
    """Whoever teaches is never the student's side, also where a table lets tutors invite."""
    policy = load_policy("""
extends = "process/1"
id = "invited"
currency = "EUR"
opening = { verb = "invite", by = ["tutor"], to = "agreed", terms = "propose" }
[state.agreed]
agreed = true
meeting = true
on.meeting_ready = { by = ["system"], to = "stay", needs = ["details"], records = "meeting" }
timeout = { at = "lesson.end", to = "over" }
[state.over]
over = true
""")
    market = Marketplace(storage, [policy])
    for party in ("kim", "tom"):
        market.add_party(party, zone="UTC")
    market.add_party("robot", zone="UTC", grants=["system"])
    market.request(
        student="kim", tutor="tom", by="tom", start=START, duration=HOUR, price="0", verb="invite", lesson="L1",
        key="invite", now=NOW,
    ).or_raise()  # fmt: skip
    ready(market).or_raise()

    assert market.meeting("L1", by="tom", now=NOW + HOUR) == Meeting("video", LINKS[1:], 1)


def test_only_the_platform_s_own_software_brings_a_meeting(market: Marketplace) -> None:
    """Neither side can send the other somewhere, nor can an operator; a meeting for other terms is stale."""
    answers = {by: code(ready(market, by=by)) for by in ("kim", "tom", "olga")}

    assert answers == dict.fromkeys(("kim", "tom", "olga"), "not_yours")
    assert code(ready(market, proposal=2)) == "stale_offer"
    assert code(ready(market)) == "done"


def test_a_lesson_that_is_called_off_has_no_meeting_any_more(market: Marketplace) -> None:
    """The link is gone at once, and the provider is told to take it back."""
    ready(market).or_raise()

    market.cancel("L1", by="tom", key="off", now=NOW + 2 * HOUR).or_raise()

    assert market.meeting("L1", by="kim", now=NOW + 2 * HOUR) is None
    assert [row.message.kind for row in market.outbox() if row.message.kind != "told"] == [
        "meeting_wanted", "meeting_dropped",
    ]  # fmt: skip


def test_a_meeting_is_asked_for_by_somebody_known(market: Marketplace) -> None:
    """A stranger to the marketplace, or a lesson that does not exist, is misuse."""
    with pytest.raises(UnknownName, match="nobody"):
        market.meeting("L1", by="nobody", now=NOW)
    with pytest.raises(UnknownName, match="lesson"):
        market.meeting("L7", by="kim", now=NOW)


# Joining, by hand and by report.


def test_a_report_needs_a_grant_and_people_need_a_role(market: Marketplace) -> None:
    """The parent is no participant, an operator was not there; the software reports of either side."""
    answers = {
        by: code(market.join("L1", by=by, key=f"join {by}", now=START)) for by in ("pat", "max", "olga", "ada", "kim")
    }
    about = market.join(
        "L1", by="robot", key="report", subject="tutor", seen=START, source="video", now=START + HOUR / 3
    )

    assert answers == {"pat": "not_yours", "max": "not_yours", "olga": "not_yours", "ada": "not_yours", "kim": "done"}
    assert about.ok
    assert dict(market.lesson("L1", now=START + HOUR / 3).timeline)["joined(tutor)"] == START


def test_what_a_stranger_tries_tells_nothing_of_the_lesson(market: Marketplace) -> None:
    """The refusal comes without the lesson."""
    outcome = market.join("L1", by="max", key="join", now=START)

    assert (outcome.lesson, outcome.versions) == (None, ())


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"seen": "2026-05-08"}, InvalidValue),
        ({"subject": "operator"}, UnknownName),
        ({"source": 5}, TypeError),
        ({"note": 5}, InvalidType),
    ],
)
def test_a_report_that_cannot_be_meant_is_misuse(
    market: Marketplace, cells: dict[str, object], kind: type[Exception]
) -> None:
    """An instant without a zone, a role that nobody holds in a lesson, a source that is no text."""
    with pytest.raises(kind):
        market.join("L1", by="robot", key="report", now=START, **cells)  # type: ignore[arg-type]  # that is the point

    assert [line.verb for line in market.audit("L1")] == ["request", "accept"]


def test_particulars_are_particulars(market: Marketplace) -> None:
    """A mapping in their place is named."""
    with pytest.raises(InvalidType, match="Particulars"):
        market.act("join", "L1", by="kim", key="k", particulars={"subject": "student"}, now=START)  # type: ignore[arg-type]  # that is the point


# Decisions, and what they count.


@pytest.mark.parametrize(
    ("blamed", "marks"),
    [(None, (0, 0)), ("tutor", (1, 0)), ("student", (0, 1))],
)
def test_a_decision_counts_against_whoever_it_blames(
    market: Marketplace, storage: Storage, blamed: object, marks: tuple[int, int]
) -> None:
    """Kim and Tom contradict each other; the operator decides who gets what, and who was wrong, if anybody."""
    market.join("L1", by="tom", key="tom", now=START).or_raise()
    market.join("L1", by="robot", key="kim", subject="student", seen=START + HOUR / 6, now=START + HOUR / 2).or_raise()
    disputed = market.claim_no_show("L1", by="tom", key="claim", now=START + HOUR / 2).or_raise().lesson
    split = Settlement.of({"tutor": "2/3", "student": "rest"})

    resolved = market.resolve(
        "L1", by="olga", split=split, reason="seen", blamed=blamed, key="decide", now=START + HOUR  # type: ignore[arg-type]  # a role
    )  # fmt: skip

    assert disputed is not None
    assert disputed.state == "disputed"
    assert resolved.or_raise().lesson is not None
    with storage.reading() as tx:
        found = tuple(
            tx.count_marks(party, name, None, START + HOUR)  # type: ignore[arg-type]  # ids by name
            for party, name in (("tom", "missed_attendance"), ("kim", "false_claim"))
        )
    assert found == marks


def test_what_is_decided_where_nothing_is_held_is_owed(market: Marketplace) -> None:
    """Two thirds of 90.00 less the fee on them are due to the tutor, and pat owes all of it; no wallet is touched."""
    market.join("L1", by="tom", key="tom", now=START).or_raise()
    market.join("L1", by="kim", key="kim", now=START).or_raise()
    market.claim_no_show("L1", by="tom", key="claim", now=START + HOUR / 2).or_raise()
    split = Settlement.of({"tutor": "2/3", "student": "rest"})

    market.resolve("L1", by="olga", split=split, reason="seen", key="decide", now=START + HOUR).or_raise()

    balances = {account.name: minor for account, _, minor in market.balances()}
    assert balances == {
        "Assets:Receivable:Payers:Pat": 6000,
        "Income:Fees:Commission": 600,
        "Liabilities:Tutors:Tom:Due": 5400,
    }
    assert market.wallet("pat", "TTD", now=START + HOUR).minor == 0
    assert market.earnings("tom", "TTD", now=START + HOUR).pending.minor == 0
    assert all(total.debit == total.credit for total in market.trial_balance().totals)


# Reviews.


def test_reviews_are_read_by_their_authors_until_all_have_spoken(market: Marketplace) -> None:
    """Under a policy that shows them together; half an hour is not enough for either side to be quoted to the other."""
    over = START + 2 * HOUR
    market.review("L1", by="kim", details={"stars": "5"}, note="good", key="1", now=over).or_raise()
    early = {reader: len(market.reviews("L1", by=reader, now=over)) for reader in ("kim", "tom", "max", "olga", None)}
    twice = code(market.review("L1", by="kim", key="2", now=over))
    market.review("L1", by="tom", note="so was she", key="3", now=over + HOUR).or_raise()

    late = {reader: len(market.reviews("L1", by=reader, now=over + HOUR)) for reader in ("kim", "tom", "max", None)}

    assert early == {"kim": 1, "tom": 0, "max": 0, "olga": 0, None: 0}
    assert twice == "guard"
    assert late == {"kim": 2, "tom": 2, "max": 2, None: 2}
    assert [(review.author, review.note) for review in market.reviews("L1", now=over + HOUR)] == [
        ("kim", "good"), ("tom", "so was she"),
    ]  # fmt: skip


def test_reviews_of_a_lesson_are_asked_for_by_somebody_known(market: Marketplace) -> None:
    """A stranger to the marketplace, or a lesson that does not exist, is misuse; no reviews are none."""
    with pytest.raises(UnknownName, match="nobody"):
        market.reviews("L1", by="nobody", now=NOW)
    with pytest.raises(UnknownName, match="lesson"):
        market.reviews("L7", now=NOW)
    assert market.reviews("L1", now=NOW) == ()


# Payment before the answer.


def test_paying_needs_the_money_then_and_not_before(storage: Storage) -> None:
    """Anybody can ask; what the payer lacks is named when it is to be paid, in the dialog as well."""
    policy = load_policy("""
extends = "lesson/1"
id = "paid-first"
currency = "EUR"
request = { by = ["student"], hold = "when_paid", answer_by = "asked + 48h", payment = { pay_by = "asked + 6h" } }
complete.silence = { at = "lesson.end" }
""")
    market = Marketplace(storage, [policy])
    for party in ("ann", "tom"):
        market.add_party(party, zone="UTC")
    market.top_up("ann", market.money("20.00", "EUR"), key="some", now=NOW)
    market.request(
        student="ann", tutor="tom", start=START, duration=HOUR, price="25.00", lesson="L1", key="ask", now=NOW
    ).or_raise()

    shown = market.preview("pay", "L1", by="ann", now=NOW)
    poor = market.act("pay", "L1", by="ann", key="pay", now=NOW)
    market.top_up("ann", market.money("5.00", "EUR"), key="more", now=NOW)
    paid = market.act("pay", "L1", by="ann", key="pay now", now=NOW).or_raise().lesson

    assert code(poor) == "insufficient_funds"
    assert shown == poor.refusal
    assert paid is not None
    assert (paid.state, paid.held) == ("requested", 2500)
    assert market.wallet("ann", "EUR", now=NOW).minor == 0
    assert market.wallet("ann", "EUR", now=NOW + 48 * HOUR).minor == 2500


def test_a_preview_takes_particulars(market: Marketplace) -> None:
    """The dialog of a report or a decision says what doing it would say."""
    refused = market.preview("join", "L1", by="kim", particulars=Particulars("tutor"), now=START)
    shown = market.preview("join", "L1", by="kim", particulars=Particulars("student"), now=START)

    assert refused == market.act("join", "L1", by="kim", particulars=Particulars("tutor"), key="1", now=START).refusal
    assert isinstance(shown, Preview)
    assert (shown.told, shown.lesson.timeline["joined(student)"]) == ((), START)
