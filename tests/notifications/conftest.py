"""Servers of the tests' own, on this machine: a mail server, an endpoint, and one that says what it is told to say."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import attrs
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tutorcore.ports.notifications import Notice
from tutorcore.testing.notifications import sample_notice


@pytest.fixture
def notice() -> Notice:
    """A notice to Ann, with an invitation."""
    return sample_notice(17, method="REQUEST")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who vouches for the servers of the tests: made anew for each run, and trusted by nobody else."""
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """What trusts the servers of the tests."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def serving(authority: trustme.CA) -> ssl.SSLContext:
    """What the servers of the tests secure their connections by."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@attrs.define
class Mailroom:
    """What a mail server says at each step, and the letters that it took. Without a reply it takes everything.

    At the steps of `hangs` it says nothing more, at those of `drops` it hangs up; both after it has taken the letter,
    where the step is `DATA`. The addresses in `unknown` are mailboxes that it does not have.
    """

    replies: dict[str, str] = attrs.field(factory=dict)
    hangs: set[str] = attrs.field(factory=set)
    drops: set[str] = attrs.field(factory=set)
    unknown: set[str] = attrs.field(factory=set)
    passwords: dict[bytes, bytes] = attrs.field(factory=dict)
    letters: list[Envelope] = attrs.field(factory=list)
    secured: list[bool] = attrs.field(factory=list)
    greeted_as: list[str | None] = attrs.field(factory=list)
    port: int = 0

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's own name
        self, server: SMTP, session: Session, _: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        """Greet back."""
        session.host_name = name
        await self._trouble("EHLO", server)
        return replies

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802  # aiosmtpd's own name
        """Take the sender, or not."""
        await self._trouble("MAIL", server)
        if "MAIL" not in self.replies:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:  # noqa: N802  # aiosmtpd's own name
        """Take the recipient, or not."""
        await self._trouble("RCPT", server)
        if address in self.unknown:
            return "550 no such user"
        if "RCPT" not in self.replies:
            envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's own name
        """Take the letter, or not."""
        assert server.transport is not None
        if "DATA" not in self.replies:
            self.letters.append(envelope)
            self.secured.append(server.transport.get_extra_info("ssl_object") is not None)
            self.greeted_as.append(session.host_name)
        await self._trouble("DATA", server)
        return self.replies.get("DATA", "250 taken")

    async def handle_QUIT(self, server: SMTP, _: Session, __: Envelope) -> str:  # noqa: N802  # aiosmtpd's own name
        """Take leave, or not."""
        await self._trouble("QUIT", server)
        return self.replies.get("QUIT", "221 Bye")

    def knows(self, _: SMTP, __: Session, ___: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        """Whether it is somebody who may send."""
        success = self.passwords.get(data.login) == data.password
        return AuthResult(success=success, handled=success)

    async def _trouble(self, step: str, server: SMTP) -> None:
        if step in self.drops:
            assert server.transport is not None
            server.transport.close()
        if step in self.hangs:
            await asyncio.Event().wait()


OpenMailroom = Callable[..., Mailroom]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _mail_server(room: Mailroom, **settings: Any) -> Iterator[Mailroom]:
    room.port = _free_port()
    server = Controller(room, hostname="127.0.0.1", port=room.port, ident="test", **settings)
    server.start()
    try:
        yield room
    finally:
        server.stop()


@pytest.fixture
def open_mailroom(serving: ssl.SSLContext) -> Iterator[OpenMailroom]:
    """Opens a mail server: plain, with STARTTLS, or secured from the first byte."""
    with ExitStack() as servers:

        def opens(security: str = "none", *, smtputf8: bool = False, **troubles: object) -> Mailroom:
            room = Mailroom(**troubles)  # type: ignore[arg-type]  # the fields of a Mailroom
            settings: dict[str, Any] = {"enable_SMTPUTF8": smtputf8}
            if security == "tls":
                settings["ssl_context"] = serving
            if security == "starttls":
                settings |= {"tls_context": serving, "require_starttls": True}
            if room.passwords:
                settings |= {
                    "authenticator": room.knows,
                    "auth_required": True,
                    "auth_require_tls": security == "starttls",
                }
            return servers.enter_context(_mail_server(room, **settings))

        yield opens


@attrs.define
class Endpoint:
    """An endpoint of webhooks: what it answers, and what it got."""

    status: int = 204
    headers: dict[str, str] = attrs.field(factory=dict)
    got: list[tuple[str, dict[str, str], bytes]] = attrs.field(factory=list)
    url: str = ""


OpenEndpoint = Callable[..., Endpoint]


@pytest.fixture
def open_endpoint(serving: ssl.SSLContext) -> Iterator[OpenEndpoint]:
    """Opens an endpoint, secured or not."""
    with ExitStack() as servers:

        def opens(status: int = 204, *, secured: bool = False, **headers: str) -> Endpoint:
            endpoint = Endpoint(status, {name.replace("_", "-"): value for name, value in headers.items()})
            return servers.enter_context(_endpoint(endpoint, serving if secured else None))

        yield opens


@contextmanager
def _endpoint(endpoint: Endpoint, tls: ssl.SSLContext | None) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.got.append((self.path, dict(self.headers.items()), body))
            self.send_response(endpoint.status)
            for name, value in endpoint.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    endpoint.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/hooks?token=1"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


OpenTalker = Callable[..., int]


@pytest.fixture
def open_talker() -> Iterator[OpenTalker]:
    """Opens a server that takes one connection and sends what it is told to, a byte every so often, for ever or not."""
    with ExitStack() as servers:

        def opens(says: bytes = b"", *, then: bytes = b"", hangs_up: bool = False) -> int:
            return servers.enter_context(_talker(says, then, hangs_up))

        yield opens


@contextmanager
def _talker(says: bytes, then: bytes, hangs_up: bool) -> Iterator[int]:
    is_over = Event()

    def talk() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.sendall(says)
                while not hangs_up and not is_over.wait(0.05):
                    connection.sendall(then)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=talk)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            is_over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()
