"""From text to time expressions and guards, with errors that point at the word.

One tokenizer and one recursive descent. The grammar is that of arithmetic with three levels of conditions above it:

    condition  = conjunction ("or" conjunction)*
    conjunction = denial ("and" denial)*
    denial     = "not" denial | comparison
    comparison = sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]
    sum        = value (("+" | "-") value)*
    value      = anchor | field | function "(" ... ")" | duration | number | text | "true" | "(" condition ")"

Every value has a kind (an instant, a duration, an amount of money, a count, a text, a condition), and kinds are checked
while reading, where the words are still at hand. A plain number takes its meaning from the other side of its
comparison: `lesson.price >= 20.00` is money, `rounds < 5` a count.

Where a text stands decides what it may say. A deadline cannot say `now` (it is resolved once, when its window opens;
`entered` and `asked` say what is meant); `deadline` is known in reminders only; durations that depend on the present,
amounts, counts, time taught and what is supplied (`has`, `restricted`, `met`) occur in guards, also in those inside
`if(...)`. Length and depth are limited, so no text can exhaust the stack. Knows no policy: whether a state exists is
checked only when the known `Names` are passed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, NoReturn, TypeAlias, TypeVar, cast

import attrs

from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError, suggest
from tutorcore.policy.analysis import Names
from tutorcore.policy.expressions import (
    ANCHORS_OF,
    FIELDS,
    MAX_DEPTH,
    MAX_LENGTH,
    NOUNS,
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
    Duration,
    DurationNode,
    Earliest,
    Elapsed,
    EndOfDay,
    Exact,
    Expression,
    Field,
    Guard,
    Has,
    If,
    Kind,
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
    Sign,
    StartOfDay,
    Taught,
    Text,
    Time,
    comparison_problem,
)
from tutorcore.policy.restrictions import RESTRICTIONS

Where: TypeAlias = Literal["deadline", "guard", "reminder"]
_N = TypeVar("_N", bound=Expression)

FUNCTIONS: Final = ("earliest", "latest", "start_of_day", "end_of_day", "at_time", "if")
GUARD_FUNCTIONS: Final = ("count", "taught", "has", "restricted", "met")
_KEYWORDS = ("and", "or", "not", "true")
_EXACT_UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}
_CALENDAR_UNITS = {"mo": "months", "w": "weeks", "d": "days"}
_UNITS = {**_EXACT_UNITS, **_CALENDAR_UNITS}
_UNIT_WORDS = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours", "H"), "h"),
    **dict.fromkeys(("day", "days", "D"), "d"),
    **dict.fromkeys(("wk", "week", "weeks", "W"), "w"),
    **dict.fromkeys(("month", "months"), "mo"),
}
_KNOWN_DURATIONS = "90s, 30m, 48h (exact), 2d, 1w, 3mo (calendar), 1/3 lesson, 33% lesson"
_NAMES_OF = {"state": "states", "move": "moves", "role": "roles", "mark": "marks", "remedy": "remedies"}
_NAMED_BY_COMMAND = {"blamed": "role", "remedy": "remedy"}
# `hours` is Python's word for a written duration, and what people say for the time that they have taught.
_MISNAMED = {"hours": "taught"}
_MISTYPED = {"=": "==", "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "\u2264": "<=", "\u2265": ">="}
_MISTYPED |= {"\u2260": "!=", "\u2212": "-", "\u2013": "-"}

# Every level of a tree prints as at most two levels of the grammar (`not (`), so what prints can be read.
_MAX_NESTING = 2 * MAX_DEPTH + 2
_EXCERPT_WIDTH = 100

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<clock>[0-9]{1,2}:[0-9]{2}(?![0-9:]))
  | (?P<length>[0-9]+(?:\.[0-9]+)?[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>[0-9]+(?:\.[0-9]+)?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
  | (?P<text>"[^"]*"|'[^']*')
  | (?P<symbol><=|>=|==|!=|&&|\|\||[<>=+\-(),/%&|!\u2264\u2265\u2260\u2212\u2013])
    """,
    re.VERBOSE,
)
_LENGTH = re.compile(r"([0-9.]+)(.+)")


