"""Properties of random expressions: texts round-trip, and closures agree with a slow interpreter that shares no code.

The interpreter walks the tree anew for every evaluation, knows nothing of shapes, and turns calendars by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import hypothesis.strategies as st
from hypothesis import given

from tutorcore.calendar.zones.wall_time import zone
from tutorcore.policy.analysis import (
    anchors_read,
    counts_read,
    holds_until,
    may_be_absent,
    needs_zone,
    reads_command,
    reads_proposed,
    supplied_read,
)
from tutorcore.policy.closures import compile_deadline, compile_guard, compile_time
from tutorcore.policy.expressions import (
    ANCHORS_OF,
    FIELDS,
    OPERATORS,
    PLAIN_ANCHORS,
    Always,
    Amount,
    Anchor,
    And,
    AtTime,
    Calendar,
    Comparison,
    Count,
    Earliest,
    Elapsed,
    EndOfDay,
    Exact,
    Expression,
    Field,
    Guard,
    Has,
    If,
    Latest,
    Met,
    Not,
    Number,
    Or,
    Portion,
    Restricted,
    Shift,
    StartOfDay,
    Supplied,
    Taught,
    Text,
    Time,
    depth,
)
from tutorcore.policy.parsing import parse_duration, parse_guard, parse_time
from tutorcore.policy.restrictions import RESTRICTIONS

BERLIN = "Europe/Berlin"
WORDS = ("agreed", "accept", "student")

exact_durations = st.builds(Exact, st.integers(0, 80), st.integers(0, 90), st.integers(0, 90))
calendar_durations = st.builds(Calendar, st.integers(0, 2), st.integers(0, 2), st.integers(0, 9))
portions = st.builds(
    lambda numerator, denominator: Portion(Fraction(min(numerator, denominator), denominator)),
    st.integers(0, 120),
    st.integers(1, 120),
)
durations = exact_durations | calendar_durations | portions
anchors_of = st.builds(Anchor, st.sampled_from(sorted(ANCHORS_OF)), st.sampled_from(WORDS))
counts = st.builds(
    Count,
    st.sampled_from(("late_cancel", "no_show")),
    st.sampled_from(("student", "tutor")),
    st.none() | exact_durations | calendar_durations,
)
taught = st.builds(Taught, st.sampled_from(("student", "tutor")), st.none() | exact_durations | calendar_durations)
short_durations = st.builds(Exact, seconds=st.integers(0, 6))
supplied: st.SearchStrategy[Supplied] = st.one_of(
    st.builds(Has, st.sampled_from(("student", "tutor")), st.sampled_from(("quick", "meeting_provider"))),
    st.builds(Restricted, st.sampled_from(("tutor", "payer")), st.sampled_from(RESTRICTIONS)),
    st.permutations(("student", "tutor", "payer")).map(lambda roles: Met(*roles[:2])),
)


def fields(kind: str) -> st.SearchStrategy[Field]:
    """Generate the fields of one kind."""
    return st.sampled_from([Field(name) for name in FIELDS if FIELDS[name] == kind])


def times(levels: int, *, in_guard: bool) -> st.SearchStrategy[Time]:
    """Generate times of a few levels; outside of guards they do not name the present."""
    plain = [name for name in PLAIN_ANCHORS if name != "deadline" and (in_guard or name != "now")]
    leaves: st.SearchStrategy[Time] = st.builds(Anchor, st.sampled_from(plain)) | anchors_of
    if levels == 0:
        return leaves
    inner = times(levels - 1, in_guard=in_guard)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        leaves,
        st.builds(Shift, inner, st.sampled_from(("+", "-")), durations),
        st.builds(Earliest, several),
        st.builds(Latest, several),
        st.builds(StartOfDay, inner),
        st.builds(EndOfDay, inner),
        st.builds(AtTime, inner, st.integers(0, 23), st.integers(0, 59)),
        st.builds(If, guards(levels - 1), inner, inner),
    )


def comparisons(levels: int) -> st.SearchStrategy[Comparison]:
    """Generate comparisons of every two kinds that may be compared."""
    ops = st.sampled_from(OPERATORS)
    inner = times(levels, in_guard=True)
    elapsed = st.builds(Elapsed, inner, inner) | st.just(Field("notice"))
    amounts = st.builds(lambda minor: Amount(Decimal(minor).scaleb(-2)), st.integers(0, 5000))
    numbers = st.builds(Number, st.integers(0, 6))
    texts = st.builds(Text, st.sampled_from(("trial", "ill", "", "a - b")))
    same = st.sampled_from(("==", "!="))
    return st.one_of(
        st.builds(Comparison, inner, ops, inner),
        st.builds(Comparison, elapsed, ops, durations | elapsed | fields("duration")),
        st.builds(Comparison, durations, ops, elapsed),
        st.builds(Comparison, fields("duration"), ops, exact_durations | portions | elapsed),
        st.builds(Comparison, portions, ops, exact_durations | portions),
        st.builds(Comparison, fields("money"), ops, amounts | fields("money")),
        st.builds(Comparison, amounts, ops, fields("money")),
        st.builds(Comparison, counts | fields("count"), ops, numbers | counts),
        st.builds(Comparison, numbers, ops, counts | fields("count")),
        st.builds(Comparison, taught, ops, short_durations),
        st.builds(Comparison, short_durations, ops, taught),
        st.builds(Comparison, fields("text"), same, texts | fields("text")),
        st.builds(Comparison, texts, same, fields("text")),
    )


def guards(levels: int) -> st.SearchStrategy[Guard]:
    """Generate guards of a few levels."""
    leaves: st.SearchStrategy[Guard] = comparisons(max(levels - 1, 0)) | supplied | st.just(Always())
    if levels == 0:
        return leaves
    inner = guards(levels - 1)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(leaves, st.builds(And, several), st.builds(Or, several), st.builds(Not, inner))


deadlines = times(2, in_guard=False)
conditions = guards(2)


@attrs.frozen
class Terms:
    start: datetime
    end: datetime
    price: int
    kind: str


@attrs.frozen
class Brief:
    created: datetime
    zone: str


@attrs.frozen
class Particulars:
    blamed: str | None
    remedy: str | None


@attrs.frozen
class Command:
    reason: str
    particulars: Particulars | None


@attrs.frozen
class Facts:
    counts: Mapping[str, int]
    has: frozenset[str]


@attrs.frozen
class World:
    """Everything that an expression can read, in the order of the closures' signature."""

    now: datetime
    terms: Terms
    offer: Terms | None
    rounds: int
    timeline: Mapping[str, datetime]
    brief: Brief
    command: Command | None
    counts: Callable[[str], int]
    has: frozenset[str]

    def arguments(self, *exprs: Expression) -> tuple[Any, ...]:
        counts = {
            str(term): self.counts(str(term)) * (10**6 if isinstance(term, Taught) else 1)
            for expr in exprs
            for term in counts_read(expr)
        }
        return (
            self.now,
            self.terms,
            self.offer,
            self.rounds,
            self.timeline,
            self.brief,
            self.command,
            Facts(counts, self.has) if counts or self.has else None,
        )


