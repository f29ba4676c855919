"""ITR-1, ITR-2 and ITR-10: asking and answering, what a tutor needs for it, and the meeting that follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Offer, instant
from tutorcore.adapters.meetings.jitsi import Jitsi
from tutorcore.adapters.meetings.link import LinkTemplate
from tutorcore.calendar.schedules.document import load_schedule
from tutorcore.engine.meeting_relay import MeetingRelay
from tutorcore.ports.meetings import MeetingProvider, MeetingRefused, MeetingUnavailable
from tutorcore.ports.storage import Storage
from tutorcore.testing.meetings import MeetingsInMemory

Book = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Edge = tuple[timedelta, bool]

_START = "2026-03-05T10:00:00Z"
_ASKED = "2026-03-01T10:00:00Z"
_HOUR = timedelta(hours=1)
_ABOUT = {
    "subject": "Mathematics",
    "topics": "fractions; percentages",
    "goals": "to pass the entrance examination",
    "materials": "last year's paper",
}
_ROOMS = Jitsi(b"known to the platform alone")
_PAID_IN = {
    "Assets:Bank": "2000.00",
    "Liabilities:Students:Ann:Wallet": "1000.00",
    "Liabilities:Students:Sue:Wallet": "1000.00",
}


def _ask(
    market: Marketplace, start: str = _START, *, now: str = _ASKED, tutor: str = "tom", key: str = "ask"
) -> Lesson:
    """Let ann ask for an hour at 100.00 TTD, and say what it is about."""
    asked = market.request(
        student="ann",
        tutor=tutor,
        start=instant(start),
        duration=_HOUR,
        price="100.00",
        details=_ABOUT,
        key=key,
        now=instant(now),
    )
    lesson = asked.or_raise().lesson
    assert lesson is not None
    return lesson


def _propose(market: Marketplace, lesson: Lesson, by: str, start: str, now: str) -> Lesson:
    """Let somebody propose another time instead."""
    found = market.propose(lesson.id, by=by, start=instant(start), key=f"{by} proposes {start}", now=instant(now))
    proposed = found.or_raise().lesson
    assert proposed is not None
    return proposed


def _relay(storage: Storage, provider: MeetingProvider) -> MeetingRelay:
    """The platform's own software that brings meetings, from one provider."""
    return MeetingRelay(storage, provider, by="robot")


def _wanted(market: Marketplace) -> list[tuple[str, int]]:
    """The meetings that have been asked for: (lesson, number of the version that wants one)."""
    messages = [row.message for row in market.outbox()]
    return [(message.lesson, message.number) for message in messages if message.kind == "meeting_wanted"]


# ITR-1: a tutor has to have connected a video provider.


def test_itr_1_a_tutor_without_a_video_provider_accepts_nothing_until_one_is_connected(
    itutor: Marketplace, books: Books
) -> None:
    """The refusal says what is missing; once the platform has recorded the connection, the same answer counts."""
    lesson = _ask(itutor, tutor="tim")

    buttons = [option.verb for option in itutor.allowed(lesson.id, by="tim", now=lesson.at + _HOUR)]
    refused = itutor.accept(lesson.id, by="tim", proposal=1, key="too early", now=lesson.at + _HOUR)
    itutor.add_party("tim", zone="Europe/Berlin", permissions=["meeting_provider"])
    accepted = itutor.accept(lesson.id, by="tim", proposal=1, key="connected", now=lesson.at + 2 * _HOUR)

    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.facts["condition"]) == ("guard", "has(tutor, meeting_provider)")
    assert refused.lesson == lesson
    assert "accept" not in buttons
    assert {"decline", "propose"} <= set(buttons)
    assert accepted.or_raise().lesson is not None
    assert itutor.lesson(lesson.id, now=lesson.at + 2 * _HOUR).state == "agreed"


def test_itr_1_nor_does_a_student_make_such_a_tutor_s_proposal_a_booking(itutor: Marketplace) -> None:
    """A counter-offer is no way around it: agreeing is what needs the provider, whoever says the last word."""
    lesson = _ask(itutor, tutor="tim")
    _propose(itutor, lesson, "tim", "2026-03-06T10:00:00Z", "2026-03-01T11:00:00Z")
    now = instant("2026-03-01T12:00:00Z")

    refused = itutor.accept(lesson.id, by="ann", proposal=2, key="too early", now=now)
    itutor.add_party("tim", zone="Europe/Berlin", permissions=["meeting_provider"])
    accepted = itutor.accept(lesson.id, by="ann", proposal=2, key="connected", now=now)

    assert refused.refusal is not None
    assert refused.refusal.code == "guard"
    assert accepted.ok


