"""Does what it is told on standard input, a line of JSON each, at the very moment it is told to.

Moments are readings of the monotonic clock, which all processes of a machine share; waiting for one is spinning, so
that children begin within microseconds of each other.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from operator import attrgetter
from pathlib import Path
from time import monotonic
from typing import Any

from tutorcore import Marketplace, Outcome, Swept, TutorcoreError, instant, load_policy, open_sqlite
from tutorcore.policy.settlement import Settlement
from tutorcore.testing.plain import plain_lesson, plain_refusal


def main(path: str) -> None:
    """Carry out orders until there are none any more."""
    with open_sqlite(path, busy_timeout=timedelta(seconds=60)) as storage:
        policy = load_policy(Path(__file__).with_name("lenient.toml").read_text(encoding="utf-8"))
        market = Marketplace(storage, [policy], zone="Asia/Tokyo")
        _say("ready")
        for line in sys.stdin:
            _say(json.dumps(_done(market, json.loads(line))))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _done(market: Marketplace, job: dict[str, Any]) -> dict[str, object]:
    do, at, arguments = job.pop("do"), job.pop("at"), _arguments(market, job)
    while monotonic() < at:
        pass
    began = monotonic()
    try:
        answer = _plain(attrgetter(do)(market)(**arguments))
    except TutorcoreError as error:
        answer = {"code": type(error).__name__, "error": str(error)}
    return {**answer, "began": began, "ended": monotonic()}


def _arguments(market: Marketplace, job: dict[str, Any]) -> dict[str, Any]:
    if "amount" in job:
        job["amount"] = market.money(job["amount"], "ITC")
    if "minutes" in job:
        job["duration"] = timedelta(minutes=job.pop("minutes"))
    if "split" in job:
        job["split"] = Settlement.of(job["split"])
    for name in ("now", "start"):
        if name in job:
            job[name] = instant(job[name])
    return job


def _plain(answer: Outcome | Swept) -> dict[str, object]:
    if isinstance(answer, Swept):
        return {"code": "ok", "timeouts": answer.timeouts}
    return {
        "code": "ok" if answer.refusal is None else answer.refusal.code,
        "repeated": answer.repeated,
        "answer": repr((plain_refusal(answer.refusal), answer.lesson and plain_lesson(answer.lesson))),
        "versions": len(answer.versions),
    }


main(sys.argv[1])