# Few instants, close to each other and to both changes of 2026, so that ties and boundaries are common.
instants = st.builds(
    lambda day, half_hours, micros: day + timedelta(minutes=30 * half_hours) + micros,
    st.sampled_from(
        [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 28), (3, 29), (10, 24), (10, 25), (10, 26))]
    ),
    st.integers(0, 47),
    st.sampled_from((timedelta(0), timedelta(0), timedelta(microseconds=1))),
)
terms = st.builds(
    lambda start, minutes, price, kind: Terms(start, start + timedelta(minutes=minutes), price, kind),
    instants,
    st.sampled_from((30, 50, 60, 90)),
    st.integers(0, 5000),
    st.sampled_from(("trial", "")),
)
timelines = st.builds(
    lambda always, sometimes: always | sometimes,
    st.fixed_dictionaries({"asked": instants, "entered": instants}),
    st.dictionaries(
        st.sampled_from(["lesson.first_start", *(f"{name}({word})" for name in ANCHORS_OF for word in WORDS)]),
        instants,
    ),
)
worlds = st.builds(
    World,
    instants,
    terms,
    st.none() | terms,
    st.integers(0, 6),
    timelines,
    st.builds(Brief, instants, st.sampled_from((BERLIN, "UTC", "America/New_York"))),
    st.none()
    | st.builds(
        Command,
        st.sampled_from(("ill", "")),
        st.none() | st.builds(Particulars, *2 * (st.sampled_from((None, "trial", "ill")),)),
    ),
    st.integers(0, 6).map(lambda base: lambda key: (base + len(key)) % 7),
    st.frozensets(supplied.map(str)),
)
dated_sets = st.frozensets(st.sampled_from(("asked", "entered", "created", "did(accept)", "entered(agreed)")))


