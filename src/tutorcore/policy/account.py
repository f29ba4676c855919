"""Account rules: what a tutor's lapses lead to, and how earnings are paid out.

They are about a tutor, not about one lesson: a policy carries them beside its table and no row reads them. A counter
says which marks it counts and how (bundled by day, in a rolling window, in a row, fading), and its ladder what
follows at which count. Plain values: what they mean is carried out by `tutorcore.standing` and `tutorcore.payouts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import attrs
from attrs.validators import deep_iterable, ge, in_, instance_of, min_len, optional

from tutorcore.calendar.zones.wall_time import zone
from tutorcore.errors import InvalidValue, UnknownName
from tutorcore.policy.expressions import Calendar, Exact, Taught
from tutorcore.policy.restrictions import RESTRICTIONS, Restriction
from tutorcore.policy.roles import GRANTED_ROLES, Role

RungEffect: TypeAlias = Literal["notice", "review"] | Restriction
Span: TypeAlias = Exact | Calendar
Lifter: TypeAlias = Literal["tutor", "operator"]
Apply: TypeAlias = Literal["month_before"]
ReturnedFee: TypeAlias = Literal["kept", "refunded"]

RUNG_EFFECTS: tuple[RungEffect, ...] = ("notice", "review", *RESTRICTIONS)
LIFTERS: tuple[Lifter, ...] = ("tutor", "operator")
APPLY: tuple[Apply, ...] = ("month_before",)
RETURNED_FEES: tuple[ReturnedFee, ...] = ("kept", "refunded")
HANDLERS: tuple[Role, ...] = ("agent", "operator")

# What one restriction brings with it.
_IMPLIED: dict[Restriction, tuple[Restriction, ...]] = {
    "hidden": ("existing_only",),
    "locked": ("hidden", "existing_only"),
}
# What a tutor may end: all that `show_profile` is about.
SHOWABLE: tuple[Restriction, ...] = ("hidden", "existing_only")


def with_implied(restrictions: Iterable[Restriction]) -> frozenset[Restriction]:
    """Return the restrictions with all that they bring with them.

    A locked profile is hidden, and a hidden one takes requests of students the tutor has taught, and of nobody else.

    >>> sorted(with_implied(["hidden"]))
    ['existing_only', 'hidden']
    """
    given = frozenset(restrictions)
    return given.union(*(_IMPLIED.get(each, ()) for each in given))


def _sorted(marks: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """The marks in one order, so that equal rules are equal values."""
    return tuple(sorted(marks))


def _is_some_time(_value: object, field: attrs.Attribute[Any], span: Span | None) -> None:
    if span in (Exact(), Calendar()):
        raise InvalidValue(field.name, str(span), "a time longer than nothing")


def _are_distinct(_value: object, field: attrs.Attribute[Any], words: tuple[str, ...]) -> None:
    for number, word in enumerate(words):
        if not word or word in words[:number]:
            raise InvalidValue(field.name, word, "words, each of them once")


_span = (instance_of((Exact, Calendar)), _is_some_time)
_optional_span = (optional(instance_of((Exact, Calendar))), _is_some_time)


@attrs.frozen
class Rung:
    """What follows when a counter comes to `at`.

    With `lasts` alone it ends by itself; with `lifted_by` alone it stands until lifted; with both the tutor may lift
    it once `lasts` has run. Whoever handles reports may always lift, with a reason. A notice or a review just happens.
    """

    at: int = attrs.field(validator=[instance_of(int), ge(1)])
    effect: RungEffect = attrs.field(validator=in_(RUNG_EFFECTS))
    lasts: Span | None = attrs.field(default=None, validator=_optional_span)
    lifted_by: Lifter | None = attrs.field(default=None, validator=optional(in_(LIFTERS)))

    def __attrs_post_init__(self) -> None:
        ends = self.lasts is not None or self.lifted_by is not None
        if self.restriction is None and ends:
            raise InvalidValue("effect", self.effect, "neither a time nor lifted_by beside what just happens")
        if self.restriction is not None and not ends:
            raise InvalidValue("effect", self.effect, "how it ends: a time, or lifted_by, or both")
        if self.lifted_by == "tutor" and self.effect not in SHOWABLE:
            raise InvalidValue("lifted_by", "tutor", f"'operator'; a tutor lifts only {' and '.join(SHOWABLE)}")
        if self.lifted_by == "operator" and self.lasts is not None:
            raise InvalidValue("lifted_by", "operator", "no time beside it; an operator may lift at any time")

    @property
    def restriction(self) -> Restriction | None:
        """What it takes away from the tutor; None for a notice or a review."""
        return None if self.effect == "notice" or self.effect == "review" else self.effect


@attrs.frozen
class Decay:
    """`points` fall away for every full `every` since the last report that counts; a new one begins a new time."""

    points: int = attrs.field(validator=[instance_of(int), ge(1)])
    every: Span = attrs.field(validator=_span)


@attrs.frozen
class Counter:
    """One count of a tutor's lapses, and the ladder that goes with it.

    `marks` are what it counts, each with its points. With `bundle`, the lapses of one day in `zone` are one report,
    worth at most that many points; without, each is a report of its own. `within` is a rolling window; `broken_by` are
    marks that end a streak; `dismiss` and `record` are the reasons that may be given (any, if there are none), and
    `handled_by` who may handle reports and reset the counter.
    """

    name: str = attrs.field(validator=min_len(1))
    marks: tuple[tuple[str, int], ...] = attrs.field(
        default=attrs.Factory(lambda self: ((self.name, 1),), takes_self=True), converter=_sorted, validator=min_len(1)
    )
    zone: str = "UTC"
    bundle: int | None = attrs.field(default=None, validator=optional([instance_of(int), ge(1)]))
    within: Span | None = attrs.field(default=None, validator=_optional_span)
    broken_by: tuple[str, ...] = attrs.field(default=(), validator=_are_distinct)
    decay: Decay | None = None
    dismiss: tuple[str, ...] = attrs.field(default=(), validator=_are_distinct)
    record: tuple[str, ...] = attrs.field(default=(), validator=_are_distinct)
    handled_by: tuple[Role, ...] = attrs.field(
        default=HANDLERS, validator=[min_len(1), deep_iterable(in_(GRANTED_ROLES)), _are_distinct]
    )
    ladder: tuple[Rung, ...] = ()

    def __attrs_post_init__(self) -> None:
        zone(self.zone)
        counted = tuple(mark for mark, _ in self.marks)
        _are_distinct(self, attrs.fields(Counter).marks, counted)
        for mark, points in self.marks:
            if points < 1:
                raise InvalidValue("points", points, f"at least 1 for {mark}")
            if mark == Taught.mark:
                raise InvalidValue("marks", mark, "the mark of a lapse; a lesson that was taught is none")
            if mark in self.broken_by:
                raise InvalidValue("broken_by", mark, "marks that are not counted themselves")

    def heeds(self, mark: str) -> bool:
        """Return whether a mark means anything to this counter: it is counted, or ends a streak."""
        return self.points(mark) > 0 or mark in self.broken_by

    def points(self, mark: str) -> int:
        """Return what a lapse with that mark counts; 0 if it is not counted here."""
        return dict(self.marks).get(mark, 0)


@attrs.frozen
class PayoutRules:
    """How tutors withdraw what is available to them; amounts are minor units.

    `apply`: a withdrawal has to be applied for in the UTC month before. `minimum` and `fee`: the least that is paid
    out, and what a withdrawal costs; `returned_fee`: what becomes of that if the transfer fails. `spendable`: earnings
    may be spent on lessons.
    """

    apply: Apply | None = attrs.field(default=None, validator=optional(in_(APPLY)))
    minimum: int = attrs.field(default=0, validator=[instance_of(int), ge(0)])
    fee: int = attrs.field(default=0, validator=[instance_of(int), ge(0)])
    returned_fee: ReturnedFee = attrs.field(default="refunded", validator=in_(RETURNED_FEES))
    spendable: bool = attrs.field(default=False, validator=instance_of(bool))


def _by_name(counters: tuple[Counter, ...]) -> tuple[Counter, ...]:
    """The counters in one order, as `_sorted` does for marks."""
    return tuple(sorted(counters, key=lambda counter: counter.name))


@attrs.frozen
class AccountRules:
    """All rules of a policy that are about a tutor rather than about one lesson."""

    counters: tuple[Counter, ...] = attrs.field(default=(), converter=_by_name)
    payout: PayoutRules | None = attrs.field(default=None, validator=optional(instance_of(PayoutRules)))

    def __attrs_post_init__(self) -> None:
        _are_distinct(self, attrs.fields(AccountRules).counters, tuple(each.name for each in self.counters))

    def counter(self, name: str) -> Counter:
        """Return the counter called `name`; raise `UnknownName` if there is none."""
        for each in self.counters:
            if each.name == name:
                return each
        raise UnknownName("counter", name, [each.name for each in self.counters])

    def can(self, restriction: Restriction) -> bool:
        """Return whether some rung may bring that restriction, by itself or along with another."""
        rungs = (rung.restriction for counter in self.counters for rung in counter.ladder)
        return restriction in with_implied(each for each in rungs if each is not None)


NO_RULES = AccountRules()