def test_itr_1_it_is_the_tutor_who_needs_the_provider(itutor: Marketplace) -> None:
    """That the student has one is of no use."""
    itutor.add_party("ann", zone="America/New_York", permissions=["meeting_provider"])
    lesson = _ask(itutor, tutor="tim")

    refused = itutor.accept(lesson.id, by="tim", proposal=1, key="yes", now=lesson.at + _HOUR)

    assert refused.refusal is not None
    assert refused.refusal.code == "guard"


def test_itr_1_a_provider_disconnected_later_leaves_lessons_agreed_and_stops_new_ones(
    itutor: Marketplace, book: Book
) -> None:
    """What was agreed stands; the next request cannot be accepted."""
    agreed = book(itutor, _START)
    itutor.add_party("tom", zone="Europe/Berlin", permissions=[])
    lesson = _ask(itutor, "2026-03-07T10:00:00Z", now="2026-03-04T10:00:00Z")

    refused = itutor.accept(lesson.id, by="tom", proposal=1, key="yes", now=lesson.at + _HOUR)

    assert itutor.lesson(agreed.id, now=lesson.at + _HOUR).state == "agreed"
    assert refused.refusal is not None
    assert refused.refusal.code == "guard"


# ITR-2: the meeting.


def test_itr_2_the_acceptance_itself_asks_for_a_meeting(itutor: Marketplace) -> None:
    """The wish for it is recorded with the agreement, in one transaction; an answer that is refused leaves none."""
    lesson = _ask(itutor)
    before = _wanted(itutor)
    itutor.accept(lesson.id, by="tom", proposal=7, key="wrong number", now=lesson.at + _HOUR)
    refused = _wanted(itutor)

    itutor.accept(lesson.id, by="tom", proposal=1, key="yes", now=lesson.at + _HOUR).or_raise()

    accepted = itutor.history(lesson.id)[-1]
    row = next(row for row in itutor.outbox() if row.message.kind == "meeting_wanted")
    assert (before, refused) == ([], [])
    assert _wanted(itutor) == [(lesson.id, accepted.version.number)]
    assert row.cause == accepted.cause
    assert accepted.version.meeting is None


def test_itr_2_both_are_told_of_the_meeting_and_see_the_lesson_and_the_link(
    itutor: Marketplace, storage: Storage, told: Told
) -> None:
    """The software of the platform brings the room; then it is among the upcoming lessons of both, with its link."""
    lesson = _ask(itutor)
    now = lesson.at + _HOUR
    itutor.accept(lesson.id, by="tom", proposal=1, key="yes", now=now).or_raise()

    relayed = _relay(storage, _ROOMS).run(now=now + timedelta(seconds=3))

    link = f"https://meet.jit.si/{_ROOMS.room(f'{lesson.id}:1')}"
    later = now + _HOUR
    meetings = {who: itutor.meeting(lesson.id, by=who, now=later) for who in ("ann", "tom")}
    assert relayed.created == 1
    assert {who: meeting.links for who, meeting in meetings.items() if meeting} == {
        "ann": (("student", link),),
        "tom": (("tutor", link),),
    }
    assert [each.id for who in ("ann", "tom") for each in itutor.upcoming(who, now=later)] == [lesson.id] * 2
    assert itutor.upcoming("sue", now=later) == ()
    assert told(itutor, lesson.id) == [
        ("request", {"tom"}),
        ("accept", {"ann"}),
        ("meeting_ready", {"ann", "tom"}),
    ]


def test_itr_2_the_message_of_the_agreement_leads_to_all_its_details(itutor: Marketplace) -> None:
    """Whoever is told can be told when, how long, at which price and about what."""
    lesson = _ask(itutor)
    itutor.accept(lesson.id, by="tom", proposal=1, key="yes", now=lesson.at + _HOUR).or_raise()

    message = next(row.message for row in itutor.outbox() if "ann" in row.message.audience)

    version = itutor.history(message.lesson)[message.number - 1].version
    assert (version.state, version.terms.start, version.terms.duration) == ("agreed", instant(_START), _HOUR)
    assert (version.terms.price, dict(version.terms.details)) == (10_000, _ABOUT)


