"""What a marketplace answers to a command: always a value, in every case."""

from __future__ import annotations

import attrs

from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.refusals import Refusal, Refused


@attrs.frozen
class Outcome:
    """The answer to a command.

    `lesson` is where the lesson stood after it (None for a command about no lesson, or about one that was never
    asked for), `versions` are those that it brought the lesson, overdue timeouts first; `refusal` says why nothing was
    done. `repeated` tells that the key had been answered before and that nothing was changed now.
    """

    lesson: Lesson | None
    versions: tuple[Lesson, ...] = ()
    refusal: Refusal | None = None
    repeated: bool = False

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.refusal is None

    def or_raise(self) -> Outcome:
        """Return this outcome, or raise `Refused` if it is a refusal.

        Raise outside the transaction that must keep the audit line and the key: an exception that leaves it takes
        them back.
        """
        if self.refusal is not None:
            raise Refused(self.refusal)
        return self
