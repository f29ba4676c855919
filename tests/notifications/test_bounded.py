from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore.adapters.notifications.bounded import bounded


def test_when_the_time_is_over_what_waits_is_cut(open_talker: Callable[..., int]) -> None:
    """Whoever reads from the connection sees it end, long before its own time-out."""
    port = open_talker()

    with bounded(timedelta(minutes=1)) as bounds, bounds.connect("127.0.0.1", port) as connection:
        bounds.cut()

        assert connection.recv(1) == b""


def test_when_the_time_is_over_nothing_begins(open_talker: Callable[..., int]) -> None:
    """A connection that is made too late is closed at once."""
    port = open_talker()

    with bounded(timedelta(minutes=1)) as bounds:
        bounds.cut()

        with pytest.raises(TimeoutError):
            bounds.connect("127.0.0.1", port)


def test_a_connection_outlives_its_bounds(open_talker: Callable[..., int]) -> None:
    """It belongs to whoever asked for it; only the second handle on it is closed."""
    port = open_talker(b"x")

    with bounded(timedelta(minutes=1)) as bounds:
        connection = bounds.connect("127.0.0.1", port)
    bounds.cut()

    with connection:
        assert connection.recv(1) == b"x"


def test_the_other_side_may_have_been_first(open_talker: Callable[..., int]) -> None:
    """Cutting what has ended already is harmless."""
    port = open_talker(hangs_up=True)

    with bounded(timedelta(minutes=1)) as bounds, bounds.connect("127.0.0.1", port) as connection:
        assert connection.recv(1) == b""
        connection.shutdown(socket.SHUT_RDWR)
        bounds.cut()
        bounds.cut()