def test_itr_2_the_link_is_there_until_the_lesson_is_over(
    itutor: Marketplace, storage: Storage, book: Book, edge: Edge
) -> None:
    """Both find it while they talk, and at the end nobody is led into an empty room any more."""
    after, still_on = edge
    lesson = book(itutor, _START)
    _relay(storage, _ROOMS).run(now=lesson.at)

    meetings = [itutor.meeting(lesson.id, by=who, now=lesson.terms.end + after) for who in ("ann", "tom")]

    assert [meeting is not None for meeting in meetings] == [still_on] * 2


def test_itr_2_whoever_is_said_to_be_absent_still_finds_the_way(
    itutor: Marketplace, storage: Storage, book: Book
) -> None:
    """A claim closes no door: the link stays where it is."""
    lesson = book(itutor, _START)
    _relay(storage, _ROOMS).run(now=lesson.at)
    itutor.join(lesson.id, by="tom", key="in", now=lesson.terms.start).or_raise()
    claimed = itutor.claim_no_show(lesson.id, by="tom", key="nobody", now=lesson.terms.start + _HOUR / 3)

    assert claimed.or_raise().lesson is not None
    assert itutor.meeting(lesson.id, by="ann", now=lesson.terms.start + _HOUR / 2) is not None


def test_itr_2_every_lesson_has_a_room_of_its_own(itutor: Marketplace, storage: Storage, book: Book) -> None:
    """Two lessons of the same people have different links."""
    first, second = book(itutor, _START), book(itutor, "2026-03-06T10:00:00Z", key="again")

    _relay(storage, _ROOMS).run(now=second.at)

    meetings = [itutor.lesson(each.id, now=second.at).meeting for each in (first, second)]
    assert len({meeting.link("student") for meeting in meetings if meeting}) == 2


def test_itr_2_each_side_sees_its_own_link_and_nobody_else_any(
    itutor: Marketplace, storage: Storage, book: Book
) -> None:
    """Where links differ, the tutor's opens the meeting: the student sees only the student's, a stranger nothing."""
    lesson = book(itutor, _START)
    _relay(storage, LinkTemplate("https://lessons.example/{lesson}?as={role}")).run(now=lesson.at)

    def links(who: str) -> dict[str, str] | None:
        meeting = itutor.meeting(lesson.id, by=who, now=lesson.at)
        return None if meeting is None else dict(meeting.links)

    student, tutor = (f"https://lessons.example/{lesson.id}?as={role}" for role in ("student", "tutor"))
    assert links("ann") == {"student": student}
    assert links("tom") == {"tutor": tutor}
    assert (links("sue"), links("tim")) == (None, None)
    assert links("olga") == {"student": student, "tutor": tutor}


def test_itr_2_only_what_is_agreed_has_a_meeting(itutor: Marketplace, storage: Storage, book: Book) -> None:
    """A request has none yet, one that was declined never gets one, and that of a cancelled lesson is taken back."""
    rooms = MeetingsInMemory()
    lesson = book(itutor, _START)
    asked = _ask(itutor, "2026-03-06T10:00:00Z", now="2026-03-04T10:00:00Z")
    itutor.decline(asked.id, by="tom", key="no", now=asked.at + _HOUR).or_raise()
    now = asked.at + _HOUR
    _relay(storage, rooms).run(now=now)
    made = len(rooms.live)

    itutor.cancel(lesson.id, by="ann", key="off", now=now).or_raise()
    relayed = _relay(storage, rooms).run(now=now)

    assert (made, relayed.cancelled, rooms.live) == (1, 1, {})
    assert itutor.meeting(lesson.id, by="ann", now=now) is None