class Interpreter:
    """Evaluates a tree the slow way."""

    def __init__(self, world: World, dated: frozenset[str]) -> None:
        self.world = world
        self.dated = dated

    def value(self, node: Any) -> Any:
        match node:
            case Anchor():
                return self.anchor(node)
            case Shift(time=base, sign=sign, by=by):
                return self.shifted(self.value(base), 1 if sign == "+" else -1, by)
            case Earliest() | Latest():
                return self.winner(node)[0]
            case If(when=when, then=then, otherwise=otherwise):
                return self.value(then if self.holds(when) else otherwise)
            case StartOfDay(time=base):
                return self.on_day(self.value(base), 0, time(0))
            case EndOfDay(time=base):
                return self.on_day(self.value(base), 1, time(0))
            case AtTime(time=base, hour=hour, minute=minute):
                return self.on_day(self.value(base), 0, time(hour, minute))
            case Elapsed(until=until, since=since):
                return self.between(self.value(until), self.value(since))
            case Exact(hours=hours, minutes=minutes, seconds=seconds):
                return timedelta(seconds=3600 * hours + 60 * minutes + seconds)
            case Portion(share=share):
                length = self.world.terms.end - self.world.terms.start
                return timedelta(microseconds=int(share * (length // timedelta(microseconds=1))))
            case Count():
                return self.world.counts(str(node))
            case Taught():
                return timedelta(seconds=self.world.counts(str(node)))
            case Number(value=value) | Text(value=value):
                return value
            case Amount(value=value):
                return int(value * 100)
            case Field(name=name):
                return self.field(name)
        raise AssertionError(node)

    def anchor(self, node: Anchor) -> Any:
        world = self.world
        if str(node) in self.dated or node.name == "now":
            return world.now
        match node.name:
            case "created":
                return world.brief.created
            case "lesson.start" | "lesson.end":
                return getattr(world.terms, node.name[7:])
            case "lesson.first_start":
                return world.timeline.get("lesson.first_start") or world.terms.start
            case "proposed.start" | "proposed.end":
                return getattr(world.offer, node.name[9:], None)
        return world.timeline.get(str(node))

    def field(self, name: str) -> Any:
        world = self.world
        if name == "notice":
            return world.terms.start - world.now
        if name == "rounds":
            return world.rounds
        if name == "reason":
            return None if world.command is None else world.command.reason
        if name in ("blamed", "remedy"):
            return getattr(getattr(world.command, "particulars", None), name, None)
        whose, _, what = name.partition(".")
        found = world.terms if whose == "lesson" else world.offer
        if found is None:
            return None
        return found.end - found.start if what == "duration" else getattr(found, what)

    def between(self, until: datetime | None, since: datetime | None) -> timedelta | None:
        return None if until is None or since is None else until - since

    def shifted(self, base: datetime | None, sign: int, by: Any) -> Any:
        if base is None:
            return None
        if not isinstance(by, Calendar):
            return base + sign * self.value(by)
        local = base.astimezone(zone(self.world.brief.zone)).replace(tzinfo=None)
        month = local.year * 12 + local.month - 1 + sign * by.months
        first = date(month // 12, month % 12 + 1, 1)
        last = (date((month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        moved = first.replace(day=min(local.day, last)) + timedelta(days=sign * (7 * by.weeks + by.days))
        return base if moved == local.date() else self.resolved(datetime.combine(moved, local.time()))

    def on_day(self, base: datetime | None, days: int, clock: time) -> datetime | None:
        if base is None:
            return None
        day = base.astimezone(zone(self.world.brief.zone)).date() + timedelta(days=days)
        return self.resolved(datetime.combine(day, clock))

    def resolved(self, wall: datetime) -> datetime:
        """In the zones used here midnight always exists; in a gap, the offset before it gives the later wall time."""
        return wall.replace(tzinfo=zone(self.world.brief.zone), fold=0).astimezone(UTC)

    def winner(self, node: Time, first_leaf: int = 0) -> tuple[datetime | None, int]:
        """Return the instant and the number of the leaf that decided."""
        match node:
            case Earliest(terms=terms) | Latest(terms=terms):
                sign = 1 if isinstance(node, Earliest) else -1
                best: tuple[datetime | None, int] = (None, first_leaf)
                for term in terms:
                    found = self.winner(term, first_leaf)
                    if found[0] is not None and (best[0] is None or sign * (found[0] - best[0]) < timedelta(0)):
                        best = found
                    first_leaf += self.leaves(term)
                return best
            case If(when=when, then=then, otherwise=otherwise):
                if self.holds(when):
                    return self.winner(then, first_leaf)
                return self.winner(otherwise, first_leaf + self.leaves(then))
        return self.value(node), first_leaf

    def leaves(self, node: Time) -> int:
        match node:
            case Earliest(terms=terms) | Latest(terms=terms):
                return sum(map(self.leaves, terms))
            case If(then=then, otherwise=otherwise):
                return self.leaves(then) + self.leaves(otherwise)
        return 1

    def holds(self, guard: Any) -> bool:
        match guard:
            case And(parts=parts):
                return all(self.holds(part) for part in parts)
            case Or(parts=parts):
                return any(self.holds(part) for part in parts)
            case Not(guard=inner):
                return not self.holds(inner)
            case Comparison(left=left, op=op, right=right):
                return self.compared(left, op, right)
            case Has(role=role, permission=permission):
                return f"has({role}, {permission})" in self.world.has
            case Restricted(role=role, restriction=restriction):
                return f"restricted({role}, {restriction})" in self.world.has
            case Met(one=one, other=other):
                return f"met({one}, {other})" in self.world.has
        return True

    def compared(self, left: Any, op: str, right: Any) -> bool:
        if isinstance(left, Calendar):
            left, right, op = right, left, op.translate(str.maketrans("<>", "><"))
        if isinstance(right, Calendar):
            until, since = self.ends(left)
            if until == Anchor("now") and since != Anchor("now"):
                one, other = self.value(until), self.shifted(self.value(since), 1, right)
            else:
                one, other = self.shifted(self.value(until), -1, right), self.value(since)
        else:
            one, other = self.value(left), self.value(right)
        if one is None or other is None:
            return False
        less, equal = one < other, one == other
        return bool(
            {
                "<": less,
                "<=": less or equal,
                ">": not less and not equal,
                ">=": not less,
                "==": equal,
                "!=": not equal,
            }[op]
        )

    def ends(self, elapsed: Any) -> tuple[Any, Any]:
        if isinstance(elapsed, Elapsed):
            return elapsed.until, elapsed.since
        return Anchor("lesson.start"), Anchor("now")


@given(deadlines)
def test_times_round_trip(expr: Time) -> None:
    """The text of a time parses to an equal time, and prints the same again."""
    again = parse_time(str(expr))

    assert again == expr
    assert str(again) == str(expr)


@given(conditions)
def test_guards_round_trip(expr: Guard) -> None:
    """The text of a guard parses to an equal guard, and prints the same again."""
    again = parse_guard(str(expr))

    assert again == expr
    assert str(again) == str(expr)


@given(times(2, in_guard=True))
def test_times_in_guards_round_trip(expr: Time) -> None:
    """Where guards stand, a time may name the present."""
    assert parse_time(str(expr), where="guard") == expr


@given(durations)
def test_durations_round_trip(duration: Exact | Calendar | Portion) -> None:
    """The text of a duration parses to an equal duration."""
    assert parse_duration(str(duration)) == duration


@given(conditions)
def test_spaces_and_parentheses_do_not_matter(expr: Guard) -> None:
    """A text spread over lines and wrapped in parentheses means the same."""
    text = f"(\n{str(expr).replace(' ', '  ')}\t)" if '"' not in str(expr) else f"( {expr} )"

    assert parse_guard(text) == expr


@given(deadlines, worlds, dated_sets)
def test_a_time_is_what_the_interpreter_says(expr: Time, world: World, dated: frozenset[str]) -> None:
    """The closure of a time agrees with the direct reading of its tree."""
    found = compile_time(expr, dated=dated)(*world.arguments(expr))

    assert found == Interpreter(world, dated).value(expr)


@given(deadlines, worlds, dated_sets)
def test_a_deadline_is_what_the_interpreter_says(expr: Time, world: World, dated: frozenset[str]) -> None:
    """The closure of a deadline agrees on the instant and on the branch that decided."""
    texts: list[str] = []

    def make_why(branch: int, text: str) -> tuple[int, str]:
        texts.append(text)
        return branch, text

    found = compile_deadline(expr, make_why, dated=dated)(*world.arguments(expr))

    when, leaf = Interpreter(world, dated).winner(expr)
    assert found == (None if when is None else (when, (leaf, texts[leaf])))
    assert len(texts) == Interpreter(world, dated).leaves(expr)


@given(conditions, worlds, dated_sets)
def test_a_guard_is_what_the_interpreter_says(expr: Guard, world: World, dated: frozenset[str]) -> None:
    """The closure of a guard agrees with the direct reading of its tree."""
    found = compile_guard(expr, dated=dated)(*world.arguments(expr))

    assert found is Interpreter(world, dated).holds(expr)


@given(deadlines, worlds)
def test_what_cannot_be_absent_is_there(expr: Time, world: World) -> None:
    """A time of which nothing can be absent has an instant in every world."""
    found = compile_time(expr)(*world.arguments(expr))

    assert found is not None or may_be_absent(expr)


@given(deadlines, worlds)
def test_only_the_anchors_read_matter(expr: Time, world: World) -> None:
    """A timeline that keeps only the anchors an expression reads gives the same instant."""
    read = anchors_read(expr)
    kept = attrs.evolve(world, timeline={key: at for key, at in world.timeline.items() if key in read})

    assert compile_time(expr)(*kept.arguments(expr)) == compile_time(expr)(*world.arguments(expr))


@given(conditions, worlds)
def test_only_what_reads_an_open_change_depends_on_it(expr: Guard, world: World) -> None:
    """A guard that does not read the open change is the same with and without one."""
    without = attrs.evolve(world, offer=None)
    closure = compile_guard(expr)

    assert reads_proposed(expr) or closure(*without.arguments(expr)) is closure(*world.arguments(expr))


@given(conditions, worlds)
def test_only_what_reads_the_command_depends_on_it(expr: Guard, world: World) -> None:
    """A guard that does not read the command is the same with and without one."""
    without = attrs.evolve(world, command=None)
    closure = compile_guard(expr)

    assert reads_command(expr) or closure(*without.arguments(expr)) is closure(*world.arguments(expr))


@given(conditions, worlds)
def test_only_what_is_read_need_be_supplied(expr: Guard, world: World) -> None:
    """A guard that is supplied only with the permissions, restrictions and meetings it reads gives the same answer."""
    kept = attrs.evolve(world, has=world.has & {str(term) for term in supplied_read(expr)})
    closure = compile_guard(expr)

    assert closure(*kept.arguments(expr)) is closure(*world.arguments(expr))


@given(conditions, worlds)
def test_only_what_needs_a_zone_depends_on_it(expr: Guard, world: World) -> None:
    """A guard that needs no zone is evaluated without one."""
    without = attrs.evolve(world, brief=Brief(world.brief.created, ""))
    closure = compile_guard(expr)

    assert needs_zone(expr) or closure(*without.arguments(expr)) is closure(*world.arguments(expr))


@given(conditions, worlds, instants)
def test_a_guard_is_false_after_the_instant_until_which_it_holds(expr: Guard, world: World, later: datetime) -> None:
    """Past the instant that is shown as "until", the guard is false."""
    until = holds_until(expr)
    if until is None:
        return
    end = compile_time(until)(*world.arguments(until))
    past = attrs.evolve(world, now=later)

    assert end is None or later <= end or not compile_guard(expr)(*past.arguments(expr))


@given(st.text(alphabet="abdhlmnostw .,()<>=+-/%0123456789\"'", max_size=60))
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    """No text makes the parser fail otherwise than with its own error."""
    for parse in (parse_time, parse_guard, parse_duration):
        try:
            found = parse(text)
        except ValueError:
            continue
        assert depth(found) >= 1
        assert parse(str(found)) == found
