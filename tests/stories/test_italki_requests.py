"""Asking, answering and counter-offers: ITK-3 to ITK-6, ITK-8 and ITK-9, on every side of every deadline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, Preview, UnknownName, instant

Ask = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Edge = tuple[timedelta, bool]

_WALLET = "Liabilities:Students:Ann:Wallet"

# Forty-eight hours are forty-eight elapsed hours, whatever the clocks on the wall do meanwhile.
_ASKED_AND_DUE = [
    # Berlin springs forward on 29 March: 10:00 +01:00 on the 28th, 11:00 +02:00 on the 30th.
    pytest.param("2026-03-28T09:00:00Z", "2026-03-30T09:00:00Z", id="spring in Berlin"),
    # New York springs forward on 8 March: 10:00 -05:00 on the 7th, 11:00 -04:00 on the 9th.
    pytest.param("2026-03-07T15:00:00Z", "2026-03-09T15:00:00Z", id="spring in New York"),
    # Berlin falls back on 25 October: 10:00 +02:00 on the 24th, 09:00 +01:00 on the 26th.
    pytest.param("2026-10-24T08:00:00Z", "2026-10-26T08:00:00Z", id="autumn in Berlin"),
    # New York falls back on 1 November: 10:00 -04:00 on the 31st, 09:00 -05:00 on the 2nd.
    pytest.param("2026-10-31T14:00:00Z", "2026-11-02T14:00:00Z", id="autumn in New York"),
]


def _answer(market: Marketplace, lesson: Lesson, verb: str, at: str | None = None, **when: object) -> Outcome:
    raise NotImplementedError
