"""What the platforms' people learn by mail, taken in by a real mail server: ITK-23, EDU-4 and EDU-7.

Everybody is at example.org; kim is a child and has no address.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tutorcore import Contact, Contacts, Marketplace, MessageRelay, instant, load_preset
from tutorcore.adapters.notifications.smtp import Smtp
from tutorcore.ports.storage import Storage

_HOUR = timedelta(hours=1)
_CONTACTS = Contacts({
    "ann": Contact(name="Ann", email="ann@example.org"),
    "tom": Contact(name="Tom", email="tom@example.org", locale="de"),
    "pat": Contact(name="Pat", email="pat@example.org"),
    "tara": Contact(name="Tara", email="tara@example.org"),
    "kim": Contact(name="Kim"),
})  # fmt: skip


class _Server:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self.port = 0

    async def handle_DATA(self, _: object, __: object, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's own name
        """Keep the letter."""
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=SMTP)
        assert isinstance(letter, EmailMessage)
        self.letters += [(to, letter) for to in envelope.rcpt_tos]
        return "250 taken"


Post = Callable[[], list[tuple[str, str, str]]]


@pytest.fixture
def post(storage: Storage) -> Iterator[Post]:
    """Lets the relay run, and returns what the server has got since: to whom, the subject, and the words."""
    server = _Server()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        server.port = int(found.getsockname()[1])
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    smtp = Smtp("127.0.0.1", server.port, sender="Lessons <no-reply@example.org>", security="none")
    relay = MessageRelay(storage, [smtp], _CONTACTS, domain="example.org")

    def posts() -> list[tuple[str, str, str]]:
        server.letters.clear()
        assert relay.run().troubles == ()
        return [(to.partition("@")[0], letter["Subject"], _words(letter)) for to, letter in server.letters]

    try:
        yield posts
    finally:
        controller.stop()


def _words(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).replace("\u00a0", " ").split())


def test_itk_23_a_teacher_learns_of_a_new_request_on_the_platform_and_by_mail(
    open_market: Callable[..., Marketplace], post: Post
) -> None:
    """The request is among those that wait for the teacher; the mail has the deadline on the teacher's clock."""
    market, now = open_market(load_preset("italki")), instant("2026-03-27T18:00:00Z")
    market.top_up("ann", market.money("50.0", "ITC"), key="pay", now=now)
    asked = market.request(
        student="ann", tutor="tom", start=instant("2026-03-30T09:00:00Z"), duration=_HOUR, price="25.0", key="ask",
        now=now,
    ).or_raise()  # fmt: skip

    ((to, subject, words),) = post()

    assert asked.lesson is not None
    assert [lesson.id for lesson in market.open_requests("tom", now=now)] == [asked.lesson.id]
    assert to == "tom"
    assert "Ann" in subject
    # 48 hours later; the clocks of Berlin have gone forward since.
    assert "Sonntag, 29. März 2026, 20:00 (UTC+02:00, Berlin)" in words


@pytest.fixture
def school(storage: Storage, open_market: Callable[..., Marketplace]) -> Marketplace:
    """The school, where pat may ask for sessions of kim's."""
    open_market(load_preset("educai"))
    market = Marketplace(storage, [load_preset("educai")], zone="Europe/London")
    market.add_party("pat", zone="Europe/London", permissions=["can_request_sessions"])
    market.add_party("kim", zone="Europe/London")
    market.add_party("tara", zone="Europe/London")
    market.add_party("ada", zone="Asia/Tokyo", grants=["admin"])
    return market


_WEDNESDAY = instant("2026-06-10T08:00:00Z")


def _ask(school: Marketplace) -> str:
    asked = school.request(
        student="kim", tutor="tara", by="pat", start=instant("2026-06-15T08:00:00Z"), duration=_HOUR, price="30.00",
        key="ask", now=_WEDNESDAY,
    ).or_raise()  # fmt: skip
    assert asked.lesson is not None
    return asked.lesson.id


def test_edu_4_tutor_and_parent_get_a_mail_about_a_request(school: Marketplace, post: Post) -> None:
    """Both are written to, the parent as who has asked and the tutor as who is to respond, and by when."""
    _ask(school)

    letters = {to: (subject, words) for to, subject, words in post()}

    until = "Saturday, June 13, 2026, 09:00 (UTC+01:00, London)"  # 72 hours later, before the day of the session.
    assert set(letters) == {"pat", "tara"}
    assert letters["pat"][0].startswith("You have requested a lesson.")
    assert letters["tara"][0].startswith("Pat has requested a lesson.")
    assert all(until in words for _, words in letters.values())


@pytest.mark.parametrize("who", ["tara", "ada"])
def test_edu_7_a_parent_sees_the_answer_in_a_mail_and_in_the_portal(school: Marketplace, post: Post, who: str) -> None:
    """Whoever answers, tutor or admin: a refusal comes with its reason, and the list of sessions says the same."""
    lesson = _ask(school)
    post()
    school.decline(lesson, by=who, reason="on holiday", key="no", now=_WEDNESDAY + _HOUR).or_raise()

    letters = {to: words for to, _, words in post()}

    assert "on holiday" in letters["pat"]
    assert "declined" in letters["pat"]
    assert school.lesson(lesson, now=_WEDNESDAY + _HOUR).state == "declined"
    assert [each.id for each in school.lessons("pat", now=_WEDNESDAY + _HOUR)] == [lesson]