def test_itr_2_a_provider_that_is_slow_leaves_the_lesson_agreed_and_is_asked_again(
    itutor: Marketplace, storage: Storage, book: Book, told: Told
) -> None:
    """For some minutes there is an agreed lesson without a link; nobody is told until there is one."""
    rooms = MeetingsInMemory(failures=[MeetingUnavailable("too many calls"), OSError("no route to host")])
    lesson, relay = book(itutor, _START), _relay(storage, rooms)

    tries = [relay.run(now=lesson.at + timedelta(minutes=minute)) for minute in range(3)]
    between = itutor.history(lesson.id)

    assert [(each.retried, each.created) for each in tries] == [(1, 0), (1, 0), (0, 1)]
    assert [each.version.state for each in between] == ["requested", "agreed", "agreed"]
    assert told(itutor, lesson.id)[-1] == ("meeting_ready", {"ann", "tom"})
    assert between[-1].version.terms == lesson.terms


@pytest.mark.parametrize(
    "failure", [MeetingRefused("the tutor's account is closed"), MeetingUnavailable("down")], ids=["refused", "down"]
)
def test_itr_2_a_lesson_that_gets_no_meeting_stays_agreed_and_both_are_told(
    itutor: Marketplace, storage: Storage, book: Book, told: Told, failure: Exception
) -> None:
    """It is for the two of them to find another way: they may still join, and the lesson is paid."""
    rooms = MeetingsInMemory(failures=[failure] * 100)
    lesson, relay = book(itutor, _START), _relay(storage, rooms)
    for quarter in range(12):
        relay.run(now=lesson.at + quarter * timedelta(minutes=15))

    stood = itutor.history(lesson.id)[-1].version
    itutor.join(lesson.id, by="tom", key="on the telephone", now=lesson.terms.start).or_raise()
    itutor.sweep(now=lesson.terms.end)

    assert (stood.state, stood.step.verb, stood.held) == ("agreed", "meeting_failed", 10_000)
    assert told(itutor, lesson.id)[2] == ("meeting_failed", {"ann", "tom"})
    assert itutor.history(lesson.id)[-1].version.state == "completed"


def test_itr_2_nobody_but_the_platform_s_software_brings_a_meeting(itutor: Marketplace, book: Book) -> None:
    """Neither side can send the other anywhere."""
    lesson = book(itutor, _START)

    refused = [
        itutor.act(verb, lesson.id, by=who, reason="mine", key=f"{who} {verb}", now=lesson.at).refusal
        for who in ("ann", "tom", "sue", "olga")
        for verb in ("meeting_ready", "meeting_failed")
    ]

    assert {each.code if each else None for each in refused} == {"not_yours"}


# ITR-10: asking and answering.


def test_itr_10_a_request_says_what_it_is_about_and_holds_the_price(
    itutor: Marketplace, books: Books, told: Told
) -> None:
    """Subject, topics, goals and materials are the tutor's to read; the price leaves the wallet with the request."""
    lesson = _ask(itutor)

    seen = itutor.open_requests("tom", now=lesson.at)

    escrow = next(name for name in books(itutor, "TTD") if name.startswith("Liabilities:Escrow:"))
    assert [dict(each.terms.details) for each in seen] == [_ABOUT]
    assert (lesson.state, lesson.waits_for, lesson.held) == ("requested", "tutor", 10_000)
    assert books(itutor, "TTD") == _PAID_IN | {"Liabilities:Students:Ann:Wallet": "900.00", escrow: "100.00"}
    assert told(itutor, lesson.id) == [("request", {"tom"})]


@pytest.mark.parametrize(
    ("verb", "state", "wallet"),
    [("accept", "agreed", "900.00"), ("propose", "proposed", "900.00"), ("decline", "declined", "1000.00")],
)
def test_itr_10_a_tutor_confirms_proposes_another_time_or_declines(
    itutor: Marketplace, told: Told, verb: str, state: str, wallet: str
) -> None:
    """These three are the answers; declining gives everything back."""
    lesson = _ask(itutor)
    now = lesson.at + _HOUR

    buttons = [option.verb for option in itutor.allowed(lesson.id, by="tom", now=now)]
    offer = Offer(start=instant("2026-03-06T10:00:00Z")) if verb == "propose" else None
    proposal = 1 if verb == "accept" else None
    itutor.act(verb, lesson.id, by="tom", proposal=proposal, offer=offer, key="answer", now=now).or_raise()

    assert buttons == ["accept", "decline", "propose"]
    assert itutor.lesson(lesson.id, now=now).state == state
    assert itutor.wallet("ann", "TTD", now=now).text == wallet
    assert told(itutor, lesson.id)[-1] == (verb, {"ann"})


