"""A log of notices, by the standard library's logging: for development, and as a record of who was told what.

What is logged is the short line that the recipient would see on a phone; it may name people.
"""

from __future__ import annotations

import logging
from typing import Final

import attrs

from tutorcore.adapters.plain_text import one_line
from tutorcore.errors import InvalidType
from tutorcore.ports.notifications import Notice

_SENTENCE: Final = "notice %s (%s, lesson %s, version %d): %s"


def _logger(value: logging.Logger | str) -> logging.Logger:
    if isinstance(value, str):
        return logging.getLogger(value)
    if not isinstance(value, logging.Logger):
        raise InvalidType("logger", value, "a logging.Logger, or the name of one")
    return value


@attrs.frozen
class Log:
    """A notifier that writes one line to a logger, given by itself or by name, at `level`.

    >>> Log("lessons.notices").logger
    <Logger lessons.notices (WARNING)>
    """

    logger: logging.Logger = attrs.field(converter=_logger)
    level: int = attrs.field(default=logging.INFO, kw_only=True)
    name: str = attrs.field(default="log", kw_only=True)

    def reaches(self, notice: Notice) -> bool:
        """Whether it is logged: every notice is."""
        return True

    def send(self, notice: Notice) -> None:
        """Write the line. It arrives as far as logging is concerned: handlers keep their troubles to themselves."""
        line = one_line(notice.short)
        self.logger.log(self.level, _SENTENCE, notice.key, notice.kind, notice.lesson, notice.number, line)
