"""Time expressions and conditions in plain words of a language.

What is said of a time is a noun phrase in the nominative: it stands as a subject, in a list, or after a colon, and no
language has to bend it. A condition is a main clause without capital and full stop. Whatever is inside another phrase
and has parts of its own stands in parentheses.

The words follow the meaning that `tutorcore.policy.closures` carries out; what takes instants apart
(`between_instants`, `literal_last`) is the code that evaluates. Amounts of money are written in the policy's unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, TypeAlias, assert_never

from tutorcore.policy.analysis import between_instants, literal_last, may_be_absent
from tutorcore.policy.expressions import (
    MIRRORED,
    Always,
    Amount,
    Anchor,
    And,
    AtTime,
    Calendar,
    Comparison,
    Count,
    Duration,
    Earliest,
    Elapsed,
    EndOfDay,
    Exact,
    Field,
    Guard,
    Has,
    If,
    Latest,
    Met,
    Not,
    Number,
    Operand,
    Operator,
    Or,
    Portion,
    Restricted,
    Shift,
    StartOfDay,
    Taught,
    Text,
    Time,
    TimeNode,
)
from tutorcore.policy.process import Unit
from tutorcore.policy.words import blamed, lesson, notice, now, reason, remedy
from tutorcore.text.names import (
    kind_name,
    mark_name,
    permission_name,
    reason_name,
    remedy_name,
    restriction_name,
    role_name,
    state_name,
    verb_name,
)
from tutorcore.text.words import Words, sentence, sentence_in

_ByOperator: TypeAlias = Mapping[Operator, str]

_OPPOSITE: Final[Mapping[Operator, Operator]] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}

_ANCHORS: Final[Mapping[str, str]] = {
    "created": sentence("the moment the lesson was first asked for"),
    "asked": sentence("the beginning of the turn"),
    "entered": sentence("the moment this began"),
    "lesson.start": sentence("the start of the lesson"),
    "lesson.end": sentence("the end of the lesson"),
    "lesson.first_start": sentence("the start that was first agreed"),
    "proposed.start": sentence("the proposed start"),
    "proposed.end": sentence("the proposed end"),
    "deadline": sentence("the deadline"),
    "now": sentence("now"),
    "entered(": sentence("the last change to %(of)s"),
    "first_entered(": sentence("the first change to %(of)s"),
    "did(": sentence("the last act of the kind %(of)s"),
    "joined(": sentence("the first arrival (%(of)s)"),
    "reviewed(": sentence("the review (%(of)s)"),
}
"""What an instant is called; `of` is a state, a verb or a role."""

_AFTER: Final[Mapping[str, str]] = {
    "asked": sentence_in("after", "%(length)s after the turn began"),
    "entered": sentence_in("after", "%(length)s after this began"),
    "lesson.start": sentence_in("after", "%(length)s after the start of the lesson"),
    "lesson.end": sentence_in("after", "%(length)s after the end of the lesson"),
}

_BEFORE: Final[Mapping[str, str]] = {
    "lesson.start": sentence_in("before", "%(length)s before the start of the lesson"),
    "lesson.end": sentence_in("before", "%(length)s before the end of the lesson"),
    "proposed.start": sentence_in("before", "%(length)s before the proposed start"),
    "deadline": sentence_in("before", "%(length)s before the deadline"),
}

_FIELDS: Final[Mapping[str, str]] = {
    "notice": sentence("the time until the lesson starts"),
    "rounds": sentence("the number of proposals so far"),
    "reason": sentence("the reason"),
    "blamed": sentence("the blamed side"),
    "remedy": sentence("the remedy named"),
    "lesson.duration": sentence("the length of the lesson"),
    "lesson.kind": sentence("the kind of the lesson"),
    "lesson.price": sentence("the price of the lesson"),
    "proposed.duration": sentence("the proposed length"),
    "proposed.kind": sentence("the proposed kind"),
    "proposed.price": sentence("the proposed price"),
}

_LEFT: Final[_ByOperator] = {
    "<": sentence("the lesson starts in less than %(length)s"),
    "<=": sentence("the lesson starts in %(length)s or less"),
    ">": sentence("the lesson starts in more than %(length)s"),
    ">=": sentence("the lesson starts in %(length)s or more"),
}

_NOW: Final[_ByOperator] = {
    "<": sentence("it is earlier than %(time)s"),
    "<=": sentence("it is no later than %(time)s"),
    ">": sentence("it is later than %(time)s"),
    ">=": sentence("it is no earlier than %(time)s"),
}

_INSTANTS: Final[_ByOperator] = {
    "<": sentence("%(one)s is earlier than %(other)s"),
    "<=": sentence("%(one)s is no later than %(other)s"),
    ">": sentence("%(one)s is later than %(other)s"),
    ">=": sentence("%(one)s is no earlier than %(other)s"),
    "==": sentence("%(one)s is the same as %(other)s"),
    "!=": sentence("%(one)s is not the same as %(other)s"),
}

_SIZES: Final[_ByOperator] = {
    "<": sentence("%(one)s is less than %(other)s"),
    "<=": sentence("%(one)s is at most %(other)s"),
    ">": sentence("%(one)s is more than %(other)s"),
    ">=": sentence("%(one)s is at least %(other)s"),
    "==": sentence("%(one)s is exactly %(other)s"),
    "!=": sentence("%(one)s is anything but %(other)s"),
}

_HAPPENED: Final[Mapping[str, tuple[str, str]]] = {
    "joined": (sentence("%(of)s has come"), sentence("%(of)s has not come")),
    "reviewed": (sentence("%(of)s has reviewed the lesson"), sentence("%(of)s has not reviewed the lesson yet")),
    "did": (sentence("%(of)s has happened"), sentence("%(of)s has not happened yet")),
    "entered": (sentence("the lesson has been %(of)s"), sentence("the lesson has never been %(of)s")),
}
"""That something has happened by now, and that it has not."""

_CAME: Final[Mapping[Operator, tuple[str, str]]] = {
    "<": (sentence("%(who)s came before %(time)s"), sentence("%(who)s did not come before %(time)s")),
    "<=": (sentence("%(who)s came by %(time)s"), sentence("%(who)s did not come by %(time)s")),
}


def time_words(words: Words, time: Time, unit: Unit | None = None) -> str:
    """Return a time as a noun phrase: `48 hours after the turn began`. `unit` is what amounts in it are counted in."""
    return _Sayer(words, unit).time(time)


def guard_words(words: Words, guard: Guard, unit: Unit | None = None) -> str:
    """Return a condition as a main clause: `more than this is left until the lesson starts: 24 hours`."""
    return _Sayer(words, unit).guard(guard)


def duration_words(words: Words, duration: Duration) -> str:
    """Return a length as it is written in the policy: exact, by the calendar, or as a part of the lesson."""
    match duration:
        case Exact():
            return words.span(duration.delta)
        case Calendar(months=months, weeks=weeks, days=days):
            written = [
                (words.count("%(count)s calendar month", "%(count)s calendar months", months), months),
                (words.count("%(count)s calendar week", "%(count)s calendar weeks", weeks), weeks),
                (words.count("%(count)s calendar day", "%(count)s calendar days", days), days),
            ]
            some = [text for text, amount in written if amount]
            return words.listed(some) if some else words.span(timedelta(0))
        case Portion(share=share):
            whole = 10_000 % share.denominator == 0
            part = words.percent(share) if whole else words.number(share)
            return words.say("%(part)s of the lesson", part=part)
        case _ as never:
            assert_never(never)


class _Sayer:
    """Says expressions in one language, under one policy's unit."""

    def __init__(self, words: Words, unit: Unit | None) -> None:
        self._words = words
        self._unit = unit

    # Times.

    def time(self, time: Time) -> str:
        say = self._words.say
        match time:
            case Anchor():
                return say(_ANCHORS[_key(time)], of=self._of(time))
            case Shift():
                return self._shift(time)
            case Earliest(terms=terms):
                return say("whichever comes first: %(times)s", times=self._choice(terms))
            case Latest(terms=terms):
                return say("whichever comes last: %(times)s", times=self._choice(terms))
            case If(when=when, then=then, otherwise=otherwise):
                return say(
                    "%(then)s if %(condition)s; otherwise %(otherwise)s",
                    condition=self.guard(when),
                    then=self._inner(then),
                    otherwise=self.time(otherwise),
                )
            case StartOfDay() | EndOfDay() | AtTime():
                return self._on_day(time)
            case _ as never:
                assert_never(never)

    def _shift(self, shift: Shift) -> str:
        """A time so long after or before another: in words of its own where people say it often."""
        words, later = self._words, shift.sign == "+"
        length, since = duration_words(words, shift.by), shift.time
        known = (_AFTER if later else _BEFORE).get(_key(since)) if isinstance(since, Anchor) else None
        if known is not None:
            return words.say_in("after" if later else "before", known, length=length)
        time = self._inner(since)
        if later:
            return words.say("%(length)s after %(time)s", length=length, time=time)
        return words.say("%(length)s before %(time)s", length=length, time=time)

    def _on_day(self, time: StartOfDay | EndOfDay | AtTime) -> str:
        say, inner = self._words.say, self._inner(time.time)
        match time:
            case StartOfDay(time=day) if day == lesson.start:
                return say("the beginning of the day of the lesson")
            case StartOfDay():
                return say("the beginning of this day: %(time)s", time=inner)
            case EndOfDay():
                return say("the end of this day: %(time)s", time=inner)
            case AtTime(hour=hour, minute=minute):
                return say("%(clock)s on this day: %(time)s", clock=f"{hour:02}:{minute:02}", time=inner)
            case _ as never:
                assert_never(never)

    def _choice(self, times: tuple[Time, ...]) -> str:
        return self._words.listed(map(self._inner, times), "or")

    def _inner(self, time: Time) -> str:
        """A time inside another phrase: in parentheses if it has parts of its own."""
        said = self.time(time)
        plain = isinstance(time, Anchor) or (isinstance(time, Shift) and isinstance(time.time, Anchor))
        return said if plain or time == StartOfDay(lesson.start) else f"({said})"

    def _of(self, anchor: Anchor) -> str:
        match anchor.name:
            case "joined" | "reviewed":
                return role_name(self._words, anchor.of)
            case "did":
                return self._words.quoted(verb_name(self._words, anchor.of))
            case _:
                return self._words.quoted(state_name(self._words, anchor.of)) if anchor.of else ""

    # Conditions.

    def guard(self, guard: Guard) -> str:
        words = self._words
        match guard:
            case Comparison():
                return self._comparison(literal_last(guard))
            case And(parts=parts):
                return words.listed(map(self._part, parts), "and")
            case Or(parts=parts):
                one_of = self._one_of(parts)
                return words.listed(map(self._part, parts), "or") if one_of is None else one_of
            case Not(guard=denied):
                return self._not(denied)
            case Has(role=role, permission=permission):
                who, what = role_name(words, role), words.quoted(permission_name(words, permission))
                return words.say("%(who)s has the permission %(what)s", who=who, what=what)
            case Restricted(role=role, restriction=restriction):
                who, what = role_name(words, role), words.quoted(restriction_name(words, restriction))
                return words.say("%(who)s is under the restriction %(what)s", who=who, what=what)
            case Met(one=one, other=other):
                both = words.listed((role_name(words, one), role_name(words, other)))
                return words.say("%(both)s have had a lesson with each other", both=both)
            case Always():
                return words.say("always")
            case _ as never:
                assert_never(never)

    def _part(self, guard: Guard) -> str:
        """A condition among others: in parentheses if it has parts of its own."""
        said = self.guard(guard)
        inside = guard.guard if isinstance(guard, Not) else guard
        return f"({said})" if isinstance(inside, (And, Or)) else said

    def _one_of(self, parts: tuple[Guard, ...]) -> str | None:
        """Several texts that one fact may be, said in one clause; None for conditions of any other kind."""
        about: list[Operand] = []
        texts: list[Text] = []
        for part in parts:
            match part:
                case Comparison(left=left, op="==", right=Text() as text) if not about or left == about[0]:
                    about.append(left)
                    texts.append(text)
                case _:
                    return None
        words, one = self._words, self._operand(about[0])
        other = words.listed((self._named(about[0], text) for text in texts if text.value), "or")
        if all(text.value for text in texts):
            return words.say("%(one)s is %(other)s", one=one, other=other)
        if not other:
            return words.say("%(one)s is missing", one=one)
        return words.say("%(one)s is missing or is %(other)s", one=one, other=other)

    def _not(self, denied: Guard) -> str:
        words = self._words
        match denied:
            case Comparison():
                said = self._comparison(literal_last(denied), holds=False)
            case Restricted(role=role, restriction=restriction):
                who, what = role_name(words, role), words.quoted(restriction_name(words, restriction))
                said = words.say("%(who)s is not under the restriction %(what)s", who=who, what=what)
            case _:
                said = self._denied(denied)
        return said

    def _denied(self, guard: Guard) -> str:
        return self._words.say("this does not hold: %(condition)s", condition=f"({self.guard(guard)})")

    def _comparison(self, comparison: Comparison, *, holds: bool = True) -> str:
        """A comparison, or that it does not hold: of something absent every comparison is false."""
        idiom = self._idiom(comparison, holds)
        if idiom is not None:
            return idiom
        if not holds and (may_be_absent(comparison.left) or may_be_absent(comparison.right)):
            return self._denied(comparison)
        left, op, right = comparison.left, comparison.op, comparison.right
        if not holds:
            return self._comparison(Comparison(left, _OPPOSITE[op], right))
        if left == notice and op in _LEFT and isinstance(right, (Exact, Calendar, Portion)):
            return self._words.say(_LEFT[op], length=duration_words(self._words, right))
        meant = between_instants(comparison)
        return self._plain(comparison if meant is None else meant)

    def _plain(self, comparison: Comparison) -> str:
        left, op, right = comparison.left, comparison.op, comparison.right
        if right == now and left != now:
            left, op, right = right, MIRRORED[op], left
        if left == now and op in _NOW:
            return self._words.say(_NOW[op], time=self._operand(right))
        table = _INSTANTS if isinstance(left, TimeNode) else _SIZES
        return self._words.say(table[op], one=self._operand(left), other=self._named(left, right))

    def _idiom(self, comparison: Comparison, holds: bool) -> str | None:
        """What people say in a phrase of its own: that somebody came, that something has happened; else None."""
        words, positive = self._words, 0 if holds else 1
        match comparison:
            case Comparison(left=Anchor(name=name, of=of) as anchor, op="<=", right=right) if of and right == now:
                kind = "entered" if name == "first_entered" else name
                return words.say(_HAPPENED[kind][positive], of=self._of(anchor))
            case Comparison(left=Anchor(name="joined") as anchor, op="<" | "<=" as op, right=right):
                said = _CAME[op][positive]
                return words.say(said, who=self._of(anchor), time=self._operand(right))
            case Comparison(left=Anchor(name="did") as one, op=">=", right=Anchor(name="did") as other):
                last = self._of(other)
                if holds:
                    return words.say("%(of)s has happened since the last %(last)s", of=self._of(one), last=last)
                return words.say("%(of)s has not happened since the last %(last)s", of=self._of(one), last=last)
            case Comparison(left=left, op=op, right=Text(value="")) if holds or op == "==":
                absent = holds == (op == "==")
                return words.say("%(one)s is missing" if absent else "%(one)s is not missing", one=self._operand(left))
            case Comparison(left=left, op="==", right=Text() as text) if holds:
                return words.say("%(one)s is %(other)s", one=self._operand(left), other=self._named(left, text))
            case Comparison(left=left, op=op, right=Text() as text) if holds or op == "==":
                return words.say("%(one)s is not %(other)s", one=self._operand(left), other=self._named(left, text))
            case _:
                return None

    # What is compared.

    def _operand(self, operand: Operand) -> str:
        words = self._words
        match operand:
            case Field(name=name):
                return words.say(_FIELDS[name])
            case Elapsed(until=until, since=since):
                both = words.listed((self._inner(since), self._inner(until)))
                return words.say("the time between these two (%(both)s)", both=both)
            case Count(mark=mark, role=role, within=within):
                who, what = role_name(words, role), mark_name(words, mark)
                if within is None:
                    return words.say("the number of marks (%(who)s: %(mark)s)", who=who, mark=what)
                length = duration_words(words, within)
                return words.say(
                    "the number of marks in the last %(length)s (%(who)s: %(mark)s)", who=who, mark=what, length=length
                )
            case Taught(role=role, within=within):
                who = role_name(words, role)
                if within is None:
                    return words.say("the time of all lessons so far (%(who)s)", who=who)
                length = duration_words(words, within)
                return words.say("the time of all lessons in the last %(length)s (%(who)s)", who=who, length=length)
            case Exact() | Calendar() | Portion():
                return duration_words(words, operand)
            case Number(value=value):
                return words.number(value)
            case Amount():
                return self._amount(operand)
            case Text(value=value):
                return words.quoted(value)
            case _:
                return self.time(operand)

    def _amount(self, amount: Amount) -> str:
        unit = self._unit
        if unit is None:
            return str(amount)
        return self._words.money(int(amount.value.scaleb(unit.exponent)), unit.code, unit.exponent)

    def _named(self, fact: Operand, value: Operand) -> str:
        """A value beside the fact it is compared with, which says what names it may be."""
        words = self._words
        if not isinstance(value, Text):
            return self._operand(value)
        if fact == blamed:
            return role_name(words, value.value)
        if fact == reason:
            return words.quoted(reason_name(words, value.value))
        if fact == remedy:
            return words.quoted(remedy_name(words, value.value))
        return words.quoted(kind_name(words, value.value))


def _key(anchor: Anchor) -> str:
    return f"{anchor.name}(" if anchor.of else anchor.name