def test_itr_10_tutor_and_student_may_go_on_proposing_until_one_of_them_agrees(
    itutor: Marketplace, books: Books, told: Told, blamed: Blamed
) -> None:
    """Tutor, student and tutor again: each proposal has its number, hands over the turn and moves no money."""
    lesson = _ask(itutor)

    steps = [
        _propose(itutor, lesson, "tom", "2026-03-06T10:00:00Z", "2026-03-01T12:00:00Z"),
        _propose(itutor, lesson, "ann", "2026-03-06T15:00:00Z", "2026-03-01T13:00:00Z"),
        _propose(itutor, lesson, "tom", "2026-03-07T15:00:00Z", "2026-03-01T14:00:00Z"),
    ]
    agreed = itutor.accept(lesson.id, by="ann", proposal=4, key="yes", now=instant("2026-03-01T15:00:00Z")).lesson

    assert [(each.state, each.waits_for, each.proposal) for each in steps] == [
        ("proposed", "student", 2),
        ("requested", "tutor", 3),
        ("proposed", "student", 4),
    ]
    assert [(each.held, each.legs) for each in steps] == [(10_000, ())] * 3
    assert agreed is not None
    assert (agreed.state, agreed.terms.start) == ("agreed", instant("2026-03-07T15:00:00Z"))
    assert dict(agreed.terms.details) == _ABOUT
    assert books(itutor, "TTD")["Liabilities:Students:Ann:Wallet"] == "900.00"
    assert told(itutor, lesson.id)[1:] == [
        ("propose", {"ann"}),
        ("propose", {"tom"}),
        ("propose", {"ann"}),
        ("accept", {"tom"}),
    ]
    assert blamed(itutor, lesson.id) == []


def test_itr_10_whoever_proposed_last_cannot_accept_it_and_what_was_overtaken_nobody_can(
    itutor: Marketplace,
) -> None:
    """It takes the other side to agree, and to exactly what lies on the table."""
    lesson = _ask(itutor)
    _propose(itutor, lesson, "tom", "2026-03-06T10:00:00Z", "2026-03-01T12:00:00Z")
    _propose(itutor, lesson, "ann", "2026-03-06T15:00:00Z", "2026-03-01T13:00:00Z")
    now = instant("2026-03-01T14:00:00Z")

    refused = [
        itutor.accept(lesson.id, by="ann", proposal=3, key="own", now=now).refusal,
        itutor.accept(lesson.id, by="tom", proposal=1, key="the first", now=now).refusal,
        itutor.accept(lesson.id, by="tom", proposal=2, key="own again", now=now).refusal,
    ]

    assert [each.code if each else None for each in refused] == ["not_yours", "stale_offer", "stale_offer"]


@pytest.mark.parametrize("offer", [Offer(price=5_000), Offer(kind="trial"), Offer(details={"subject": "Latin"})])
def test_itr_10_what_is_proposed_is_another_time_and_nothing_else(itutor: Marketplace, offer: Offer) -> None:
    """Price and content stay as they were asked for."""
    lesson = _ask(itutor)

    refused = itutor.act("propose", lesson.id, by="tom", offer=offer, key="haggle", now=lesson.at + _HOUR)

    assert refused.refusal is not None
    assert refused.refusal.code == "bad_terms"


def test_itr_10_a_student_chooses_among_the_tutor_s_free_times_and_the_tutor_may_offer_others(
    itutor: Marketplace,
) -> None:
    """Where the tutor keeps a schedule, both the request and the student's counter-offer have to fit it."""
    itutor.set_schedule("tom", load_schedule('schema = 1\nzone = "Europe/Berlin"\nweekly.thursday = ["11:00-14:00"]\n'))
    lesson = _ask(itutor, "2026-03-05T10:00:00Z")  # A Thursday, 11:00 in Berlin.
    evening = _propose(itutor, lesson, "tom", "2026-03-05T18:00:00Z", "2026-03-01T12:00:00Z")
    now = instant("2026-03-01T13:00:00Z")

    outside = itutor.propose(lesson.id, by="ann", start=instant("2026-03-05T13:00:00Z"), key="late", now=now)
    inside = itutor.propose(lesson.id, by="ann", start=instant("2026-03-05T12:00:00Z"), key="noon", now=now)

    assert evening.state == "proposed"
    assert outside.refusal is not None
    assert (outside.refusal.code, outside.refusal.facts["codes"]) == ("not_bookable", "outside_hours")
    assert inside.ok


