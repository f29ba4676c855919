"""The collector of cyclic garbage, at rest while a run is made.

A run keeps some hundred objects for each lesson until it is over and makes no cycles among them: a collector that looks
through all of them again and again finds nothing, and takes a fifth of the time. What is no longer needed is freed as
always, by its references. The collector belongs to the whole process, so other threads go without it for that long.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Within the block, let the collector rest; afterwards it is on if it was on before."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
