"""The relay of messages: everybody is told in order, at least once and under one key, whatever fails meanwhile.

The policy is a small one of the tests' own: a lesson that is agreed is in people's calendars, an operator may move it,
a student may bring it before an operator. Each test runs on the store in memory and on SQLite.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import enlist_sqlite, install_schema, open_sqlite
from tutorcore.clock import VirtualClock
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.message_relay import MAIL_PATIENCE, MessageRelay, Sent
from tutorcore.engine.queue import Patience
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import PartyId
from tutorcore.instants import MICROSECOND, Instant, instant
from tutorcore.lessons.lesson import Offer, Particulars
from tutorcore.policy.codec import load_policy, load_preset
from tutorcore.policy.roles import Role
from tutorcore.ports.notifications import Contact, Contacts, Directory, Notice, NoticeRefused, NoticeUnavailable
from tutorcore.ports.storage import Delivery, OutboxRow, Storage
from tutorcore.testing.notifications import NotificationsInMemory

_POLICY = """
schema = 1
id = "school"
version = "1"
extends = "process/1"
zone = "student"
currency = "EUR"

[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"

[state.requested]
waits_for = "tutor"

[[state.requested.reminder]]
at = "deadline - 2h"
to = ["tutor"]

[state.requested.on.accept]
by = ["tutor"]
to = "agreed"
terms = "accept"

[state.requested.timeout]
at = "earliest(asked + 48h, lesson.start)"
to = "off"

[state.agreed]
slot = "firm"
agreed = true
meeting = true

[[state.agreed.reminder]]
at = "lesson.start - 24h"
to = ["student", "tutor"]

[state.agreed.on.meeting_ready]
by = ["system"]
to = "stay"
needs = ["details"]
records = "meeting"

[state.agreed.on.note]
by = ["student", "tutor"]
to = "stay"

[state.agreed.on.move]
by = ["operator"]
to = "agreed"
terms = "propose"

[state.agreed.on.quarrel]
by = ["student"]
to = "disputed"

[state.agreed.on.cancel]
by = ["student", "tutor"]
to = "off"

[state.agreed.timeout]
at = "lesson.end"
to = "done"
if_past = "fire"

[state.disputed]
waits_for = "operator"

[state.disputed.on.note]
by = ["student", "tutor"]
to = "stay"

[state.disputed.on.decide]
by = ["operator"]
to = "done"

[state.disputed.timeout]
at = "entered + 240h"
to = "done"

[state.done]
over = true

[state.off]
over = true
"""

_NOW = instant("2026-03-02T09:00:00Z")
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_LEASE = MAIL_PATIENCE.lease
_DOWN = NoticeUnavailable("the server is down")
_GONE = NoticeRefused("no such mailbox")

_CONTACTS = Contacts(
    {
        "ann": Contact(name="Ann", locale="de", email="ann@example.com", zone="Europe/Berlin"),
        "sue": Contact(name="Sue", email="sue@example.com"),
        "tom": Contact(name="Tom", email="tom@example.com"),
    },
    desks={"operator": Contact(name="Support", email="support@example.com"), "agent": Contact(name="Agents")},
)


class _School:
    """A marketplace, its store, and what has arrived from it."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.market = Marketplace(storage, [load_policy(_POLICY, "school.toml")])
        for person, zone in (("ann", "Europe/Paris"), ("sue", "Asia/Tokyo"), ("tom", "America/New_York")):
            self.market.add_party(person, zone=zone)
        self.market.add_party("robot", zone="UTC", grants=["system"])
        self.market.add_party("olga", zone="UTC", grants=["operator"])

    def asked(self, id: str = "L1", *, student: str = "ann", days: int = 7) -> str:
        """Let a student ask tom for an hour, and return the lesson's id."""
        self.market.request(
            student=student, tutor="tom", start=_NOW + days * _DAY, duration=_HOUR, price="0", lesson=id,
            key=f"{id} asked", now=_NOW,
        ).or_raise()  # fmt: skip
        return id

    def agreed(self, id: str = "L1", *, student: str = "ann", days: int = 7) -> str:
        """Let a student and tom agree on an hour, and return the lesson's id."""
        self.asked(id, student=student, days=days)
        self.act("accept", id, "tom", proposal=1)
        return id

    def act(
        self, verb: str, id: str, by: str, at: timedelta = timedelta(0), *, proposal: int | None = None,
        offer: Offer | None = None, particulars: Particulars | None = None,
    ) -> None:  # fmt: skip
        """Carry out a move."""
        self.market.act(
            verb, id, by=by, key=f"{id} {verb} {at}", proposal=proposal, offer=offer, particulars=particulars,
            now=_NOW + at,
        ).or_raise()  # fmt: skip

    def rows(self, *, failed: bool = False) -> tuple[OutboxRow, ...]:
        """Return the rows that a relay of messages is to handle, or has handled."""
        return self.market.outbox(kinds=("told", "reminder", "standing"), failed=failed)

    def waiting(self) -> list[int]:
        """Return which of them are undone."""
        return [row.sequence for row in self.rows() if not row.done]


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """A new storage of each kind."""
    if request.param == "memory":
        yield MemoryStorage()
    else:
        opened = open_sqlite(tmp_path / "school.db")
        yield opened
        opened.close()


@pytest.fixture
def school(storage: Storage) -> _School:
    """A school without lessons."""
    return _School(storage)


@pytest.fixture
def mail() -> NotificationsInMemory:
    """A channel that reaches everybody."""
    return NotificationsInMemory("mail")


_FACTS = {
    "policy": "school@1", "student": "ann", "tutor": "tom", "payer": "ann", "requester": "ann", "currency": "EUR",
    "start": "2026-03-09T09:00:00Z", "end": "2026-03-09T10:00:00Z", "price": "0", "held": "0", "proposal": "1",
}  # fmt: skip
"""What a program is told of every lesson of these tests, whatever has happened to it."""


class _Killed(BaseException):
    """The end of a process, at whatever line it was."""


def _relay(school: _School, *channels: NotificationsInMemory, directory: Directory = _CONTACTS) -> MessageRelay:
    return MessageRelay(school.storage, channels, directory, domain="school.example")


# Who is told what


def test_people_are_told_in_their_language_and_zone(school: _School, mail: NotificationsInMemory) -> None:
    """The other side reads the letter of the version, on their own clock, under the key of row and recipient."""
    school.asked()

    sent = _relay(school, mail).run(now=_NOW)
    (notice,) = mail.sent
    (row,) = school.rows()

    assert sent == Sent(delivered=1)
    assert (notice.key, notice.recipient, notice.lesson, notice.number) == (f"{row.sequence}:tom", "tom", "L1", 1)
    assert (notice.kind, notice.at, notice.deadline) == ("told", _NOW, _NOW + 2 * _DAY)
    assert (notice.locale, notice.direction, notice.invitation) == ("en", "ltr", None)
    assert notice.event == _FACTS | {
        "verb": "request", "actor": "ann", "state": "requested", "waits_for": "tutor", "proposal": "1",
    }  # fmt: skip
    assert "Ann" in notice.text
    assert "UTC-05:00, New York" in notice.text
    assert row.done
    assert row.settled == (Delivery("mail:tom"),)


def test_a_contact_has_a_zone_and_a_language_of_its_own(school: _School, mail: NotificationsInMemory) -> None:
    """Where the directory names a zone, that is the reader's, whatever the party was registered with."""
    school.agreed()

    _relay(school, mail).run(now=_NOW)
    (notice,) = mail.to("ann")

    assert notice.locale == "de"
    assert "Berlin" in notice.text
    assert "Paris" not in notice.text


def test_nothing_is_told_twice_without_need(school: _School, mail: NotificationsInMemory) -> None:
    """A relay that runs again finds nothing to do."""
    school.agreed()

    first = _relay(school, mail).run(now=_NOW)
    again = _relay(school, mail).run(now=_NOW + _DAY)

    assert (first.delivered, again) == (3, Sent())


def test_whoever_accepts_gets_the_entry_for_the_calendar_too(school: _School, mail: NotificationsInMemory) -> None:
    """Both sides have the same entry; its place in the calendar of who acted is the only reason to write to them."""
    school.agreed()

    _relay(school, mail).run(now=_NOW)
    entries = {notice.recipient: notice.invitation for notice in mail.sent if notice.number == 2}

    assert set(entries) == {"ann", "tom"}
    for entry in entries.values():
        assert entry is not None
        assert (entry.method, entry.uid, entry.sequence) == ("REQUEST", "L1.1@school.example", 2)
        assert (entry.start, entry.end, entry.stamp) == (_NOW + 7 * _DAY, _NOW + 7 * _DAY + _HOUR, _NOW)
        assert entry.url is None
    assert [entry.summary for entry in entries.values() if entry][-1] == "Lesson with Ann"


def test_an_entry_is_moved_and_taken_out(school: _School, mail: NotificationsInMemory) -> None:
    """The entry keeps its name through its changes, its numbers rise, and what is cancelled is what stood before."""
    id, later = school.agreed(), _NOW + 9 * _DAY
    school.act("note", id, "ann")
    links = Particulars(source="x", details=(("student", "https://meet.example/s"), ("tutor", "tom on the phone")))
    school.act("meeting_ready", id, "robot", _HOUR, proposal=1, particulars=links)
    school.act("move", id, "olga", 2 * _HOUR, offer=Offer(later))
    school.act("cancel", id, "ann", 3 * _HOUR)

    _relay(school, mail).run(now=_NOW + 3 * _HOUR)
    entries = {who: [each.invitation for each in mail.to(who) if each.invitation] for who in ("ann", "tom")}

    for each in entries.values():
        assert [(entry.method, entry.sequence) for entry in each] == [
            ("REQUEST", 2), ("REQUEST", 4), ("REQUEST", 5), ("CANCEL", 6),
        ]  # fmt: skip
        assert {entry.uid for entry in each} == {"L1.1@school.example"}
        assert [entry.start for entry in each] == [_NOW + 7 * _DAY] * 2 + [later] * 2
        assert [entry.end - entry.start for entry in each] == [_HOUR] * 4
    assert [entry.url for entry in entries["ann"]][:2] == [None, "https://meet.example/s"]
    assert entries["tom"][1].url is None  # A calendar cannot dial.
    assert "tom on the phone" in entries["tom"][1].description


def test_an_entry_whose_place_another_takes_under_way_is_taken_out_too(
    school: _School, mail: NotificationsInMemory
) -> None:
    """Moved after it has begun, a lesson is another entry: each gets two notices, of which the first takes one out."""
    id, begun, later = school.agreed(), 7 * _DAY + _HOUR / 2, _NOW + 9 * _DAY
    school.act("move", id, "olga", begun, offer=Offer(later))

    relay = _relay(school, mail)
    sent = relay.run(now=_NOW + begun)
    moved = [notice for notice in mail.sent if notice.number == 3]
    entries = [each.invitation for each in moved if each.invitation is not None]

    assert {(each.recipient, each.key.partition(":")[2]) for each in moved} == {
        ("tom", "tom:left"), ("ann", "ann:left"), ("tom", "tom"), ("ann", "ann"),
    }  # fmt: skip
    assert [(entry.method, entry.uid) for entry in entries] == [
        ("CANCEL", "L1.1@school.example"), ("CANCEL", "L1.1@school.example"),
        ("REQUEST", "L1.2@school.example"), ("REQUEST", "L1.2@school.example"),
    ]  # fmt: skip
    assert [entry.start for entry in entries] == [_NOW + 7 * _DAY] * 2 + [later] * 2
    assert any("is moved: its entry is taken out of your calendar" in notice.subject for notice in moved[:2])
    assert moved[0].text != moved[2].text
    assert sent.troubles == ()
    assert relay.run(now=_NOW + begun) == Sent()


def test_a_desk_is_told_when_its_turn_comes(school: _School, mail: NotificationsInMemory) -> None:
    """The operators hear of a lesson that waits for them, once; their own decision and asides are none of its news."""
    id = school.agreed()
    school.act("quarrel", id, "ann", _HOUR)
    school.act("note", id, "ann", 2 * _HOUR)
    school.act("decide", id, "olga", 3 * _HOUR)

    _relay(school, mail).run(now=_NOW + 3 * _HOUR)
    (notice,) = mail.to("desk:operator")

    assert (notice.number, notice.to.name, notice.event["waits_for"]) == (3, "Support", "operator")
    assert "(UTC)" in notice.text
    assert notice.invitation is None


def test_a_program_is_told_of_the_terms_the_money_and_the_open_change(mail: NotificationsInMemory) -> None:
    """Whatever is on the table stands beside what is agreed, in whole minor units and in UTC."""
    storage = MemoryStorage()
    market = Marketplace(storage, [load_preset("italki")])
    for person in ("ann", "tom"):
        market.add_party(person, zone="Europe/Berlin")
    market.top_up("ann", market.money("90.0", "ITC"), key="paid", now=_NOW)
    market.request(
        student="ann", tutor="tom", start=_NOW + 7 * _DAY, duration=_HOUR, price="20.0", lesson="L1",
        kind="trial", details={"subject": "Maths"}, key="a", now=_NOW,
    ).or_raise()  # fmt: skip
    market.accept("L1", by="tom", proposal=1, key="b", now=_NOW).or_raise()
    market.act("propose", "L1", by="tom", offer=Offer(_NOW + 8 * _DAY), key="c", now=_NOW).or_raise()

    MessageRelay(storage, [mail], _CONTACTS).run(now=_NOW)
    notice = next(each for each in mail.sent if each.number == 3)

    assert notice.event == {
        "verb": "propose", "actor": "tom", "policy": notice.event["policy"], "state": "agreed", "waits_for": "student",
        "student": "ann", "tutor": "tom", "payer": "ann", "requester": "ann", "currency": "ITC", "held": "200",
        "start": "2026-03-09T09:00:00Z", "end": "2026-03-09T10:00:00Z", "price": "200", "kind": "trial",
        "detail.subject": "Maths", "proposal": "2",
        "proposed_start": "2026-03-10T09:00:00Z", "proposed_end": "2026-03-10T10:00:00Z", "proposed_price": "200",
        "proposed_kind": "trial", "proposed_detail.subject": "Maths",
    }  # fmt: skip


def test_an_entry_holds_the_facts_and_the_link_and_not_the_letter(school: _School, mail: NotificationsInMemory) -> None:
    """It stays for weeks, so nothing is in it that is true only on the day on which it is sent."""
    id = school.agreed()
    links = Particulars(
        source="x", details=(("student", "https://meet.example/s"), ("tutor", "https://meet.example/t"))
    )
    school.act("meeting_ready", id, "robot", _HOUR, proposal=1, particulars=links)
    school.act("cancel", id, "ann", 2 * _HOUR)

    _relay(school, mail).run(now=_NOW + 2 * _HOUR)
    made, linked, off = [each.invitation.description for each in mail.to("tom") if each.invitation is not None]

    facts = (
        "Student: Ann",
        "When: Monday, March 9, 2026, 05:00 (UTC-04:00, New York)",
        "When for Ann: Monday, March 9, 2026, 10:00 (UTC+01:00, Berlin)",
        "Length: 1 hour",
        "Price: €0.00",
    )
    assert [text.replace("\u00a0", " ").split("\n") for text in (made, off)] == [[*facts]] * 2
    assert linked.replace("\u00a0", " ").split("\n") == [*facts, "Where to join: https://meet.example/t"]


def test_silence_is_told_to_everybody(school: _School, mail: NotificationsInMemory) -> None:
    """What happens by itself has no actor, and both sides hear of it."""
    school.asked()
    school.market.sweep(now=_NOW + 3 * _DAY)

    _relay(school, mail).run(now=_NOW + 3 * _DAY)
    told = {notice.recipient: notice.event for notice in mail.sent if notice.number == 2}

    assert set(told) == {"ann", "tom"}
    assert told["ann"] == _FACTS | {"verb": "timeout", "state": "off"}


# Reminders


def test_a_reminder_is_sent(school: _School, mail: NotificationsInMemory) -> None:
    """Whose turn it is hears of it again before the deadline."""
    school.asked()
    school.market.sweep(now=_NOW + 46 * _HOUR)

    _relay(school, mail).run(now=_NOW + 46 * _HOUR)
    _, notice = mail.sent

    assert (notice.kind, notice.recipient, notice.at) == ("reminder", "tom", _NOW + 46 * _HOUR)
    assert notice.event == _FACTS | {"verb": "reminder", "state": "requested", "waits_for": "tutor"}
    assert (notice.deadline, notice.invitation) == (_NOW + 48 * _HOUR, None)


@pytest.mark.parametrize("late", [46 * _HOUR, 48 * _HOUR - MICROSECOND, 48 * _HOUR, 90 * _HOUR])
def test_a_reminder_is_moot_when_time_has_run_out(
    school: _School, mail: NotificationsInMemory, late: timedelta
) -> None:
    """At the deadline the lesson has moved on, whether anybody has swept it or not."""
    school.asked()
    school.market.sweep(now=_NOW + 46 * _HOUR)

    sent = _relay(school, mail).run(now=_NOW + late)
    is_moot = late >= 48 * _HOUR

    assert (sent.delivered, sent.skipped) == ((1, 1) if is_moot else (2, 0))
    assert [notice.kind for notice in mail.sent] == ["told"] if is_moot else ["told", "reminder"]
    assert school.waiting() == []


@pytest.mark.parametrize(
    ("verb", "by", "kinds"),
    [
        pytest.param("note", "ann", ["reminder", "reminder", "told"], id="an aside"),
        pytest.param("move", "olga", ["told", "told"], id="another time"),
        pytest.param("cancel", "tom", ["told", "told"], id="called off"),
        pytest.param("quarrel", "ann", ["told", "told", "told"], id="another state"),
    ],
)
def test_a_reminder_is_moot_when_the_lesson_has_moved_on(
    school: _School, mail: NotificationsInMemory, verb: str, by: str, kinds: list[str]
) -> None:
    """Another state, other terms: what was to be reminded of is no more; what people add makes no difference."""
    id, relay = school.agreed(), _relay(school, mail)
    relay.run(now=_NOW)
    mail.sent.clear()
    school.market.sweep(now=_NOW + 6 * _DAY)
    school.act(verb, id, by, 6 * _DAY, offer=Offer(_NOW + 20 * _DAY) if verb == "move" else None)

    sent = relay.run(now=_NOW + 6 * _DAY)

    assert [notice.kind for notice in mail.sent] == kinds
    assert sent.skipped == ("reminder" not in kinds)


# Standings

_JUDGED = """
extends = "lesson/1"
id = "judged"
currency = "EUR"
[request]
by = ["student"]
answer_by = "earliest(asked + 48h, lesson.start)"
silence = { mark = "missed_request" }
[complete]
silence = { at = "lesson.end + 2h" }
[standing.missed_request]
dismiss = ["ill"]
handled_by = ["agent", "operator"]
ladder = [{ at = 1, effect = "hidden", lifted_by = "tutor" }]
"""


def test_a_report_is_told_to_the_tutor_and_to_whoever_handles_it(storage: Storage, mail: NotificationsInMemory) -> None:
    """While it is open, the desk that the policy names first hears of it too; what becomes of it, the tutor alone."""
    market = Marketplace(storage, [load_policy(_JUDGED)])
    for party in ("ann", "tom"):
        market.add_party(party, zone="Asia/Tokyo")
    market.add_party("agnes", zone="UTC", grants=["agent"])
    market.top_up("ann", market.money("90.00", "EUR"), key="pay", now=_NOW)
    market.request(
        student="ann", tutor="tom", start=_NOW + 9 * _DAY, duration=_HOUR, price="20.00", lesson="L1", key="a", now=_NOW
    ).or_raise()
    market.sweep(now=_NOW + 3 * _DAY)
    market.standings.dismiss_report(
        "tom", 1, by="agnes", reason="ill", case="C-1", note="get well", key="d", now=_NOW + 4 * _DAY
    ).or_raise()

    MessageRelay(storage, [mail], _CONTACTS).run(now=_NOW + 4 * _DAY)
    raised, desk, dismissed = [notice for notice in mail.sent if notice.kind == "standing"]

    assert [each.recipient for each in (raised, desk, dismissed)] == ["tom", "desk:agent", "tom"]
    assert [each.number for each in (raised, desk, dismissed)] == [1, 1, 2]
    assert raised.event == {
        "verb": "raised", "tutor": "tom", "counter": "missed_request", "report": "1", "effects": "hidden",
    }  # fmt: skip
    assert dismissed.event["verb"] == "dismissed"
    assert dismissed.event["actor"] == "agnes"
    assert "get well" in dismissed.text
    assert (raised.deadline, raised.invitation) == (None, None)


# Who is reached


def test_whom_nobody_knows_how_to_reach_is_passed_over(school: _School) -> None:
    """Without a contact, or without an address that the channel needs, the row is done all the same."""
    school.agreed()
    mail = NotificationsInMemory("mail", only_mail=True)
    directory = Contacts({"ann": Contact(name="Ann")})

    sent = _relay(school, mail, directory=directory).run(now=_NOW)

    assert sent == Sent(unreached=3)
    assert (mail.sent, school.waiting()) == ([], [])


def test_who_is_not_in_the_directory_goes_by_the_id(school: _School, mail: NotificationsInMemory) -> None:
    """The letter can still say with whom the lesson is."""
    school.asked(student="sue")

    _relay(school, mail, directory=Contacts({"tom": Contact(name="Tom")})).run(now=_NOW)

    assert "sue" in mail.sent[0].text


def test_each_channel_that_reaches_somebody_is_used(school: _School) -> None:
    """A letter to who has an address, and everything to the platform's own program, under the same keys."""
    school.agreed()
    mail, hook = NotificationsInMemory("mail", only_mail=True), NotificationsInMemory("hook")
    directory = Contacts({"ann": Contact(name="Ann", email="ann@example.com"), "tom": Contact(name="Tom")})

    sent = _relay(school, mail, hook, directory=directory).run(now=_NOW)

    assert sent == Sent(delivered=4)
    assert [notice.recipient for notice in mail.sent] == ["ann"]
    assert len(hook.keys) == 3
    assert mail.keys[0] in hook.keys


# Failures


def test_what_failed_is_tried_again_and_nothing_else(school: _School, mail: NotificationsInMemory) -> None:
    """One of two recipients cannot be reached for a while: the other gets one letter, the first gets it later."""
    school.agreed()
    relay = _relay(school, mail)
    relay.run(now=_NOW, limit=1)
    mail.failures.append(_DOWN)

    first = relay.run(now=_NOW)
    early = relay.run(now=_NOW + 30 * _SECOND - MICROSECOND)
    later = relay.run(now=_NOW + 30 * _SECOND)
    row = school.rows()[-1]

    assert (first.delivered, first.retried, early) == (1, 1, Sent())
    assert [trouble.text for trouble in first.troubles] == ["mail:ann: NoticeUnavailable: the server is down"]
    assert later == Sent(delivered=1)
    assert mail.keys[1:] == [f"{row.sequence}:tom", f"{row.sequence}:ann"]
    assert row.settled == (Delivery("mail:ann"), Delivery("mail:tom"))


def test_one_channel_may_fail_for_somebody_whom_another_reaches(school: _School) -> None:
    """What arrived on one channel is not sent again because of the other."""
    school.asked()
    mail, hook = NotificationsInMemory("mail"), NotificationsInMemory("hook", failures=[_DOWN, _DOWN])
    relay = _relay(school, mail, hook)

    runs = [relay.run(now=_NOW + minutes * timedelta(minutes=1)) for minutes in range(4)]

    assert [run.delivered for run in runs] == [1, 0, 1, 0]
    assert (len(mail.sent), len(hook.sent), school.waiting()) == (1, 1, [])


def test_what_is_refused_is_a_dead_letter(school: _School, mail: NotificationsInMemory) -> None:
    """It stays with its row, is not tried again, and holds up nothing: neither the others nor the lesson's next."""
    school.agreed()
    mail.failures.append(_GONE)

    sent = _relay(school, mail).run(now=_NOW)
    (row,) = school.rows(failed=True)

    assert (sent.delivered, sent.given_up, sent.retried) == (2, 1, 0)
    assert [trouble.text for trouble in sent.troubles] == ["mail:tom: NoticeRefused: no such mailbox"]
    assert (row.message.number, row.done, row.settled) == (1, True, (Delivery("mail:tom", "no such mailbox"),))
    assert school.waiting() == []


def test_patience_comes_to_an_end(school: _School, mail: NotificationsInMemory) -> None:
    """After all waits what never arrived is a dead letter, with what the channel said last."""
    school.asked()
    mail.failures.extend([_DOWN] * 99)
    patience = Patience(first_wait=_SECOND, longest_wait=2 * _SECOND, give_up_after=5 * _SECOND)
    relay = MessageRelay(school.storage, [mail], _CONTACTS, patience=patience)

    runs = [relay.run(now=_NOW + number * _SECOND) for number in range(10)]
    (row,) = school.rows(failed=True)

    assert [number for number, run in enumerate(runs) if run.retried] == [0, 1, 3]
    assert [number for number, run in enumerate(runs) if run.given_up] == [5]
    assert (mail.calls, row.done) == (4, True)
    assert row.settled == (Delivery("mail:tom", "the server is down"),)


def test_a_channel_may_ask_for_more_time(school: _School, mail: NotificationsInMemory) -> None:
    """It is left alone for so long; if that is longer than patience lasts, it is the end."""
    school.asked()
    school.asked("L2", student="sue", days=9)
    mail.failures.extend([
        NoticeUnavailable("later", retry_after=2 * _HOUR),
        NoticeUnavailable("much later", retry_after=7 * _HOUR),
    ])  # fmt: skip
    relay = _relay(school, mail)

    first = relay.run(now=_NOW)
    runs = [relay.run(now=_NOW + 2 * _HOUR - MICROSECOND), relay.run(now=_NOW + 2 * _HOUR)]

    assert (first.retried, first.given_up) == (1, 1)
    assert [run.delivered for run in runs] == [0, 1]


def test_any_error_of_a_channel_is_tried_again(school: _School, mail: NotificationsInMemory) -> None:
    """Whatever it raises; of what it says, nothing is kept: it might be a secret."""
    school.asked()
    mail.failures.extend([KeyError("password"), ValueError("token")])
    patience = Patience(first_wait=_SECOND, give_up_after=_SECOND)
    relay = MessageRelay(school.storage, [mail], _CONTACTS, patience=patience)

    first, last = relay.run(now=_NOW), relay.run(now=_NOW + _SECOND)
    (row,) = school.rows(failed=True)

    assert (first.retried, last.given_up) == (1, 1)
    assert [trouble.text for trouble in last.troubles] == ["mail:tom: ValueError: token"]
    assert row.settled == (Delivery("mail:tom", "ValueError"),)


@attrs.define
class _Moody:
    """A directory that raises or answers nonsense, until told otherwise."""

    mood: str

    def contact(self, party: PartyId) -> Contact | None:
        """Answer as the mood is."""
        if self.mood == "raises":
            raise OSError("no directory")
        if self.mood == "nonsense":
            return "Tom"  # type: ignore[return-value]  # on purpose
        return _CONTACTS.contact(party)

    def desk(self, role: Role) -> Contact | None:
        """Answer nothing."""
        return None


@pytest.mark.parametrize("mood", ["raises", "nonsense"])
def test_a_directory_or_a_text_that_fails_is_trouble(school: _School, mail: NotificationsInMemory, mood: str) -> None:
    """It is tried again, and in the end a dead letter of no channel in particular, which can be redelivered."""
    school.asked()
    directory = _Moody(mood)
    patience = Patience(first_wait=_SECOND, give_up_after=_SECOND)
    relay = MessageRelay(school.storage, [mail], directory, patience=patience)

    first, last = relay.run(now=_NOW), relay.run(now=_NOW + _SECOND)
    (row,) = school.rows(failed=True)
    directory.mood = "fine"
    school.market.redeliver(row.sequence)
    again = relay.run(now=_NOW + _HOUR)

    assert (first.retried, first.delivered) == (1, 0)
    assert (last.given_up, last.retried) == (1, 0)
    assert [delivery.recipient for delivery in row.settled] == ["*:tom"]
    assert again == Sent(delivered=1)
    assert school.rows(failed=True) == ()


@pytest.mark.parametrize("locale", ["?!", "English, please", "x", "pt-BR"])
def test_whoever_asks_for_no_language_there_is_reads_english(
    school: _School, mail: NotificationsInMemory, locale: str
) -> None:
    """One mistake in one profile keeps nobody from their letters, least of all the others of the lesson."""
    people = {**_CONTACTS.people, "tom": Contact(name="Tom", locale=locale)}
    school.asked()

    sent = _relay(school, mail, directory=Contacts(people)).run(now=_NOW)

    assert sent == Sent(delivered=1)
    assert [(notice.recipient, notice.locale) for notice in mail.sent] == [("tom", "en")]


def test_a_dead_letter_can_be_redelivered(school: _School) -> None:
    """Only what never arrived is sent again, with all patience anew, before the lesson's next message."""
    id = school.agreed()
    mail, hook = NotificationsInMemory("mail", failures=[_GONE]), NotificationsInMemory("hook")
    relay = _relay(school, mail, hook)
    relay.run(now=_NOW)
    (row,) = school.rows(failed=True)
    keys, hooked = mail.keys, hook.keys
    school.act("cancel", id, "ann", _HOUR)

    school.market.redeliver(row.sequence)
    again = relay.run(now=_NOW + _HOUR)

    assert f"{row.sequence}:tom" not in keys
    assert mail.keys[len(keys)] == f"{row.sequence}:tom"
    assert hook.keys[: len(hooked)] == hooked
    assert f"{row.sequence}:tom" not in hook.keys[len(hooked) :]
    assert again.delivered == 1 + 2 * 2
    assert school.rows(failed=True) == ()


def test_what_has_no_failure_is_not_redelivered(school: _School, mail: NotificationsInMemory) -> None:
    """A row whose deliveries arrived, or that is still out, stays as it is; one that is not there is named."""
    school.agreed()
    relay = _relay(school, mail)
    relay.run(now=_NOW, limit=1)
    before = school.rows()

    for row in before:
        school.market.redeliver(row.sequence)

    assert school.rows() == before
    with pytest.raises(UnknownName, match="row of the outbox"):
        school.market.redeliver(99)
    with pytest.raises(InvalidValue):
        school.market.redeliver(0)


# Order


def test_messages_of_a_lesson_keep_their_order(school: _School, mail: NotificationsInMemory) -> None:
    """While the first is put off the ones after it wait; those of other lessons go."""
    school.agreed()
    school.agreed("L2", student="sue", days=9)
    mail.failures.append(_DOWN)
    relay = _relay(school, mail)

    first = relay.run(now=_NOW)
    lessons = [notice.lesson for notice in mail.sent]
    relay.run(now=_NOW + _HOUR)

    assert first.retried == 1
    assert lessons == ["L2"] * 3
    assert [notice.number for notice in mail.sent if notice.lesson == "L1"] == [1, 2, 2]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_run_handles_as_many_rows_as_it_is_told(school: _School, mail: NotificationsInMemory, limit: int) -> None:
    """The rest waits for the next run."""
    for number in range(3):
        school.asked(f"L{number}", days=7 + number)

    sent = _relay(school, mail).run(now=_NOW, limit=limit)

    assert sent.delivered == limit
    assert len(school.waiting()) == 3 - limit


# Killed, run twice, several at once


class _Slow(NotificationsInMemory):
    """A channel during whose next call something else happens."""

    meanwhile: Callable[[], object] | None = None

    def send(self, notice: Notice) -> None:
        """Let it happen, then go on."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        super().send(notice)


def test_a_relay_that_was_killed_after_sending_sends_once_more(school: _School, mail: NotificationsInMemory) -> None:
    """Nothing could be settled, so the same notice comes again under the same key when the lease is over."""
    school.asked()
    relay = _relay(school, mail)
    mail.losses.append(_Killed())
    with suppress(_Killed):
        relay.run(now=_NOW)

    early, later = relay.run(now=_NOW + _LEASE - MICROSECOND), relay.run(now=_NOW + _LEASE)

    assert (early, later) == (Sent(), Sent(delivered=1))
    assert mail.sent[0] == mail.sent[1]
    assert school.waiting() == []


def test_what_a_killed_relay_had_settled_is_not_sent_again(school: _School, mail: NotificationsInMemory) -> None:
    """Of two recipients the first was settled, the second not: only the second hears twice."""
    school.agreed()
    relay = _relay(school, mail)
    relay.run(now=_NOW, limit=1)
    mail.sent.clear()
    slow = _Slow("mail")

    def die_at_the_second() -> None:
        slow.losses.append(_Killed())

    slow.meanwhile = lambda: setattr(slow, "meanwhile", die_at_the_second)
    with suppress(_Killed):
        _relay(school, slow).run(now=_NOW)
    relay.run(now=_NOW + 2 * _LEASE)

    assert [notice.recipient for notice in slow.sent] == ["ann", "tom"]
    assert [notice.recipient for notice in mail.sent] == ["tom"]


def test_a_slow_relay_finds_that_it_was_overtaken(school: _School, mail: NotificationsInMemory) -> None:
    """Another has taken the row since: the slow one has sent one delivery, and stops there."""
    school.agreed()
    _relay(school, mail).run(now=_NOW, limit=1)
    mail.sent.clear()
    slow = _Slow("mail")
    others: list[Sent] = []
    slow.meanwhile = lambda: others.append(_relay(school, mail).run(now=_NOW + _LEASE))

    sent = _relay(school, slow).run(now=_NOW)

    assert others == [Sent(delivered=2)]
    assert sent == Sent(delivered=1)
    assert [notice.recipient for notice in mail.sent] == ["ann", "tom"]
    assert [notice.recipient for notice in slow.sent] == ["ann"]


def test_a_slow_relay_does_not_end_what_another_has_begun(school: _School) -> None:
    """Its failure, its refusal and its end change nothing while another relay has the row."""
    school.asked()
    for error in (_DOWN, _GONE):
        slow = _Slow("mail", failures=[error])
        taken: list[OutboxRow] = []

        def take(taken: list[OutboxRow] = taken) -> None:
            with school.storage.transaction() as tx:
                taken.extend(tx.take(("told",), _NOW + _LEASE * 9, _LEASE * 9, 1))
                tx.retry(taken[0].sequence, _NOW)  # For the next round of this test.

        slow.meanwhile = take
        sent = _relay(school, slow).run(now=_NOW, limit=1)
        (row,) = school.rows()

        assert (sent.retried, row.done, row.settled) == (0, False, ())
        assert row.retry_at == _NOW


def test_a_row_that_was_reopened_meanwhile_is_nobody_s(school: _School, mail: NotificationsInMemory) -> None:
    """Counting began anew, so the number of tries alone would not tell whose the row is."""
    school.asked()
    slow = _Slow("mail", failures=[_GONE])

    def reopen() -> None:
        with school.storage.transaction() as tx:
            (row,) = tx.outbox(kinds=("told",))
            tx.reopen(row.sequence)
            tx.take(("told",), _NOW + _SECOND, _LEASE, 1)

    slow.meanwhile = reopen
    _relay(school, slow).run(now=_NOW)
    (row,) = school.rows()

    assert (row.attempts, row.retry_at, row.done, row.settled) == (1, _NOW + _SECOND + _LEASE, False, ())


def test_a_slow_directory_lets_another_take_the_row(school: _School, mail: NotificationsInMemory) -> None:
    """Though nothing was sent meanwhile, the row is not the slow relay's to finish."""
    school.asked()

    class Slow(Contacts):
        def contact(self, party: PartyId) -> Contact | None:
            mail.failures.append(_DOWN)
            _relay(school, mail).run(now=_NOW + _LEASE)
            return None

    sent = _relay(school, mail, directory=Slow()).run(now=_NOW)
    (row,) = school.rows()

    assert sent == Sent()
    assert (row.attempts, row.retry_at, row.done) == (2, _NOW + _LEASE + 60 * _SECOND, False)


def test_a_lease_is_renewed_with_each_delivery(school: _School) -> None:
    """As long as one delivery after the other comes to an end within the lease, nobody else takes the row."""
    school.agreed()
    clock = VirtualClock(_NOW)
    slow, others = _Slow("mail"), NotificationsInMemory("mail")

    def wait() -> None:
        clock.move_by(_LEASE - _SECOND)
        assert _relay(school, others).run(now=clock()) == Sent()
        slow.meanwhile = wait

    slow.meanwhile = wait
    sent = MessageRelay(school.storage, [slow], _CONTACTS, clock=clock).run()

    assert sent == Sent(delivered=3)


def test_a_row_that_kills_every_relay_is_given_up(school: _School, mail: NotificationsInMemory) -> None:
    """Once all tries have died nothing is sent any more; to whom nothing was settled, that is written down."""
    school.agreed()
    relay = _relay(school, mail)
    relay.run(now=_NOW, limit=1)
    patience = Patience(first_wait=_SECOND, give_up_after=_SECOND)
    slow = _Slow("mail")
    slow.meanwhile = lambda: slow.losses.append(_Killed())
    doomed = MessageRelay(school.storage, [slow], _CONTACTS, patience=patience)
    for number in range(2):
        slow.meanwhile = lambda: slow.failures.append(_Killed())
        with suppress(_Killed):
            doomed.run(now=_NOW + number * _LEASE)
    calls = slow.calls

    sent = doomed.run(now=_NOW + 2 * _LEASE)
    (row,) = school.rows(failed=True)

    assert (sent.given_up, sent.retried, slow.calls) == (2, 0, calls)
    assert row.done
    assert row.settled == (
        Delivery("*:ann", "no try has come to an end"), Delivery("*:tom", "no try has come to an end"),
    )  # fmt: skip


def test_of_a_row_that_was_partly_settled_only_the_rest_is_lost(school: _School) -> None:
    """Who has been told before the relays died is not called unreachable."""
    school.agreed()
    mail = NotificationsInMemory("mail")
    _relay(school, mail).run(now=_NOW, limit=1)
    patience = Patience(first_wait=_SECOND, give_up_after=_SECOND)
    doomed = MessageRelay(school.storage, [mail], _CONTACTS, patience=patience)
    mail.failures.append(_DOWN)
    doomed.run(now=_NOW)  # tom is told, ann is not
    mail.failures.append(_Killed())
    with suppress(_Killed):
        doomed.run(now=_NOW + _SECOND)

    doomed.run(now=_NOW + _SECOND + _LEASE)
    (row,) = school.rows(failed=True)

    assert row.settled == (Delivery("*:ann", "no try has come to an end"), Delivery("mail:tom"))


@attrs.define
class _Mortal:
    """A countdown to the end of a process: some tick is the last."""

    ticks: int

    def tick(self) -> None:
        """Let it come nearer."""
        self.ticks -= 1
        if self.ticks == 0:
            raise _Killed


class _MortalStorage:
    """A store whose process dies before or after one of its transactions."""

    def __init__(self, storage: Storage, life: _Mortal) -> None:
        self._storage = storage
        self._life = life

    @contextmanager
    def transaction(self) -> Iterator[object]:
        """Write, and die before the commit or after it."""
        with self._storage.transaction() as tx:
            yield tx
            self._life.tick()
        self._life.tick()

    @contextmanager
    def reading(self) -> Iterator[object]:
        """Read, and die afterwards."""
        with self._storage.reading() as tx:
            yield tx
        self._life.tick()


class _MortalMail(NotificationsInMemory):
    """A channel during one of whose calls the process dies, before or after the notice has gone out."""

    life: _Mortal

    def send(self, notice: Notice) -> None:
        """Send, and die before or after."""
        self.life.tick()
        super().send(notice)
        self.life.tick()


@pytest.mark.parametrize("ticks", range(1, 34))
def test_wherever_a_relay_is_killed_everybody_is_told_in_order(storage: Storage, ticks: int) -> None:
    """At each of its steps a relay may end: each notice arrives, at most one of each death comes twice, in order."""
    school, mail = _School(storage), _MortalMail("mail")
    id = school.agreed("L1")
    school.asked("L2", student="sue", days=9)
    school.act("cancel", id, "ann", _HOUR)
    mail.life = _Mortal(ticks)
    mortal = MessageRelay(_MortalStorage(storage, mail.life), [mail], _CONTACTS)  # type: ignore[arg-type]  # it is one
    deaths = 0

    for again in range(3):
        try:
            mortal.run(now=_NOW + _HOUR + again * _LEASE)
        except _Killed:
            deaths += 1
            mail.life.ticks = ticks + 5
    mail.life.ticks = -1
    _relay(school, mail).run(now=_NOW + _DAY)

    assert len(mail.sent) <= 6 + deaths
    assert len(set(mail.keys)) == 6
    assert _in_order(mail.sent)
    assert school.waiting() == []


def _in_order(sent: list[Notice]) -> bool:
    """Whether each recipient first heard of each lesson's versions in their order."""
    heard: dict[tuple[str, str], dict[int, None]] = {}
    for each in sent:
        heard.setdefault((each.recipient, each.lesson), {})[each.number] = None
    return all(list(numbers) == sorted(numbers) for numbers in heard.values())


_STEPS = st.lists(
    st.one_of(
        st.sampled_from(["move", "note", "quarrel", "cancel"]),
        st.sampled_from(["fine", "down", "lost", "killed before", "killed after"]),
        st.sampled_from(["a second", "a minute", "a lease"]),
    ),
    max_size=25,
)
_TROUBLE: dict[str, tuple[list[BaseException], list[BaseException]]] = {
    "fine": ([], []),
    "down": ([_DOWN], []),
    "lost": ([], [_DOWN]),
    "killed before": ([_Killed()], []),
    "killed after": ([], [_Killed()]),
}
_TIMES = {"a second": timedelta(seconds=1), "a minute": timedelta(minutes=1), "a lease": _LEASE}


@given(_STEPS)
def test_whatever_happens_everybody_is_told_in_order(steps: list[str]) -> None:
    """After any failures and deaths each notice has arrived under its key, first in the lesson's order."""
    school, mail = _School(MemoryStorage()), NotificationsInMemory("mail")
    id, now = school.agreed(), _NOW
    for place, step in enumerate(steps):
        if step in _TIMES:
            now += _TIMES[step]
        elif step in _TROUBLE:
            failures, losses = _TROUBLE[step]
            mail.failures.extend(failures)
            mail.losses.extend(losses)
            with suppress(_Killed):
                _relay(school, mail).run(now=now)
        else:
            offer = Offer(_NOW + (9 + place) * _DAY) if step == "move" else None
            by = "olga" if step == "move" else "ann"
            school.market.act(step, id, by=by, key=f"{place}", offer=offer, now=now)
    mail.failures.clear()
    mail.losses.clear()
    for _ in range(3):
        now += _HOUR
        _relay(school, mail).run(now=now)

    assert _in_order(mail.sent)
    assert school.waiting() == []
    assert school.rows(failed=True) == ()
    settled = {f"{row.sequence}:{each.recipient.partition(':')[2]}" for row in school.rows() for each in row.settled}
    assert settled == set(mail.keys)


def test_relays_in_threads_share_the_work(storage: Storage) -> None:
    """Several relays at once send each notice once."""
    school, mail = _School(storage), NotificationsInMemory("mail")
    for number in range(12):
        school.agreed(f"L{number}", days=7 + number)
    ready, done = Barrier(3), list[Sent]()

    def work() -> None:
        relay = _relay(school, mail)
        ready.wait()
        for _ in range(9):
            done.append(relay.run(now=_NOW))

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(each.delivered for each in done) == len(mail.keys) == len(set(mail.keys)) == 36
    assert school.waiting() == []


# In the caller's transactions, and misuse


def test_an_enlisted_store_commits_between_the_calls(mail: NotificationsInMemory) -> None:
    """Where the store lives in the caller's transactions each step has one; mail and directory are outside."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    inside: list[bool] = []

    class Watched(NotificationsInMemory):
        def send(self, notice: Notice) -> None:
            inside.append(connection.in_transaction)
            super().send(notice)

    class WatchedContacts(Contacts):
        def contact(self, party: PartyId) -> Contact | None:
            inside.append(connection.in_transaction)
            return _CONTACTS.contact(party)

    @contextmanager
    def around() -> Iterator[None]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    storage = enlist_sqlite(connection)
    with around():
        install_schema(connection)
        school = _School(storage)
        school.agreed()

    sent = MessageRelay(storage, [Watched()], WatchedContacts(), around=around).run(now=_NOW)
    with around():
        waiting = school.waiting()
    connection.close()

    assert sent.delivered == 3
    assert inside
    assert not any(inside)
    assert waiting == []


def test_without_an_instant_the_clock_is_asked(school: _School, mail: NotificationsInMemory) -> None:
    """What fails is put off from when it failed, not from when the run began."""
    school.asked()
    clock, slow = VirtualClock(_NOW), _Slow("mail", failures=[_DOWN])
    slow.meanwhile = lambda: clock.move_by(3 * _SECOND)

    MessageRelay(school.storage, [slow], _CONTACTS, clock=clock).run()
    (row,) = school.rows()

    assert row.retry_at == _NOW + 33 * _SECOND


def _made(school: _School, **options: object) -> MessageRelay:
    given = {"notifiers": [NotificationsInMemory("mail")], "directory": _CONTACTS} | options
    return MessageRelay(school.storage, given.pop("notifiers"), given.pop("directory"), **given)  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"notifiers": []}, InvalidValue, "at least one"),
        ({"notifiers": [NotificationsInMemory("a"), NotificationsInMemory("a")]}, InvalidValue, "another name"),
        ({"notifiers": [NotificationsInMemory("a:b")]}, InvalidValue, "name of a notifier"),
        ({"notifiers": [NotificationsInMemory("*")]}, InvalidValue, "name of a notifier"),
        ({"brand": 5}, InvalidType, "brand"),
        ({"domain": "a b"}, InvalidValue, "domain"),
        ({"domain": "x\r\nUID:1"}, InvalidValue, "domain"),
        ({"domain": None}, InvalidType, "domain"),
        ({"wording": "words"}, InvalidType, "wording"),
        ({"wording": Path("/nowhere/at/all")}, InvalidValue, "folder of catalogues"),
    ],
)
def test_misuse_is_named_when_a_relay_is_made(
    storage: Storage, options: dict[str, object], error: type[Exception], says: str
) -> None:
    """Before it takes a row."""
    with pytest.raises(error, match=says):
        _made(_School(storage), **options)


@pytest.mark.parametrize("limit", [0, -1, True, 1.0, None])
def test_a_limit_is_a_whole_number(school: _School, mail: NotificationsInMemory, limit: int) -> None:
    """Anything else is refused before a row is taken."""
    school.asked()

    with pytest.raises(InvalidValue):
        _relay(school, mail).run(now=_NOW, limit=limit)
    assert [row.attempts for row in school.rows()] == [0]


def test_a_naive_instant_is_refused(school: _School, mail: NotificationsInMemory) -> None:
    """Given, or read from a clock."""
    naive: Instant = _NOW.replace(tzinfo=None)

    with pytest.raises(InvalidValue):
        _relay(school, mail).run(now=naive)
    with pytest.raises(InvalidValue):
        MessageRelay(school.storage, [mail], _CONTACTS, clock=lambda: naive).run()