class ExpressionError(TutorcoreError, ValueError):
    """A text that is not an expression: `message` about the word at `text[start:end]`, perhaps with a `suggestion`.

    Its string shows the text with carets under the word.
    """

    def __init__(self, text: str, start: int, end: int, message: str, suggestion: str | None = None) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.message = message
        self.suggestion = suggestion
        super().__init__(text, start, end, message, suggestion)

    def __str__(self) -> str:
        hint = "" if self.suggestion is None else f"; did you mean {self.suggestion!r}?"
        return f"{self.message}{hint}\n{self.excerpt}"

    @property
    def excerpt(self) -> str:
        """The text, cut to what surrounds the word, and a second line with carets under the word."""
        cut = 0 if self.end <= _EXCERPT_WIDTH else max(0, self.start - _EXCERPT_WIDTH // 2)
        shown = "".join(char if char.isprintable() else " " for char in self.text[cut : cut + _EXCERPT_WIDTH])
        width = min(max(1, self.end - self.start), _EXCERPT_WIDTH - (self.start - cut))
        return f"    {shown}\n    {' ' * (self.start - cut)}{'^' * width}"


def parse_time(text: str, *, where: Where = "deadline", names: Names | None = None) -> Time:
    """Return the instant that a text names, or raise `ExpressionError`.

    >>> parse_time("earliest(asked + 48h, lesson.start)").terms[1]
    Anchor(name='lesson.start', of='')

    With `names`, states, moves, roles, marks and remedies must be among those.
    """
    parser = _Parser(text, where, names)
    return cast("Time", parser.whole(parser.condition, "instant"))  # the kind was checked


def parse_reminder(text: str) -> Time:
    """Return the instant of a reminder, which may be reckoned from the running `deadline`; raise `ExpressionError`."""
    return parse_time(text, where="reminder")


def parse_guard(text: str, *, names: Names | None = None) -> Guard:
    """Return the condition that a text states, or raise `ExpressionError`; see `parse_time` for `names`.

    >>> str(parse_guard("notice>=24h and not(rounds<5)"))
    'notice >= 24h and not (rounds < 5)'
    """
    parser = _Parser(text, "guard", names)
    return cast("Guard", parser.whole(parser.condition, "guard"))  # the kind was checked


def parse_duration(text: str) -> Duration:
    """Return the written duration that a text is: `48h`, `1h 30m`, `2d`, `1/3 lesson`; or raise `ExpressionError`."""
    parser = _Parser(text, "deadline", None)
    return cast("Duration", parser.whole(parser.duration, "duration"))  # the kind was checked


@attrs.frozen
class _Token:
    sort: str
    text: str
    start: int
    end: int


@attrs.frozen
class _Numeral:
    """A number whose meaning, money or count, the other side of its comparison will tell."""

    text: str

    def __str__(self) -> str:
        return self.text


@attrs.frozen
class _Part:
    """Something read, and where it stood."""

    node: Expression | _Numeral
    start: int
    end: int

    @property
    def kind(self) -> Kind | None:
        return None if isinstance(self.node, _Numeral) else self.node.kind


class _Parser:
    def __init__(self, text: str, where: Where, names: Names | None) -> None:
        if not isinstance(text, str):
            raise InvalidType("expression", text, "a text")
        self._text = text
        self._where = where
        self._names = names
        self._in_guard = where == "guard"
        self._nesting = 0
        self._tokens = self._tokenized()
        self._at = 0

    def whole(self, read: Callable[[], _Part], kind: Kind) -> Expression:
        """Return what `read` makes of the whole text, which must be of that kind."""
        part = read()
        self._nothing_left()
        return self._of_kind(part, kind)

    # Tokens.

    def _tokenized(self) -> list[_Token]:
        if len(self._text) > MAX_LENGTH:
            self._fail(0, 1, f"an expression has at most {MAX_LENGTH} characters; this one has {len(self._text)}")
        tokens = []
        at = 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None:
                self._fail(at, at + 1, self._unreadable(at))
            sort = str(match.lastgroup)
            if sort != "space":
                tokens.append(_Token(sort, match[0], at, match.end()))
            at = match.end()
        tokens.append(_Token("end", "", at, at))
        return tokens

    def _unreadable(self, at: int) -> str:
        if self._text[at] in "\"'":
            return "a text that begins with a quote must end with one"
        return f"unexpected {self._text[at]!r}"

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _sees(self, *texts: str) -> bool:
        token = self._next
        return token.sort in ("symbol", "name") and token.text in texts

    def _expect(self, symbol: str, after: str) -> _Token:
        if not self._sees(symbol):
            self._fail_at(self._next, f"expected '{symbol}' {after}, found {_found(self._next)}")
        return self._take()

    def _name(self, what: str) -> _Token:
        token = self._next
        if token.sort != "name" or "." in token.text:
            self._fail_at(token, f"expected {what}, found {_found(token)}", _without_quotes(token))
        return self._take()

    # Errors.

    def _fail(self, start: int, end: int, message: str, suggestion: str | None = None) -> NoReturn:
        raise ExpressionError(self._text, start, end, message, suggestion)

    def _fail_at(self, place: _Token | _Part, message: str, suggestion: str | None = None) -> NoReturn:
        self._fail(place.start, place.end, message, suggestion)

    def _nothing_left(self) -> None:
        token = self._next
        if token.sort == "end":
            return
        if token.sort == "symbol" and token.text in _MISTYPED:
            self._fail_at(token, f"unexpected {_found(token)}", _MISTYPED[token.text])
        self._fail_at(token, f"expected the expression to end here, found {_found(token)}")

    def _of_kind(self, part: _Part, kind: Kind) -> Expression:
        if isinstance(part.node, _Numeral):
            message = f"'{part.node}' is a plain number; {NOUNS[kind]} is expected here"
            self._fail_at(part, message, _with_unit(part, kind))
        if part.node.kind != kind:
            self._fail_at(part, f"'{part.node}' is {NOUNS[part.node.kind]}; {NOUNS[kind]} is expected here")
        return part.node

    def _built(self, start: int, end: int, make: Callable[[], _N]) -> _Part:
        """Return a new node with its place; what the node itself refuses becomes an error about that place."""
        try:
            return _Part(make(), start, end)
        except InvalidValue as error:
            self._fail(start, end, str(error))

    def _deeper(self, token: _Token) -> None:
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            self._fail_at(token, f"nested too deeply; at most {MAX_DEPTH} levels")

    # Conditions.

    def condition(self) -> _Part:
        return self._joined("or", lambda: self._joined("and", self._denial, And), Or)

    def _joined(self, word: str, read: Callable[[], _Part], make: Callable[[tuple[Guard, ...]], And | Or]) -> _Part:
        first = read()
        if not self._sees(word):
            return first
        parts = [first]
        while self._sees(word):
            self._take()
            parts.append(read())
        guards = tuple(cast("Guard", self._of_kind(part, "guard")) for part in parts)
        return self._built(first.start, parts[-1].end, lambda: make(guards))

    def _denial(self) -> _Part:
        if not self._sees("not"):
            return self._comparison()
        word = self._take()
        self._deeper(word)
        part = self._denial()
        self._nesting -= 1
        guard = cast("Guard", self._of_kind(part, "guard"))
        return self._built(word.start, part.end, lambda: Not(guard))

    def _comparison(self) -> _Part:
        left = self._sum()
        if self._sees("="):
            self._fail_at(self._next, "one '=' compares nothing", "==")
        if not self._sees(*OPERATORS):
            return left
        token = self._take()
        op = cast("Operator", token.text)  # it is one of OPERATORS
        right = self._sum()
        if self._sees(*OPERATORS):
            self._fail_at(self._next, "comparisons do not chain; join two with 'and'")
        return self._compared(left, token, op, right)

    def _compared(self, left: _Part, token: _Token, op: Operator, right: _Part) -> _Part:
        one, other = self._operand(left, right), self._operand(right, left)
        problem = comparison_problem(one, op, other)
        if problem is not None:
            places: dict[str, _Part | _Token] = {"left": left, "op": token, "right": right}
            self._fail_at(places[problem[0]], f"expected {problem[1]}")
        self._named_by_command(one, right)
        self._named_by_command(other, left)
        return self._built(left.start, right.end, lambda: Comparison(one, op, other))

    def _named_by_command(self, beside: Operand, part: _Part) -> None:
        """Check a text that stands beside what a command names: whom it blames, or a remedy."""
        if isinstance(beside, Field) and beside.name in _NAMED_BY_COMMAND and isinstance(part.node, Text):
            self._known(part, _NAMED_BY_COMMAND[beside.name], part.node.value, '"{}"')

    def _operand(self, part: _Part, beside: _Part) -> Operand:
        node = part.node
        if isinstance(node, _Numeral):
            return cast("Operand", self._numeral(part, node, beside.kind).node)  # an Amount or a Number
        if node.kind == "guard":
            self._fail_at(part, f"'{node}' is a condition; conditions are joined by and, or, not, never compared")
        return cast("Operand", node)  # whatever is not a guard can be compared

    def _numeral(self, part: _Part, numeral: _Numeral, kind: Kind | None) -> _Part:
        if kind == "money":
            return self._built(part.start, part.end, lambda: Amount(Decimal(numeral.text)))
        if kind == "count" and "." in numeral.text:
            self._fail_at(part, "a count is a whole number")
        if kind == "count" or kind is None:
            return self._built(part.start, part.end, lambda: Number(int(Decimal(numeral.text))))
        self._fail_at(part, f"'{numeral}' is a plain number beside {NOUNS[kind]}", _with_unit(part, kind))

    # Sums.

    def _sum(self) -> _Part:
        total = self._value()
        while self._sees("+", "-"):
            sign = cast("Sign", self._take().text)  # one of the two
            total = self._moved(total, sign, self._value())
        return total

    def _moved(self, left: _Part, sign: Sign, right: _Part) -> _Part:
        if left.kind == "duration":
            self._fail_at(left, "only an instant can be moved; a longer duration is written in one piece: 1h 30m")
        time = cast("Time", self._of_kind(left, "instant"))
        by = right.node
        if isinstance(by, DurationNode):
            return self._built(left.start, right.end, lambda: Shift(time, sign, by))
        if sign == "-" and right.kind == "instant":
            return self._built(left.start, right.end, lambda: Elapsed(time, cast("Time", by)))
        if right.kind == "instant":
            self._fail_at(right, "two instants cannot be added; their difference is the time between them")
        self._of_kind(right, "duration")
        self._fail_at(right, f"an instant is moved by a written duration: {_KNOWN_DURATIONS}")

    # Values.

    def _value(self) -> _Part:
        token = self._next
        if self._sees("("):
            return self._in_parentheses()
        if token.sort == "length":
            return self.duration()
        if token.sort == "number":
            return self._number()
        if token.sort == "text":
            self._take()
            return self._built(token.start, token.end, lambda: Text(token.text[1:-1]))
        if token.sort == "clock":
            self._fail_at(token, "a time of day is known only in at_time(instant, 17:00)")
        if token.sort == "name" and token.text not in ("and", "or", "not"):
            return self._word()
        suggestion = _MISTYPED.get(token.text) if token.sort == "symbol" else None
        self._fail_at(token, f"expected a value, found {_found(token)}", suggestion)

    def _in_parentheses(self) -> _Part:
        opening = self._take()
        self._deeper(opening)
        inner = self.condition()
        closing = self._expect(")", "to close the parenthesis")
        self._nesting -= 1
        return _Part(inner.node, opening.start, closing.end)

    def _number(self) -> _Part:
        token = self._take()
        if self._sees("%", "/"):
            return self._portion(token)
        follower = self._next
        if self._sees("business"):
            self._fail_at(follower, f"business time is not known; durations are {_KNOWN_DURATIONS}")
        if follower.sort == "name" and (follower.text in _UNITS or follower.text in _UNIT_WORDS):
            unit = _UNIT_WORDS.get(follower.text, follower.text)
            self._fail(token.start, follower.end, "a duration is written in one word", f"{token.text}{unit}")
        return _Part(_Numeral(token.text), token.start, token.end)

    def duration(self) -> _Part:
        """Read `48h`, `1h 30m`, `1w 2d` or a part of the lesson."""
        if self._next.sort == "number":
            return self._number()
        if self._next.sort != "length":
            self._fail_at(self._next, f"expected a duration, found {_found(self._next)}; known: {_KNOWN_DURATIONS}")
        first = last = self._next
        amounts: dict[str, int] = {}
        while self._next.sort == "length":
            last = self._take()
            self._measured(last, amounts)
        units = {_UNITS[unit]: amount for unit, amount in amounts.items()}
        make = Exact if _is_exact(amounts) else Calendar
        return self._built(first.start, last.end, lambda: make(**units))

    def _measured(self, token: _Token, amounts: dict[str, int]) -> None:
        """Add one `48h` to the amounts read so far, larger units first and of one sort."""
        amount, unit = _LENGTH.fullmatch(token.text).groups()  # type: ignore[union-attr]  # a token of this shape
        if unit not in _UNITS:
            suggestion = f"{amount}{_UNIT_WORDS[unit]}" if unit in _UNIT_WORDS else None
            self._fail_at(token, f"unknown unit {unit!r}; known: {', '.join(_UNITS)}", suggestion)
        if "." in amount:
            self._fail_at(token, "durations are whole numbers; write 1h 30m or 90m")
        order = list(_UNITS)
        before = [order.index(earlier) for earlier in amounts]
        if before and (unit in _EXACT_UNITS) != _is_exact(amounts):
            self._fail_at(token, "exact and calendar units do not mix in one duration; add them one after the other")
        if before and order.index(unit) <= before[-1]:
            self._fail_at(token, "units stand once each, the larger first: 1h 30m, 1mo 2w 3d")
        amounts[unit] = int(amount)

    def _portion(self, numerator: _Token) -> _Part:
        symbol = self._take()
        if symbol.text == "%":
            last, share = symbol, Fraction(numerator.text) / 100
        else:
            last = self._denominator(numerator)
            share = Fraction(int(numerator.text), int(last.text))
        if not self._sees("lesson"):
            written = self._text[numerator.start : last.end]
            self._fail(numerator.start, last.end, "a fraction is a part of the lesson", f"{written} lesson")
        return self._built(numerator.start, self._take().end, lambda: Portion(share))

    def _denominator(self, numerator: _Token) -> _Token:
        token = self._take()
        if token.sort != "number" or not (numerator.text + token.text).isdigit() or int(token.text) == 0:
            self._fail(numerator.start, token.end, "expected a fraction of two whole numbers such as 1/3")
        return token

    # Words.

    def _word(self) -> _Part:
        token = self._take()
        word = token.text
        if self._sees("("):
            return self._called(token)
        if word in PLAIN_ANCHORS:
            self._anchor_allowed(token)
            return _Part(Anchor(word), token.start, token.end)
        if word == "true" and self._in_guard:
            return _Part(Always(), token.start, token.end)
        if word in FIELDS and self._in_guard:
            return _Part(Field(word), token.start, token.end)
        self._unknown(token)

    def _anchor_allowed(self, token: _Token) -> None:
        if token.text == "now" and not self._in_guard:
            self._fail_at(token, "'now' is known only in guards; 'entered' and 'asked' say when the window opened")
        if token.text == "deadline" and self._where != "reminder":
            self._fail_at(token, "'deadline' is known only in reminders")

    def _unknown(self, token: _Token) -> NoReturn:
        word = token.text
        if word in ANCHORS_OF:
            self._fail_at(token, f"'{word}' needs its {ANCHORS_OF[word]}: {word}({ANCHORS_OF[word]})")
        if word in FUNCTIONS or word in GUARD_FUNCTIONS:
            self._fail_at(token, f"'{word}' is a function and needs its parentheses")
        if word in FIELDS or word == "true":
            self._fail_at(token, f"'{word}' is known only in guards")
        known = self._known_words()
        near = suggest(word, known)
        if near is None and self._at >= 2 and self._tokens[self._at - 2].text in ("==", "!="):
            self._fail_at(token, f"unknown name {word!r}; a text stands in quotes", f'"{word}"')
        self._fail_at(token, f"unknown name {word!r}; known: {', '.join(known)}", near)

    def _known_words(self) -> list[str]:
        anchors = [name for name in PLAIN_ANCHORS if name not in ("now", "deadline")]
        anchors += ["deadline"] if self._where == "reminder" else []
        anchors += [f"{name}({of})" for name, of in ANCHORS_OF.items()]
        functions = [f"{name}(...)" for name in FUNCTIONS]
        if not self._in_guard:
            return [*anchors, *functions]
        return [*anchors, *functions, "now", *FIELDS, *(f"{name}(...)" for name in GUARD_FUNCTIONS), "true", "not"]

    def _called(self, token: _Token) -> _Part:
        opening = self._take()
        self._deeper(opening)
        part = self._call(token)
        self._nesting -= 1
        return part

    def _call(self, token: _Token) -> _Part:
        match token.text:
            case "earliest" | "latest":
                make = Earliest if token.text == "earliest" else Latest
                times = self._times(token)
                return self._closed(token, lambda: make(times))
            case "start_of_day" | "end_of_day":
                day = StartOfDay if token.text == "start_of_day" else EndOfDay
                time = self._time()
                return self._closed(token, lambda: day(time))
            case "at_time":
                return self._at_time(token)
            case "if":
                return self._if(token)
            case word if word in GUARD_FUNCTIONS:
                return self._about_role(token)
            case word if word in ANCHORS_OF:
                return self._anchor_of(token)
        return self._no_function(token)

    def _closed(self, token: _Token, make: Callable[[], _N]) -> _Part:
        closing = self._expect(")", f"to close {token.text}(")
        return self._built(token.start, closing.end, make)

    def _time(self) -> Time:
        return cast("Time", self._of_kind(self.condition(), "instant"))  # the kind was checked

    def _times(self, token: _Token) -> tuple[Time, ...]:
        times = [self._time()]
        while self._sees(","):
            self._take()
            times.append(self._time())
        if len(times) < 2 and self._sees(")"):
            self._fail_at(token, f"'{token.text}' needs two or more instants")
        return tuple(times)

    def _at_time(self, token: _Token) -> _Part:
        time = self._time()
        self._expect(",", "and a time of day such as 17:00")
        clock = self._next
        if clock.sort != "clock":
            self._fail_at(clock, f"expected a time of day such as 17:00, found {_found(clock)}")
        self._take()
        hour, minute = clock.text.split(":")
        self._built(clock.start, clock.end, lambda: AtTime(Anchor("created"), int(hour), int(minute)))
        return self._closed(token, lambda: AtTime(time, int(hour), int(minute)))

    def _if(self, token: _Token) -> _Part:
        outside, self._in_guard = self._in_guard, True
        when = cast("Guard", self._of_kind(self.condition(), "guard"))  # the kind was checked
        self._in_guard = outside
        self._expect(",", "and the instant if so")
        then = self._time()
        self._expect(",", "and the instant if not")
        otherwise = self._time()
        return self._closed(token, lambda: If(when, then, otherwise))

    def _about_role(self, token: _Token) -> _Part:
        if not self._in_guard:
            self._fail_at(token, f"'{token.text}' is known only in guards")
        match token.text:
            case "count":
                return self._count(token)
            case "taught":
                return self._taught(token)
            case "restricted":
                return self._restricted(token)
            case "met":
                return self._met(token)
        return self._has(token)

    def _count(self, token: _Token) -> _Part:
        mark = self._checked(self._name("the name of a mark"), "mark")
        self._expect(",", "and a role")
        role = self._role()
        within = self._within(token)
        return self._closed(token, lambda: Count(mark, role, within))

    def _taught(self, token: _Token) -> _Part:
        role = self._role()
        within = self._within(token)
        return self._closed(token, lambda: Taught(role, within))

    def _has(self, token: _Token) -> _Part:
        role = self._role()
        self._expect(",", "and a permission such as meeting_provider")
        permission = self._name("a permission")
        self._built(permission.start, permission.end, lambda: Has(role, permission.text))
        return self._closed(token, lambda: Has(role, permission.text))

    def _restricted(self, token: _Token) -> _Part:
        role = self._role()
        self._expect(",", "and a restriction such as requests_blocked")
        word = self._name("a restriction")
        if word.text not in RESTRICTIONS:
            message = f"unknown restriction {word.text!r}; known: {', '.join(RESTRICTIONS)}"
            self._fail_at(word, message, suggest(word.text, RESTRICTIONS))
        return self._closed(token, lambda: Restricted(role, word.text))

    def _met(self, token: _Token) -> _Part:
        one = self._role()
        self._expect(",", "and another role")
        other = self._role()
        return self._closed(token, lambda: Met(one, other))

    def _role(self) -> str:
        return self._checked(self._name("a role"), "role")

    def _within(self, token: _Token) -> Exact | Calendar | None:
        if not self._sees(","):
            return None
        self._take()
        word = self._name("within=90d")
        if word.text != "within":
            self._fail_at(word, f"{token.text} has one option, within=90d", "within")
        self._expect("=", "after within")
        part = self.duration()
        if not isinstance(part.node, (Exact, Calendar)):
            self._fail_at(part, "expected a duration such as 90d")
        return part.node

    def _anchor_of(self, token: _Token) -> _Part:
        about = ANCHORS_OF[token.text]
        of = self._checked(self._name(f"a {about}"), about)
        return self._closed(token, lambda: Anchor(token.text, of))

    def _checked(self, token: _Token, what: str) -> str:
        """Return the token's word, which must be among the known names of its sort if those were passed."""
        self._known(token, what, token.text)
        return token.text

    def _known(self, place: _Token | _Part, what: str, name: str, written: str = "{}") -> None:
        if self._names is None:
            return
        known: Iterable[str] = sorted(getattr(self._names, _NAMES_OF[what]))
        if name not in known:
            near = suggest(name, known)
            message = f"unknown {what} {name!r}; known: {', '.join(known)}"
            self._fail_at(place, message, None if near is None else written.format(near))

    def _no_function(self, token: _Token) -> NoReturn:
        word = token.text
        if word in PLAIN_ANCHORS or word in FIELDS or word in _KEYWORDS:
            self._fail_at(token, f"'{word}' takes nothing in parentheses")
        known = [*FUNCTIONS, *ANCHORS_OF, *(GUARD_FUNCTIONS if self._in_guard else ())]
        meant = _MISNAMED.get(word) if self._in_guard else None
        self._fail_at(token, f"{word!r} is not known; known: {', '.join(known)}", meant or suggest(word, known))


def _is_exact(amounts: dict[str, int]) -> bool:
    """Tell whether a duration of these units is exact; units of one sort only are collected."""
    return next(iter(amounts)) in _EXACT_UNITS


def _with_unit(part: _Part, kind: Kind) -> str | None:
    return f"{part.node}h" if kind == "duration" and str(part.node).isdigit() else None


def _without_quotes(token: _Token) -> str | None:
    return token.text[1:-1] if token.sort == "text" and token.text[1:-1].isidentifier() else None


def _found(token: _Token) -> str:
    return "the end" if token.sort == "end" else repr(token.text)
