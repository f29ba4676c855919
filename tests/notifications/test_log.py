from __future__ import annotations

import logging

import attrs
import pytest

from tutorcore.adapters.notifications.log import Log
from tutorcore.errors import InvalidType
from tutorcore.ports.notifications import Contact, Notice, Notifier
from tutorcore.testing.notifications import NotifierContract


def test_a_notice_is_one_line(caplog: pytest.LogCaptureFixture, notice: Notice) -> None:
    """It says which notice, about what, and what the recipient would see on a phone."""
    with caplog.at_level(logging.INFO, "lessons"):
        Log("lessons").send(attrs.evolve(notice, short="Agreed:\r\nMonday\x1b[2J 100 %s"))

    (record,) = caplog.records
    assert (record.name, record.levelname) == ("lessons", "INFO")
    assert record.getMessage() == "notice 17:ann (told, lesson L1, version 17): Agreed: Monday[2J 100 %s"


def test_the_level_can_be_chosen(caplog: pytest.LogCaptureFixture, notice: Notice) -> None:
    """A log for development only may be at DEBUG."""
    with caplog.at_level(logging.INFO, "lessons"):
        Log(logging.getLogger("lessons"), level=logging.DEBUG).send(notice)

    assert caplog.records == []


def test_everybody_is_logged(notice: Notice) -> None:
    """It needs nobody's address."""
    assert Log("lessons").reaches(attrs.evolve(notice, to=Contact(name="Ann")))


def test_a_logger_is_given_by_itself_or_by_name() -> None:
    """Anything else is refused by its type."""
    assert Log("lessons") == Log(logging.getLogger("lessons"))
    with pytest.raises(InvalidType):
        Log(None)  # type: ignore[arg-type]  # on purpose


class TestContract(NotifierContract):
    """What the port asks of every notifier."""

    def make_notifier(self) -> Notifier:
        return Log("lessons")
