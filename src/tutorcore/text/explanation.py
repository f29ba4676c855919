"""A whole policy in plain words, with worked examples.

The explanation is made from the compiled table and the account rules, so an explicit process is explained as a profile
is. It follows the life of a lesson: how one is asked for, then each state with what people may do there and what
happens by itself, then what is recorded beside all this, the endings, and what concerns money and standing.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import attrs

from tutorcore.lessons.projections import reminders_of
from tutorcore.payouts.worth import least_worth, worth
from tutorcore.policy.codec import machine_of
from tutorcore.policy.machine import Machine, Place, Row
from tutorcore.policy.process import STAY, Move, Process, State
from tutorcore.text.earnings import fee_section, payout_section
from tutorcore.text.examples import cast_words, example_words, instant_words, money_words
from tutorcore.text.item import Item, Section
from tutorcore.text.known_names import ROLE_NAMES
from tutorcore.text.ladders import counter_section
from tutorcore.text.names import role_name, state_name
from tutorcore.text.rules import paragraph, roles_words, row_title, row_words, state_words
from tutorcore.text.times import time_words
from tutorcore.text.words import Words, cleaned
from tutorcore.text.worked import Worked, worked

_WIDE: Final = 100
_STEERS: Final = re.compile(r"([\\`*_\[\]<>#|&])")


@attrs.frozen
class Explanation:
    """A policy explained in one language; `example` is what stands before an example: "Example: "."""

    locale: str
    direction: Literal["ltr", "rtl"]
    title: str
    about: str
    sections: tuple[Section, ...]
    example: str

    @property
    def text(self) -> str:
        """The explanation as plain text for a terminal."""
        lines = [self.title, "", *_wrapped(self.about, "")]
        for section in self.sections:
            lines += ["", "", section.title]
            lines += ["", *_wrapped(section.text, "")] if section.text else []
            for item in section.items:
                lines += ["", *_wrapped(item.title, "* "), *_wrapped(item.sentence, "  ")]
                for each in item.examples:
                    lines += _wrapped(f"{self.example}{each}", "  > ")
        return "\n".join(lines) + "\n"

    @property
    def markdown(self) -> str:
        """The explanation as a Markdown page: a list of contents, a heading a section, rules, examples in italics.

        Each section has an anchor of its own, as what is made of a heading differs from one renderer to the next.
        """
        lines = [f"# {_plain(self.title)}", "", _plain(self.about), ""]
        lines += [f"- [{_plain(each.title)}](#section-{number})" for number, each in enumerate(self.sections, 1)]
        for number, section in enumerate(self.sections, 1):
            lines += ["", f'<a id="section-{number}"></a>', "", f"## {_plain(section.title)}", ""]
            lines += [_plain(section.text), ""] if section.text else []
            for item in section.items:
                lines.append(f"- **{_plain(item.title)}** {_plain(item.sentence)}".rstrip())
                lines += [f"  - *{_plain(self.example)}{_plain(each)}*" for each in item.examples]
        return "\n".join(lines) + "\n"

    @property
    def data(self) -> dict[str, object]:
        """The explanation as plain data, with the ids of what each rule is about."""
        return attrs.asdict(self)


def explain(process: Process, words: Words) -> Explanation:
    """Return the whole policy in plain sentences, rule by rule, each with an example where a lesson can reach it.

    Raises `Mistakes` for a process that is not well formed.
    """
    machine = machine_of(process)
    about = [*_about(words, process), cast_words(words, process)]
    return _explained(words, process, about, _Table(words, machine, worked(machine)))


def explain_shortly(process: Process, words: Words) -> Explanation:
    """Return the same rules without any example.

    Raises `Mistakes` for a process that is not well formed.
    """
    full = _explained(words, process, _about(words, process), _Table(words, machine_of(process), {}))
    return attrs.evolve(full, sections=tuple(map(_without_examples, full.sections)))


def _without_examples(section: Section) -> Section:
    return attrs.evolve(section, items=tuple(attrs.evolve(item, examples=()) for item in section.items))


def _explained(words: Words, process: Process, about: Iterable[str], table: _Table) -> Explanation:
    return Explanation(
        locale=words.locale,
        direction=words.direction,
        title=words.say("The policy %(name)s", name=cleaned(process.name)),
        about=paragraph(words, about),
        sections=tuple(section for section in table.sections() if section.items or section.text),
        example=words.say_in("title", "%(who)s: %(what)s", who=words.say("Example"), what=""),
    )


def _wrapped(text: str, mark: str) -> list[str]:
    """A text in lines of a terminal's width; what follows the first is indented as far as it."""
    return textwrap.wrap(
        text,
        _WIDE,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _plain(text: str) -> str:
    """A text that Markdown shows as it is, whatever a policy calls its states and marks."""
    return _STEERS.sub(r"\\\1", text)


def _about(words: Words, process: Process) -> Iterator[str]:
    """What holds for the whole policy."""
    unit = process.unit
    yield words.say("Prices are counted in this currency: %(code)s.", code=unit.code)
    if unit.peg is not None:
        units = unit.peg[0] * least_worth(unit) * 10**unit.exponent
        paid = worth(units, unit)
        assert paid is not None
        yield words.say(
            "%(amount)s is worth %(paid)s.",
            amount=money_words(words, units, unit),
            paid=words.money(paid.minor, paid.currency.code, paid.currency.exponent),
        )
    if process.settles == "held":
        yield words.say("The platform holds the price of a lesson until it is clear who gets it.")
    else:
        yield words.say("The platform holds no money: it only notes who owes what.")
    if process.zone is not None:
        zone = role_name(words, process.zone) if process.zone in ROLE_NAMES else words.quoted(process.zone)
        yield words.say("Where days are counted, this clock decides: %(zone)s.", zone=zone)
    yield words.say("Whoever acts has to do so before the deadline: at the deadline itself it is too late.")
    yield words.say("Nobody can do what would leave the other side no time at all to answer.")


class _Table:
    """The table of one policy, section by section."""

    def __init__(self, words: Words, machine: Machine, examples: Mapping[str, Worked]) -> None:
        self._words = words
        self._machine = machine
        self._process = machine.process
        self._examples = examples
        self._said: dict[Move, State] = {}

    def sections(self) -> Iterator[Section]:
        """Every section, in the order in which a lesson meets them."""
        words, process = self._words, self._process
        yield self._asking()
        for place in self._machine.places:
            if not place.state.over:
                yield self._standing(place)
        yield self._asides()
        yield self._endings()
        yield fee_section(words, process)
        yield payout_section(words, process, self._examples)
        for counter in process.account.counters:
            yield counter_section(words, process, counter)

    def _asking(self) -> Section:
        rows = self._machine.outside.moves[self._process.verb_of_opening]
        items = tuple(self._item(row, None) for row in rows)
        return Section(self._words.say("Asking for a lesson"), "", items)

    def _standing(self, place: Place) -> Section:
        """A state with what people may do there, what happens by itself, and who is reminded of what."""
        words, state = self._words, place.state
        rows = [row for row in _rows(place) if row.rule.to != STAY]
        reminders = (self._reminder(place, number) for number in range(len(place.reminders)))
        items = (*(self._item(row, state) for row in rows), *reminders)
        return Section(paragraph(words, [state_name(words, state.name)]), state_words(words, state), items)

    def _item(self, row: Row, source: State | None) -> Item:
        words, rule = self._words, row.rule
        said = self._rule(row, source)
        if isinstance(rule, Move) and source is not None:
            before = self._said.setdefault(rule, source)
            if before is not source:
                state = words.quoted(state_name(words, before.name))
                said = words.say("The same as in the state %(state)s.", state=state)
        return Item(row_title(words, rule, source), said, self._examples_of(row), (row.id,))

    def _rule(self, row: Row, source: State | None) -> str:
        """The rule of a row; one that others of its verb come before decides only where they do not."""
        words = self._words
        said = row_words(words, row.rule, self._process, source)
        if not _comes_second(row):
            return said
        return paragraph(words, [words.say("Where no rule above for the same act applies."), said])

    def _examples_of(self, *rows: Row) -> tuple[str, ...]:
        """An example of each case of some rows, for those that a lesson has reached."""
        words, process = self._words, self._process
        for row in rows:
            found = (self._examples.get(case.step.id) for case in row.cases)
            said = tuple(example_words(words, each, process) for each in found if each is not None)
            if said:
                return said
        return ()

    def _reminder(self, place: Place, number: int) -> Item:
        words, rule = self._words, place.state.reminders[number]
        who, time = roles_words(words, rule.to), time_words(words, rule.at, self._process.unit)
        said = words.say("A reminder is sent at this time: %(time)s.", time=time)
        title = words.say("Reminder: %(who)s", who=who)
        return Item(title, said, self._reminded(place, number), (f"{place.name}.reminder.{number}",))

    def _reminded(self, place: Place, number: int) -> tuple[str, ...]:
        """When the reminder is due in the first example that comes to stand there with all reminders ahead of it."""
        for each in self._examples.values():
            version = each.after
            beside = None if version.change is None else version.change.place
            found = reminders_of(version)
            if place not in (version.place, beside) or len(found) != len(place.reminders):
                continue
            words = self._words
            since = words.say("Last step: %(at)s.", at=instant_words(words, version.at))
            due = words.say("The reminder: %(at)s.", at=instant_words(words, found[number].at))
            return (paragraph(words, [since, due]),)
        return ()

    def _asides(self) -> Section:
        """What is recorded and moves nothing: each rule once, with all states in which it may be."""
        words = self._words
        places: dict[Move, list[Row]] = {}
        for place in self._machine.places:
            for row in _rows(place):
                if isinstance(row.rule, Move) and row.rule.to == STAY:
                    places.setdefault(row.rule, []).append(row)
        items = tuple(self._aside(rule, rows) for rule, rows in places.items())
        return Section(words.say("What is recorded"), "", items)

    def _aside(self, rule: Move, rows: list[Row]) -> Item:
        words = self._words
        states = words.listed(words.quoted(state_name(words, row.source.name)) for row in rows)
        said = [self._rule(rows[0], None), words.say("Possible in these states: %(states)s.", states=states)]
        title = row_title(words, rule, None)
        return Item(title, paragraph(words, said), self._examples_of(*rows), tuple(row.id for row in rows))

    def _endings(self) -> Section:
        words = self._words
        items = tuple(
            Item(paragraph(words, [state_name(words, state.name)]), state_words(words, state), (), (state.name,))
            for state in self._process.states
            if state.over
        )
        return Section(words.say("How a lesson ends"), "", items)


def _comes_second(row: Row) -> bool:
    """Whether somebody who may take the row may also take one of the same verb that is tried before it."""
    if not isinstance(row.rule, Move):
        return False
    same = row.source.moves[row.rule.verb]
    return any(set(other.by) & set(row.by) for other in same[: same.index(row)])


def _rows(place: Place) -> Iterator[Row]:
    yield from (row for rows in place.moves.values() for row in rows)
    yield from place.timeouts