@pytest.mark.parametrize("verb", ["accept", "decline", "propose"])
def test_itr_10_unanswered_a_request_expires_at_the_lesson_s_start(
    itutor: Marketplace, books: Books, blamed: Blamed, edge: Edge, verb: str
) -> None:
    """Four days or one, there is no other clock; at the start everything is given back, and nobody is marked."""
    after, in_time = edge
    lesson = _ask(itutor)
    offer = Offer(start=instant("2026-03-06T10:00:00Z")) if verb == "propose" else None
    proposal = 1 if verb == "accept" else None

    deadline = itutor.deadline(lesson.id, now=lesson.at)
    outcome = itutor.act(
        verb, lesson.id, by="tom", proposal=proposal, offer=offer, key="answer", now=instant(_START) + after
    )

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant(_START), "lesson.start")
    assert outcome.ok is in_time
    if not in_time:
        assert outcome.lesson is not None
        assert (outcome.lesson.state, outcome.lesson.at) == ("expired", instant(_START))
        assert books(itutor, "TTD") == _PAID_IN
    assert [mark for _, mark in blamed(itutor, lesson.id) if mark] == []


def test_itr_10_a_day_without_an_answer_changes_nothing(itutor: Marketplace) -> None:
    """To answer within a day is advice."""
    lesson = _ask(itutor)

    swept = itutor.sweep(now=lesson.at + timedelta(days=2))

    assert swept.timeouts == 0
    assert itutor.lesson(lesson.id, now=lesson.at + timedelta(days=2)) == lesson


@pytest.mark.parametrize(("proposer", "holder"), [("tom", "student"), ("ann", "tutor")])
def test_itr_10_a_proposal_expires_at_the_start_that_it_proposes(
    itutor: Marketplace, books: Books, told: Told, blamed: Blamed, edge: Edge, proposer: str, holder: str
) -> None:
    """The clock goes with the proposal on the table: at its start the whole request has lapsed."""
    after, in_time = edge
    lesson = _ask(itutor)
    _propose(itutor, lesson, "tom", "2026-03-06T10:00:00Z", "2026-03-01T12:00:00Z")
    if proposer == "ann":
        _propose(itutor, lesson, "ann", "2026-03-07T10:00:00Z", "2026-03-01T13:00:00Z")
    due = instant({"tom": "2026-03-06T10:00:00Z", "ann": "2026-03-07T10:00:00Z"}[proposer])

    seen = itutor.lesson(lesson.id, now=due + after)
    itutor.sweep(now=due + after)

    assert seen.over is not in_time
    assert blamed(itutor, lesson.id) == ([] if in_time else [(holder, None)])
    if not in_time:
        assert (seen.state, seen.at) == ("expired", due)
        assert books(itutor, "TTD") == _PAID_IN
        assert told(itutor, lesson.id)[-1] == ("expired", {"ann", "tom"})


@pytest.mark.parametrize("proposed", [False, True], ids=["asked", "answered with another time"])
def test_itr_10_a_student_may_withdraw_what_is_not_agreed(itutor: Marketplace, books: Books, proposed: bool) -> None:
    """While nothing is agreed the student may leave, and gets everything back."""
    lesson = _ask(itutor)
    if proposed:
        _propose(itutor, lesson, "tom", "2026-03-06T10:00:00Z", "2026-03-01T12:00:00Z")

    itutor.withdraw(lesson.id, by="ann", key="back", now=instant("2026-03-01T13:00:00Z")).or_raise()

    assert itutor.history(lesson.id)[-1].version.state == "withdrawn"
    assert books(itutor, "TTD") == _PAID_IN


def test_itr_10_a_price_beyond_the_wallet_is_no_request(itutor: Marketplace, books: Books) -> None:
    """What cannot be held is not asked for, and the tutor does not hear of it."""
    refused = itutor.request(
        student="ann",
        tutor="tom",
        start=instant(_START),
        duration=_HOUR,
        price="1000.01",
        key="too dear",
        now=instant(_ASKED),
    )

    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.facts["missing"]) == ("insufficient_funds", "0.01")
    assert books(itutor, "TTD") == _PAID_IN
    assert itutor.open_requests("tom", now=instant(_ASKED)) == ()
