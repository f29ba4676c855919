"""Reading a study, so that all mistakes of the file come to light at once, before anything is simulated.

    schema       = 1
    name         = "answer-times"
    seed         = 7
    replications = 30
    from         = 2026-03-02T00:00:00Z
    days         = 28
    policies     = ["italki", "../policies/italki_24h.toml"]

    [people]
    tutors   = 20
    students = 200
    ...

`docs/reference/study.md` describes the format. What a verb, a state or a role means is said by the policies: a name
that none of them knows is a mistake, one that only some of them know is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from tutorcore.adapters.files import find_policy, read_bytes
from tutorcore.calendar.zones.wall_time import zone as zone_of
from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Source
from tutorcore.errors import InvalidValue, suggest
from tutorcore.ids import PartyId
from tutorcore.instants import LATEST, to_text
from tutorcore.lessons.lesson import NO_DETAILS
from tutorcore.policy.cells import Cells
from tutorcore.policy.process import REMEDIES, Process, Remedy
from tutorcore.policy.roles import BOUND_ROLES, ROLES, Role
from tutorcore.ports.storage import Party
from tutorcore.sim.distributions import Distribution, Fixed, Weighted
from tutorcore.sim.model import (
    ANCHORS,
    LEAST_PER_DAY,
    MOST_DAYS,
    MOST_LISTED,
    MOST_PEOPLE,
    MOST_PER_DAY,
    MOST_REPLICATIONS,
    MOST_REQUESTS,
    Act,
    Anchor,
    Deed,
    People,
    Requests,
    Shift,
    Standings,
    Study,
    Turn,
)
from tutorcore.sim.quantities import FACTOR, LENGTH, PRICE, distribution, real, weighted
from tutorcore.sim.vocabulary import Vocabulary

FindPolicy: TypeAlias = Callable[[str], Process]
"""From what a study calls a policy to the process; raises what is wrong with it."""

_MOST_SEED: Final = 2**63 - 1
_MOST_POLICIES: Final = 50
_LONGEST_NAME: Final = 64
_LAST_START: Final = LATEST - timedelta(days=36_600)  # A century for everything that follows.
_SECOND: Final = timedelta(seconds=1)
_EARLIER_OR_LATER: Final = ("earlier", "later")


@attrs.frozen
class Experiment:
    """A study with the processes of its policies, in the order in which it names them."""

    study: Study
    processes: tuple[Process, ...]


def load_study(path: Path) -> Experiment:
    """Return the study in a file; raise `Mistakes` with everything that is wrong with it, or `UnreadableFile`."""
    folder = path.parent
    return read_study(read_bytes(path), str(path), lambda name: find_policy(name, folder))


def read_study(text: str | bytes, file: str, policy: FindPolicy) -> Experiment:
    """Return the study that a text describes; raise `Mistakes` with everything that is wrong with it."""
    return _experiment(Source.parse(text, file), policy)


def study_of(data: Mapping[str, object], policy: FindPolicy) -> Experiment:
    """Return the study that plain data describe, such as a file's with something else in one place.

    Keys and values are those of a file; numbers may be floats. Raises `Mistakes` with everything that is wrong.
    """
    return _experiment(Source(data, "the data"), policy)


def _experiment(source: Source, policy: FindPolicy) -> Experiment:
    problems = Problems()
    experiment = _Reader(Table.root(source, problems), policy).experiment()
    problems.raise_if_any(f"{source.file} is not a study that can be run")
    assert experiment is not None
    return experiment


class _Reader:
    """Reads one file. What a mistake leaves unknown (the policies, say) is not asked about any more."""

    def __init__(self, root: Table, policy: FindPolicy) -> None:
        self._root = root
        root.integer("schema", least=1, most=1)
        self._policies = root.texts("policies")
        self._processes = tuple(self._read_policies(policy))
        # A word is unknown only if every policy could be read and none has it.
        complete = bool(self._policies) and len(self._processes) == len(self._policies)
        self._words = Vocabulary(self._processes) if complete else None

    def experiment(self) -> Experiment | None:
        root = self._root
        name = root.parsed("name", _name)
        seed = root.integer("seed", least=0, most=_MOST_SEED)
        replications = root.integer("replications", least=1, most=MOST_REPLICATIONS)
        start = root.instant("from")
        if start > _LAST_START:
            root.mistake("from", f"is {to_text(start)}; expected an instant up to {to_text(_LAST_START)}")
        days = root.integer("days", least=1, most=MOST_DAYS)
        people, requests = self._people(), self._requests(days)
        turns = [self._turn(table) for table in _few(root, "turn")]
        acts = tuple(self._acts(_few(root, "act")))
        standings = self._standings()
        root.finish()
        if len(root.problems) or name is None or people is None or requests is None:
            return None
        found = tuple(turn for turn in turns if turn is not None)
        study = root.attempt(
            lambda: Study(
                name, seed, replications, start, days, self._policies, people, requests, found, acts, standings
            )
        )
        return None if study is None else Experiment(study, self._processes)

    def _read_policies(self, find: FindPolicy) -> Iterator[Process]:
        root = self._root
        if "policies" in root and not self._policies and not len(root.problems):
            root.mistake("policies", 'is empty; expected names such as ["italki"]')
        if len(self._policies) > _MOST_POLICIES:
            root.mistake("policies", f"names {len(self._policies)} policies; expected at most {_MOST_POLICIES}")
            return
        for index, name in enumerate(self._policies):
            if name in self._policies[:index]:
                root.mistake(("policies", index), f"is {name!r} a second time")
                continue
            process = root.attempt(partial(find, name), ("policies", index))
            if process is not None:
                yield process

    # Who, and what they ask for

    def _people(self) -> People | None:
        table = self._section("people")
        if table is None:
            return None
        tutors, students = (table.integer(key, least=1, most=MOST_PEOPLE) for key in ("tutors", "students"))
        zones = weighted(table, "zones", _zone) if "zones" in table else Weighted((("UTC", 1),))
        permissions = frozenset(_permissions(table))
        table.finish("zones")
        if zones is None or not tutors or not students:
            return None
        return People(tutors, students, zones, permissions)

    def _requests(self, days: int) -> Requests | None:
        table = self._section("requests")
        if table is None:
            return None
        per_day = real(table, "per_day", most=MOST_PER_DAY, above=True)
        if per_day is not None and per_day * days > MOST_REQUESTS:
            table.mistake("per_day", f"makes {per_day * days:,.0f} lessons in {days} days; at most {MOST_REQUESTS:,}")
        if per_day is not None and per_day < LEAST_PER_DAY:
            table.mistake("per_day", f"is {per_day:g}; expected a number from {LEAST_PER_DAY:f} on")
            per_day = None
        lead, duration = distribution(table, "lead", LENGTH), distribution(table, "duration", LENGTH)
        price = distribution(table, "price", PRICE)
        grid = distribution(table, "grid", LENGTH, Fixed(30 * 60))
        kinds = weighted(table, "kinds", _kind) if "kinds" in table else Weighted((("", 1),))
        table.finish("kinds")
        if grid is not None and not isinstance(grid, Fixed):
            table.mistake("grid", 'is a table; expected a length of time such as "30m"')
            return None
        if per_day is None or lead is None or duration is None or price is None or grid is None or kinds is None:
            return None
        steps = grid.value * _SECOND
        return table.attempt(lambda: Requests(per_day, lead, duration, price, steps, kinds), "grid")

    def _standings(self) -> Standings:
        """What is done about how tutors stand; whatever is left out nobody ever does."""
        table = self._root.table("standing")
        if table is None:
            return Standings()
        times = {key: distribution(table, key, LENGTH) for key in ("shows", "handles", "lifts") if key in table}
        dismisses = real(table, "dismisses", 0.0, most=1)
        if "dismisses" in table and "handles" not in table:
            table.mistake("dismisses", "stands without handles: nobody looks at the reports of which it is a share")
        table.finish("shows", "handles", "lifts")
        return Standings(times.get("shows"), times.get("handles"), dismisses or 0.0, times.get("lifts"))

    def _section(self, key: str) -> Table | None:
        if key not in self._root:
            self._root.value(key)
            self._root.mistake(None, f"there is no table [{key}]")
            return None
        return self._root.table(key)

    # What they do

    def _turn(self, table: Table) -> Turn | None:
        role: Role = table.one_of("role", ROLES)
        states = table.texts("states", ())
        after = distribution(table, "after", LENGTH)
        does = self._does(table, role)
        table.finish()
        if self._words is not None and role in ROLES:
            for index, state in enumerate(states):
                self._words.check_state(table, ("states", index), state, role)
        if after is None or does is None:
            return None
        return table.attempt(lambda: Turn(role, after, does, states), "does")

    def _does(self, table: Table, role: Role) -> tuple[tuple[Deed, float], ...] | None:
        """What is done with which chance: `{ accept = 0.8 }`, or tables with all that is said besides."""
        if isinstance(table.value("does"), list | tuple):
            found = [self._deed_by_chance(each, role) for each in _few(table, "does")]
        else:
            inner = table.table("does")
            if inner is None:
                if "does" not in table:
                    table.mistake("does", "is missing; expected chances such as { accept = 0.8, decline = 0.1 }")
                return None
            found = [self._chance_of(inner, verb, role) for verb in inner.mapping]
        kept = tuple(each for each in found if each is not None)
        return kept if len(kept) == len(found) else None

    def _chance_of(self, table: Table, verb: str, role: Role) -> tuple[Deed, float] | None:
        chance = real(table, verb, most=1)
        if self._words is not None:
            self._words.check_verb(table, (verb,), verb, role)
        return None if chance is None else (Deed(verb), chance)

    def _deed_by_chance(self, table: Table, role: Role) -> tuple[Deed, float] | None:
        chance = real(table, "chance", most=1)
        deed = self._deed(table, role)
        table.finish()
        return None if chance is None or deed is None else (deed, chance)

    def _acts(self, tables: Sequence[Table]) -> Iterator[Act]:
        names: list[str] = []
        for table in tables:
            act = self._act(table, names)
            if act is not None:
                yield act
                names.append(act.name)

    def _act(self, table: Table, before: Sequence[str]) -> Act | None:
        name = table.parsed("name", _name)
        role: Role = table.one_of("role", ROLES)
        chance = real(table, "chance", 1.0, most=1)
        anchor, shift = self._moment(table)
        others = {key: _named_before(table, key, before) for key in ("unless", "only_if")}
        if name in before:
            table.mistake("name", f"is {name!r}, as that of another act; expected a name of its own")
        deed = self._deed(table, role) if "verb" in table else None
        if deed is None and "verb" in table:
            return None
        table.finish("verb")
        if name is None or chance is None or shift is None:
            return None
        return table.attempt(lambda: Act(name, role, deed, chance, anchor, shift, **others))

    def _moment(self, table: Table) -> tuple[Anchor, Shift | None]:
        """When something is done: `"end"`, or `{ before = "start", by = "24h" }`."""
        value = table.value("at")
        if "at" not in table:
            return "start", Shift(Fixed(0))
        if isinstance(value, str):
            return table.one_of("at", ANCHORS), Shift(Fixed(0))
        inner = table.table("at")
        if inner is None:
            return "start", None
        sides = [key for key in ("before", "after") if key in inner]
        if len(sides) != 1:
            inner.mistake(None, 'expected either before or after, such as { before = "start", by = "24h" }')
            inner.finish("before", "after", "by")
            return "start", None
        anchor: Anchor = inner.one_of(sides[0], ANCHORS)
        by = distribution(inner, "by", LENGTH)
        inner.finish("before", "after")
        return anchor, None if by is None else Shift(by, "before" if sides[0] == "before" else "after")

    def _deed(self, table: Table, role: Role) -> Deed | None:
        before = len(table.problems)
        verb = table.text("verb")
        reason = table.text("reason", "")
        start = _moved(table)
        times = distribution(table, "price_times", FACTOR) if "price_times" in table else None
        remedy: Remedy | None = table.one_of("remedy", REMEDIES, None)
        split = Cells().shares(table, "split", None)
        blamed: Role | None = table.one_of("blamed", BOUND_ROLES, None)
        details = _details(table)
        table.value("price_times")
        if self._words is not None and verb:
            self._words.check_verb(table, "verb", verb, role)
            if start is not None or times is not None:
                self._words.check_offer(table, "verb", verb)
            if remedy is not None:
                self._words.check_remedy(table, "remedy", verb, remedy)
        if len(table.problems) > before:
            return None
        return Deed(
            verb,
            reason=reason,
            start=start,
            price_times=times,
            remedy=remedy,
            split=split,
            blamed=blamed,
            details=details,
        )


# Cells


def _name(text: str) -> str:
    if not 0 < len(text) <= _LONGEST_NAME or not text.isprintable():
        raise InvalidValue("name", text, f"1 to {_LONGEST_NAME} printable characters")
    return text


def _kind(text: str) -> str:
    """The kind that a lesson may have, which may be none."""
    return _name(text) if text else text


def _zone(name: str) -> str:
    zone_of(name)
    return name


def _permissions(table: Table) -> Iterator[str]:
    for index, word in enumerate(table.texts("permissions", ())):
        if table.attempt(partial(_permission, word), ("permissions", index)) is not None:
            yield word


def _permission(word: str) -> str:
    """The word, if it is a permission that everybody can have."""
    Party(PartyId("somebody"), "UTC", permissions=frozenset((word,)))
    if ":" in word:
        raise InvalidValue("permission", word, "one that is about nobody in particular")
    return word


def _few(table: Table, key: str) -> Sequence[Table]:
    """The tables under a key, unless there are far too many of them to be meant."""
    found = table.tables(key)
    if len(found) > MOST_LISTED:
        table.mistake(key, f"has {len(found):,} tables; expected at most {MOST_LISTED}")
        return ()
    return found


def _named_before(table: Table, key: str, before: Sequence[str]) -> tuple[str, ...]:
    names = table.texts(key, ())
    for index, name in enumerate(names):
        if name not in before:
            message = f"is {name!r}; expected an act that stands before this one: {', '.join(before) or 'none does'}"
            table.mistake((key, index), message, suggest(name, before))
    return names


def _moved(table: Table) -> Shift | None:
    """By how much the terms on the table are moved: `{ later = "24h" }`."""
    if "start" not in table:
        table.value("start")
        return None
    inner = table.table("start")
    if inner is None:
        return None
    sides = [key for key in _EARLIER_OR_LATER if key in inner]
    by: Distribution | None = None
    if len(sides) == 1:
        by = distribution(inner, sides[0], LENGTH)
    else:
        inner.mistake(None, 'expected either earlier or later, such as { later = "24h" }')
    inner.finish(*_EARLIER_OR_LATER)
    return None if by is None else Shift(by, "before" if sides[0] == "earlier" else "after")


def _details(table: Table) -> tuple[tuple[str, str], ...]:
    inner = table.table("details")
    return NO_DETAILS if inner is None else tuple(sorted((name, inner.text(name)) for name in inner.mapping))
