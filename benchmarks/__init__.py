"""Measurements against peers and against the simplest thing that could work, as ratios in one run.

Run with `python -m benchmarks` from the project's root; README.md says what the numbers mean.
"""
