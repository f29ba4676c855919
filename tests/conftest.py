"""Hypothesis profiles: `fast` while writing, `ci` on every change, `night` for a long search.

HYPOTHESIS_PROFILE chooses one; without it CI=true means `ci` and everything else `fast`. Under CI examples are
derandomised: a change is judged by the same examples every time, so a failure is the change's own. New examples are
found by `night` and by every local run, and whatever they find becomes an ordinary test.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_IN_CI = os.environ.get("CI") == "true"

# No deadline and no `too_slow`: both judge the machine, and a busy one would fail a sound property.
_COMMON = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("fast", _COMMON, max_examples=30, stateful_step_count=20, derandomize=_IN_CI)
settings.register_profile("ci", _COMMON, max_examples=60, stateful_step_count=30, derandomize=True)
settings.register_profile("night", _COMMON, max_examples=5_000, stateful_step_count=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if _IN_CI else "fast"))
