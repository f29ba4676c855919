"""Keyed draws: the same name gives the same number, and other names give others, evenly spread."""

from __future__ import annotations

import pytest

from tutorcore.sim.draws import Draws


def test_a_draw_is_the_same_everywhere() -> None:
    """These numbers are part of what a seed means: they never change."""
    assert Draws(7, 1).two("L000001", "turn:tutor", 1) == (0.2611562095184984, 0.17000874071858318)
    assert Draws(7, 1).eight("L000001", "request")[:2] == (0.3397122456648022, 0.0033110497773539693)


def test_the_first_two_of_eight_are_the_two() -> None:
    """However many numbers of a name are asked for, they are the same ones."""
    draws = Draws(0, 3)

    assert draws.eight("S1", "zone")[:2] == draws.two("S1", "zone")


def test_the_order_of_drawing_does_not_matter() -> None:
    """A draw depends on its name alone, not on what was drawn before."""
    first, second = Draws(7, 1), Draws(7, 1)
    forward = [first.two(f"L{number}", "gap") for number in range(20)]
    backward = [second.two(f"L{number}", "gap") for number in reversed(range(20))]

    assert forward == backward[::-1]


@pytest.mark.parametrize(
    "other",
    [
        Draws(8, 1).two("L1", "act", 1),
        Draws(7, 2).two("L1", "act", 1),
        Draws(7, 1).two("L2", "act", 1),
        Draws(7, 1).two("L1", "turn", 1),
        Draws(7, 1).two("L1", "act", 2),
    ],
    ids=["seed", "replication", "entity", "purpose", "number"],
)
def test_every_part_of_a_name_counts(other: tuple[float, float]) -> None:
    """Another seed, replication, entity, purpose or number is another draw."""
    assert Draws(7, 1).two("L1", "act", 1) != other


def test_parts_of_a_name_do_not_run_into_each_other() -> None:
    """`L1` with `1act` is not `L11` with `act`, nor replication 11 of seed 1 replication 1 of seed 11."""
    assert Draws(7, 1).two("L1", "1act") != Draws(7, 1).two("L11", "act")
    assert Draws(1, 11).two("L1", "act") != Draws(11, 1).two("L1", "act")


def test_draws_are_spread_evenly() -> None:
    """Of many draws each tenth holds about a tenth, all lie strictly between 0 and 1, and the two are unrelated."""
    draws = [Draws(7, 1).two("L1", "even", number) for number in range(5000)]
    tenths = [0] * 10
    for first, _ in draws:
        assert 0 < first < 1
        tenths[int(first * 10)] += 1
    related = sum((first - 0.5) * (second - 0.5) for first, second in draws) / len(draws)

    assert all(400 < count < 600 for count in tenths)
    assert abs(related) < 0.005
