"""From a lesson to the mailbox: a relay, letters by SMTP, and a mail server that does not always do as it is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape
from typing import Any, NamedTuple

import attrs
import icalendar
import pytest

from tutorcore import Contact, Contacts, Marketplace, MemoryStorage, MessageRelay, instant, load_preset
from tutorcore.adapters.notifications.smtp import Smtp
from tutorcore.instants import Instant
from tutorcore.ports.storage import Delivery

# A Friday. In Berlin the clocks go forward on Sunday; in New York they have done so.
_NOW = instant("2026-03-27T18:00:00Z")
_START = instant("2026-03-30T09:00:00Z")
_HOUR = timedelta(hours=1)
_CONTACTS = Contacts({
    "ann": Contact(name="Ann", locale="de", email="ann@example.com", zone="Europe/Berlin"),
    "tom": Contact(name="Tom", email="tom@example.com", zone="America/New_York"),
})  # fmt: skip


@attrs.define
class _Post:
    """A lesson, a relay, and the mail server that it hands its letters to."""

    market: Marketplace
    relay: MessageRelay
    room: Any

    def act(self, verb: str, by: str, at: timedelta, **what: Any) -> None:
        """Do something about the lesson."""
        getattr(self.market, verb)("L1", by=by, key=f"{verb} {at}", now=_NOW + at, **what).or_raise()

    def letters(self, to: str) -> list[EmailMessage]:
        """The letters that have arrived for an address, in order."""
        found = [message_from_bytes(each.content, policy=SMTP) for each in self.room.letters if each.rcpt_tos == [to]]
        return [letter for letter in found if isinstance(letter, EmailMessage)]


@pytest.fixture
def post(open_mailroom: Callable[..., Any]) -> _Post:
    """A lesson that ann has asked for, and nobody told yet."""
    storage, room = MemoryStorage(), open_mailroom()
    market = Marketplace(storage, [load_preset("italki")])
    market.add_party("ann", zone="Europe/Berlin")
    market.add_party("tom", zone="America/New_York")
    market.top_up("ann", market.money("90.0", "ITC"), key="pay", now=_NOW)
    market.request(
        student="ann", tutor="tom", start=_START, duration=_HOUR, price="20.0", lesson="L1", key="ask", now=_NOW
    ).or_raise()
    smtp = Smtp(
        "127.0.0.1", room.port, sender="Lessons <no-reply@lessons.example>", security="none",
        timeout=timedelta(seconds=0.5),
    )  # fmt: skip
    return _Post(market, MessageRelay(storage, [smtp], _CONTACTS, domain="lessons.example"), room)


def _plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def _page(letter: EmailMessage) -> str:
    part = letter.get_body(("html",))
    assert part is not None
    return " ".join(unescape(str(part.get_content())).split())


class _Entry(NamedTuple):
    """An entry for a calendar, as an independent program reads it."""

    method: str
    uid: str
    sequence: int
    start: Instant
    end: Instant


def _entry(letter: EmailMessage) -> _Entry | None:
    """The entry in a letter, if there is one."""
    for part in letter.walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            calendar: Any = icalendar.Calendar.from_ical(content)
            (event,) = calendar.walk("VEVENT")
            times = (event[name].dt for name in ("DTSTART", "DTEND"))
            return _Entry(str(calendar["METHOD"]), str(event["UID"]), event["SEQUENCE"], *times)
    return None


def test_both_sides_read_their_own_clock_over_a_clock_change(post: _Post) -> None:
    """Ann reads German and Berlin's new time, Tom English and New York's; both have the same entry in UTC."""
    post.act("accept", "tom", _HOUR, proposal=1)

    sent = post.relay.run(now=_NOW + _HOUR)
    (to_ann,), (asked, accepted) = post.letters("ann@example.com"), post.letters("tom@example.com")
    entry = _Entry("REQUEST", "L1.1@lessons.example", 2, _START, _START + _HOUR)

    assert (sent.delivered, sent.troubles) == (3, ())
    assert (to_ann["Content-Language"], asked["Content-Language"]) == ("de", "en")
    assert "11:00 (UTC+02:00, Berlin)" in _plain(to_ann)
    assert "05:00 (UTC-04:00, New York)" in _plain(asked)
    assert [_entry(letter) for letter in (to_ann, asked, accepted)] == [entry, None, entry]


# 48 hours apart, but Berlin's clocks go forward in between: eleven and noon there, and six in New York on either day.
_SATURDAY, _MONDAY = instant("2026-03-28T10:00:00Z"), instant("2026-03-30T10:00:00Z")
_ELEVEN, _NOON, _SIX = "11:00 (UTC+01:00, Berlin)", "12:00 (UTC+02:00, Berlin)", "06:00 (UTC-04:00, New York)"


class _Told(NamedTuple):
    """A letter as it arrived: its language, which times of the lesson it shows, and what it does in a calendar."""

    language: str
    shows: set[str]
    method: str | None = None
    sequence: int | None = None
    start: Instant | None = None


def _told(letter: EmailMessage) -> _Told:
    entry, text, page = _entry(letter), *(set(_CLOCK.findall(said)) for said in (_plain(letter), _page(letter)))
    assert text == page
    assert entry is None or entry.uid == "L2.1@lessons.example"
    return _Told(
        letter["Content-Language"], text, *(() if entry is None else (entry.method, entry.sequence, entry.start))
    )


_CLOCK = re.compile(r"\d\d:\d\d \(UTC[^)]*\)")


def test_request_agreement_change_and_cancellation_over_a_clock_change(post: _Post) -> None:
    """Every letter shows the lesson on both clocks, as text and as a page; the entry is the same one throughout."""
    market = post.market
    market.request(
        student="ann", tutor="tom", start=_SATURDAY, duration=_HOUR, price="20.0", lesson="L2", key="two", now=_NOW
    ).or_raise()
    market.accept("L2", by="tom", proposal=1, key="yes", now=_NOW + _HOUR).or_raise()
    market.propose("L2", by="ann", start=_MONDAY, key="move", now=_NOW + 2 * _HOUR).or_raise()
    market.accept("L2", by="tom", proposal=2, key="moved", now=_NOW + 3 * _HOUR).or_raise()
    market.cancel("L2", by="ann", key="off", now=_NOW + 4 * _HOUR).or_raise()

    sent = post.relay.run(now=_NOW + 4 * _HOUR)
    to_ann, to_tom = (
        [_told(letter) for letter in post.letters(address) if "L2@" in letter["References"]]
        for address in ("ann@example.com", "tom@example.com")
    )

    assert (sent.retried, sent.given_up, sent.unreached) == (0, 0, 0)
    assert to_ann == [
        _Told("de", {_ELEVEN, _SIX}, "REQUEST", 2, _SATURDAY),
        _Told("de", {_ELEVEN, _NOON, _SIX}, "REQUEST", 4, _MONDAY),
        _Told("de", {_NOON, _SIX}, "CANCEL", 5, _MONDAY),
    ]
    assert to_tom == [
        _Told("en", {_ELEVEN, _SIX}),
        _Told("en", {_ELEVEN, _SIX}, "REQUEST", 2, _SATURDAY),
        _Told("en", {_ELEVEN, _NOON, _SIX}),
        _Told("en", {_ELEVEN, _NOON, _SIX}, "REQUEST", 4, _MONDAY),
        _Told("en", {_NOON, _SIX}, "CANCEL", 5, _MONDAY),
    ]


def test_an_entry_is_moved_and_cancelled(post: _Post) -> None:
    """A new time has a greater SEQUENCE, a cancelled lesson a CANCEL with one greater still, all under one UID."""
    post.act("accept", "tom", _HOUR, proposal=1)
    post.act("propose", "tom", 2 * _HOUR, start=_START + 4 * _HOUR)
    post.act("accept", "ann", 3 * _HOUR, proposal=2)
    post.act("cancel", "ann", 4 * _HOUR)

    post.relay.run(now=_NOW + 4 * _HOUR)
    for address in ("ann@example.com", "tom@example.com"):
        entries = [entry for letter in post.letters(address) if (entry := _entry(letter)) is not None]

        assert [(each.method, each.sequence) for each in entries] == [("REQUEST", 2), ("REQUEST", 4), ("CANCEL", 5)]
        assert {each.uid for each in entries} == {"L1.1@lessons.example"}
        assert [each.start for each in entries] == [_START] + [_START + 4 * _HOUR] * 2


def test_a_mailbox_that_is_not_there_holds_up_nothing(post: _Post) -> None:
    """550 is the end of that letter; the others go, and it is sent again once, when somebody asks for it."""
    post.act("accept", "tom", _HOUR, proposal=1)
    post.room.replies["RCPT"] = "550 no such user"
    first = post.relay.run(now=_NOW + _HOUR, limit=1)
    del post.room.replies["RCPT"]
    rest = post.relay.run(now=_NOW + _HOUR)
    (row,) = post.market.outbox(failed=True)
    post.market.redeliver(row.sequence)
    again = post.relay.run(now=_NOW + 2 * _HOUR)
    settled = [each for row in post.market.outbox() for each in row.settled]

    assert (first.given_up, first.retried, rest.delivered, again.delivered) == (1, 0, 2, 1)
    assert [(each.recipient, each.failure is None) for each in row.settled] == [("smtp:tom", False)]
    assert settled == [Delivery("smtp:tom"), Delivery("smtp:ann"), Delivery("smtp:tom")]
    assert len({letter["Message-ID"] for letter in post.letters("tom@example.com")}) == len(post.room.letters) - 1 == 2


def test_everybody_else_gets_theirs_though_one_mailbox_is_not_there(post: _Post) -> None:
    """In the same run ann is told, and both of tom's letters are dead at once; later he gets each, and she none."""
    post.act("accept", "tom", _HOUR, proposal=1)
    post.room.unknown.add("tom@example.com")
    sent = post.relay.run(now=_NOW + _HOUR)
    dead = post.market.outbox(failed=True)
    (to_ann,) = post.room.letters
    quiet = post.relay.run(now=_NOW + 24 * _HOUR)
    post.room.unknown.clear()
    for row in dead:
        post.market.redeliver(row.sequence)
    again = post.relay.run(now=_NOW + 24 * _HOUR)

    assert (sent.delivered, sent.given_up, sent.retried, len(sent.troubles)) == (1, 2, 0, 2)
    assert all("550" in (each.failure or "550") for row in dead for each in row.settled)
    assert [[each.recipient for each in row.settled if each.failure] for row in dead] == [["smtp:tom"]] * 2
    assert to_ann.rcpt_tos == ["ann@example.com"]
    assert quiet.delivered == quiet.retried == 0
    assert (again.delivered, again.given_up) == (2, 0)
    assert [each.rcpt_tos for each in post.room.letters] == [["ann@example.com"]] + [["tom@example.com"]] * 2
    assert len({letter["Message-ID"] for letter in post.letters("tom@example.com")}) == 2


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_what_may_work_later_is_tried_again_and_nobody_reads_twice(post: _Post, step: str) -> None:
    """A server that asks to be called later (greylisting, a full disk) gets each letter once, in order."""
    post.act("accept", "tom", _HOUR, proposal=1)
    if step == "EHLO":
        post.room.drops.add(step)
    else:
        post.room.replies[step] = "451 try again later"
    first = post.relay.run(now=_NOW + _HOUR)
    post.room.drops.clear()
    post.room.replies.clear()
    soon = post.relay.run(now=_NOW + _HOUR)
    again = post.relay.run(now=_NOW + _HOUR + timedelta(minutes=1))

    assert (first.delivered, first.given_up, soon.delivered, again.delivered) == (0, 0, 0, 3)
    assert len({letter["Message-ID"] for each in ("ann", "tom") for letter in post.letters(f"{each}@example.com")}) == 3
    assert len(post.room.letters) == 3
    assert ["REQUEST" if _entry(letter) else None for letter in post.letters("tom@example.com")] == [None, "REQUEST"]


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT"])
def test_a_server_that_hangs_is_asked_again_and_nobody_reads_twice(post: _Post, step: str) -> None:
    """Time runs out for one letter; it goes out at the next try, and those that had gone do not go again."""
    post.act("accept", "tom", _HOUR, proposal=1)
    post.relay.run(now=_NOW + _HOUR, limit=1)
    post.room.hangs.add(step)
    hung = post.relay.run(now=_NOW + _HOUR)
    post.room.hangs.clear()
    again = post.relay.run(now=_NOW + _HOUR + timedelta(seconds=30))

    assert (hung.delivered, hung.retried, again.delivered) == (0, 1, 2)
    assert [each.rcpt_tos for each in post.room.letters] == [
        ["tom@example.com"],
        ["ann@example.com"],
        ["tom@example.com"],
    ]


def test_a_letter_of_which_nobody_knows_comes_twice_under_one_id(post: _Post) -> None:
    """The server took it and hung up before it said so: the same letter comes again, and programs can tell."""
    post.room.drops.add("DATA")
    first = post.relay.run(now=_NOW)
    post.room.drops.clear()
    again = post.relay.run(now=_NOW + timedelta(seconds=30))
    one, other = post.letters("tom@example.com")

    assert (first.retried, again.delivered) == (1, 1)
    assert one["Message-ID"] == other["Message-ID"]
    assert _plain(one) == _plain(other)
