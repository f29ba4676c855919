from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.calendar.intervals import Index, Span, clipped, crowded, gaps, joined, without
from tutorcore.calendar.zones.segments import Segment, offset_at, project, wall_range

_POINTS = st.integers(0, 30)
_SPANS = st.lists(st.tuples(_POINTS, _POINTS), max_size=8)
_SETS = _SPANS.map(joined)


def _points(spans: list[Span]) -> set[int]:
    return {point for start, end in spans for point in range(start, end)}


def _is_set(spans: list[Span]) -> bool:
    edges = [edge for span in spans for edge in span]
    return edges == sorted(set(edges))


@given(spans=_SPANS)
def test_joined_spans_are_the_points_in_any_of_them(spans: list[Span]) -> None:
    """Joining keeps every point, adds none, and leaves spans in order that neither overlap nor touch."""
    found = joined(spans)

    assert _points(found) == _points(spans)
    assert _is_set(found)


@given(spans=_SETS, lo=_POINTS, hi=_POINTS)
def test_gaps_and_the_clipped_set_share_a_range_between_them(spans: list[Span], lo: int, hi: int) -> None:
    """Of any range, a point is either in the clipped set or in its gaps."""
    inside, outside = clipped(spans, lo, hi), gaps(spans, lo, hi)

    assert _points(inside) == _points(spans) & set(range(lo, hi))
    assert _points(outside) == set(range(lo, hi)) - _points(spans)
    assert lo > hi or (_is_set(inside) and _is_set(outside))


@given(spans=_SETS, holes=_SETS)
def test_without_leaves_what_is_in_the_first_set_only(spans: list[Span], holes: list[Span]) -> None:
    """A difference of sets of spans is the difference of their points."""
    found = without(spans, holes)

    assert _points(found) == _points(spans) - _points(holes)
    assert _is_set(found)


@given(spans=_SPANS, most=st.integers(1, 4))
def test_it_is_crowded_where_so_many_overlap(spans: list[Span], most: int) -> None:
    """A point is in the crowded set if and only if it lies in at least so many of the spans."""
    found = crowded(spans, most)

    points = range(31)
    there = {point: sum(start <= point < end for start, end in spans) for point in points}
    assert _points(found) == {point for point in points if there[point] >= most}
    assert _is_set(found)


@example(spans=[(0, 20), (1, 1)], lo=10, length=1)  # The second is over, though one that began before it is not.
@given(spans=st.lists(st.tuples(_POINTS, st.integers(1, 20)), max_size=12), lo=_POINTS, length=st.integers(1, 10))
def test_an_index_finds_what_shares_a_point(spans: list[tuple[int, int]], lo: int, length: int) -> None:
    """A look-up yields every thing that meets the span and no other, by start, end and the order given."""
    things = [(start, start + size, number) for number, (start, size) in enumerate(spans)]
    index = Index(things, lambda thing: thing[:2])

    found = list(index.meeting(lo, lo + length))

    assert found == sorted(thing for thing in things if set(range(*thing[:2])) & set(range(lo, lo + length)))


@given(
    factors=st.tuples(st.integers(1, 3_000), st.integers(1, 40)), lo=st.integers(0, 3_000), length=st.integers(1, 60)
)
def test_an_index_finds_the_same_among_many(factors: tuple[int, int], lo: int, length: int) -> None:
    """However many things are passed over by the block, what meets the span is found, and in the same order."""
    spread, sizes = factors
    starts = [number * spread % 3_001 for number in range(1_100)]
    things = [(start, start + 1 + number * sizes % 41, number) for number, start in enumerate(starts)]
    things.append((0, 2_500, -1))  # One is long.
    index = Index(things, lambda thing: thing[:2])

    found = list(index.meeting(lo, lo + length))

    assert found == sorted(thing for thing in things if thing[0] < lo + length and thing[1] > lo)


@given(
    wall=_SETS,
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    offsets=st.lists(st.integers(-6, 6), min_size=4, max_size=4),
)
def test_projecting_keeps_the_instants_that_show_a_wall_time(
    wall: list[Span], lengths: list[int], offsets: list[int]
) -> None:
    """Through any segments, an instant is in the projection if and only if it shows a time of the set."""
    edges = [sum(lengths[:count]) for count in range(len(lengths) + 1)]
    parts = [Segment(*span) for span in zip(edges, edges[1:], offsets, strict=False)]

    found = project(wall, parts)

    assert _points(found) == {at for at in range(edges[-1]) if at + offset_at(parts, at) in _points(wall)}
    assert _is_set(found)
    lo, hi = wall_range(parts)
    assert all(lo <= at + offset_at(parts, at) < hi for at in range(edges[-1]))
