"""Bounded time: a connection that is cut when its time is over, however slowly the other side talks.

The time-out of a socket counts from the last byte. A server that sends one now and then keeps its caller for ever; here
the connection is cut instead, and whoever waits for it sees it end. Looking up the host's addresses cannot be cut, nor
can connecting, which has that much time for each of them.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from ssl import SSLContext
from threading import Lock, Timer
from typing import Final

import attrs

from tutorcore.errors import InvalidType, InvalidValue

_LONGEST: Final = timedelta(minutes=10)
_NOTHING: Final = timedelta(0)


def some_time(_self: object, field: attrs.Attribute[timedelta], value: timedelta) -> None:
    """Refuse what is no time that a call may take: an attrs validator."""
    if not isinstance(value, timedelta):
        raise InvalidType(field.name, value, "a timedelta")
    if not _NOTHING < value <= _LONGEST:
        raise InvalidValue(field.name, str(value), f"more than nothing, up to {_LONGEST}")


@contextmanager
def bounded(limit: timedelta) -> Iterator[Bounds]:
    """Give the block that much time for its connections; what they wait for afterwards raises some `OSError`."""
    bounds = Bounds(limit)
    timer = Timer(limit.total_seconds(), bounds.cut)
    timer.daemon = True
    timer.start()
    try:
        yield bounds
    finally:
        timer.cancel()
        bounds.let_go()


class Bounds:
    """The time that a conversation has, and a second handle on its connections by which they can be cut."""

    def __init__(self, limit: timedelta) -> None:
        self._limit = limit
        self._lock = Lock()
        self._handles = list[socket.socket]()
        self._is_over = False

    def connect(self, host: str, port: int, tls: SSLContext | None = None) -> socket.socket:
        """Return a connection to that host, secured if `tls` says how; raise `OSError` if there is none in time."""
        connection = socket.create_connection((host, port), self._limit.total_seconds())
        try:
            self._keep(connection)
            return connection if tls is None else tls.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise

    def cut(self) -> None:
        """Cut every connection; none is made any more."""
        with self._lock:
            self._is_over = True
            for handle in self._handles:
                with suppress(OSError):  # The other side was first.
                    handle.shutdown(socket.SHUT_RDWR)

    def let_go(self) -> None:
        """Close the handles. The connections themselves belong to whoever asked for them."""
        with self._lock:
            self._is_over = True
            while self._handles:
                self._handles.pop().close()

    def _keep(self, connection: socket.socket) -> None:
        with self._lock:
            if self._is_over:
                raise TimeoutError("timed out")
            # Securing a connection takes its first handle away; another one still reaches it.
            self._handles.append(connection.dup())
