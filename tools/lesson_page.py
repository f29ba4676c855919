"""Draw the table of `lesson/1` and write it down as one page, from the table itself.

    python -m tools.lesson_page             print the page
    python -m tools.lesson_page --write     rewrite docs/reference/lesson-1.md

The page shows a policy in which every section is written. Which section switches a row on is not written down anywhere:
it is found by leaving sections out, one at a time, and looking which rows go with them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from tutorcore.policy import BACK, STAY, Move, Process, State, Timeout, lesson, load_policy

Place: TypeAlias = tuple[str, str, str]  # a state, a verb, and where the row leads

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "lesson-1.md"

EVERYTHING = """
id = "everything"
extends = "lesson/1"
currency = "EUR"
agree.when = "true"
complete = { by = ["student"], silence = { at = "lesson.end + 72h" } }
meeting.failed = { becomes = "cancelled" }
attend.from = "lesson.start - 10m"
review = {}
notify.reminders = [ { state = "requested", at = "deadline - 1h", to = ["tutor"] } ]
cancel.charge = { settle = { choices = ["0%", "50%"] }, answer_by = "asked + 24h" }
cancel.cases = [
  { by = ["student"], when = "notice < 24h", charge = true },
  { by = ["tutor", "student"], in_progress = true, locked = true },
]
dispute.answer_by = "asked + 720h"
refund.until = "lesson.end + 720h"

[request]
by = ["student"]
hold = "when_paid"
answers = ["accept", "decline", "propose"]
answer_by = "asked + 24h"
instant = "notice >= 24h"
withdraw = {}
payment = { by = ["student"], pay_by = "asked + 15m", silence = { becomes = "payment_expired" } }
propose = { answers = ["accept", "decline", "propose"], answer_by = "asked + 24h" }

[change]
by = ["student", "tutor"]
answer_by = "asked + 24h"
locks = "notice < 12h"
override = { by = ["operator"] }

[no_show]
student = { from = "lesson.start + 1/3 lesson", contradicted = "joined(student) < now", answer_by = "asked + 24h" }
tutor = { from = "lesson.start + 1/3 lesson", contradicted = "joined(tutor) < now", answer_by = "asked + 24h" }

[problem]
by = ["student", "tutor"]
from = "lesson.start"
answer_by = "entered + 168h"
evidence = { by = ["student", "tutor", "operator"] }

[problem.reschedule]
nobody = { at = "entered + 168h", settle = { tutor = "50%", student = "rest" } }
silent = { at = "earliest(asked + 168h, proposed.start)", mark = "no_show" }
"""

# The cases of cancelling where no lesson can be locked.
UNLOCKED = """cancel.cases = [
  { by = ["student"], when = "notice < 24h", charge = true },
  { by = ["tutor", "student"], in_progress = true },
]"""

AGAIN = f"""
extends = "everything"
{UNLOCKED}
change.as = "request_again"
change.otherwise = "original_dies"
change.by = ["student"]
change.when = "notice >= 24h"
change.answer_by = false
change.locks = false
"""

AT_ONCE = """
extends = "everything"
no_show.student = { answer_by = false }
no_show.tutor = { answer_by = false }
"""

ESCALATING = """
extends = "everything"
problem.silence = "escalate"
"""

# What to leave out, and what else must then be written otherwise, for the sections that need not be there.
WITHOUT: dict[str, str] = {
    "[request.payment]": 'request = { payment = false, hold = "when_asked" }',
    "request.instant": "request.instant = false",
    "[request.propose]": 'request = { propose = false, answers = ["accept", "decline"] }',
    "[request.withdraw]": "request.withdraw = false",
    "[change]": f"change = false\n{UNLOCKED}",
    "change.locks": f"change.locks = false\n{UNLOCKED}",
    "[change.override]": "change.override = false",
    "[cancel]": "cancel = false",
    "[cancel.charge]": 'cancel = { charge = false, cases = [ { by = ["tutor"], in_progress = true, locked = true } ] }',
    "no_show.contradicted": "no_show.student.contradicted = false\nno_show.tutor.contradicted = false",
    "[attend]": "attend = false\nno_show.student = { contradicted = false }\nno_show.tutor = { contradicted = false }",
    "[no_show]": "no_show = false",
    "[problem]": "problem = false",
    "[problem.reschedule]": 'problem = { reschedule = false, proposes = ["refund", "pay", "split"] }',
    "[problem.evidence]": "problem.evidence = false",
    "problem.answers": 'problem.answers = ["accept", "decline"]',
    "[dispute]": "\n".join(
        f"no_show.{who} = {{ contradicted = false, answer_by = false }}" for who in ("student", "tutor")
    )
    + "\nproblem = false\ndispute = false",
    "[refund]": "refund = false",
    "[meeting]": "meeting = false",
    "[meeting.failed]": "meeting.failed = false",
    "[review]": "review = false",
    "complete.by": "complete.by = []",
}


def render() -> str:
    """Return the page."""
    whole = _load(EVERYTHING)
    rows = _rows(whole) | _rows(_load(AGAIN)) | _rows(_load(AT_ONCE)) | _rows(_load(ESCALATING))
    sections = _sections(rows)
    parts = [_HEAD, *_drawing(rows), _STATES, *_states(whole), _ROWS, *_table(rows, sections)]
    return "\n".join(parts) + "\n"


def _load(text: str) -> Process:
    return load_policy(text, "<lesson/1>", lambda name: {"everything": EVERYTHING}[name])


def _rows(process: Process) -> dict[Place, str]:
    """From (state, verb, where it leads) to who may take the row, in the order of the table."""
    found: dict[Place, list[str]] = {}
    for opening in process.openings:
        found.setdefault(("", opening.verb, opening.to), []).extend(opening.by)
    for state in process.states:
        for row in state.rows:
            found.setdefault((state.name, _what(row), row.to), []).extend(row.by if isinstance(row, Move) else ["time"])
    return {place: ", ".join(dict.fromkeys(by)) for place, by in found.items()}


def _what(row: Move | Timeout) -> str:
    if isinstance(row, Move):
        return row.verb
    return f"(at {row.at})" if row.at in (lesson.start, lesson.end) else "(silence)"


def _sections(rows: dict[Place, str]) -> dict[Place, str]:
    """What switches each row on, if anything does: of several sections that it needs, the smallest."""
    whole, at_once, escalating = (_rows(_load(text)) for text in (EVERYTHING, AT_ONCE, ESCALATING))
    found = {row: "`change.as`" for row in rows if row not in whole}
    found |= {row: "no `answer_by`" for row in at_once if row in found}
    found |= {row: "`problem.silence`" for row in escalating if row in found}
    removed: dict[str, list[Place]] = {}
    for section, text in WITHOUT.items():
        left = _rows(_load(f'extends = "everything"\n{text}'))
        removed[section] = [row for row in rows if row not in found and row not in left]
    for section in sorted(removed, key=lambda name: len(removed[name])):
        for row in removed[section]:
            found.setdefault(row, f"`{section}`")
    return found


def _drawing(rows: dict[Place, str]) -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    arrows: dict[tuple[str, str], list[str]] = {}
    for state, verb, to in rows:
        if to not in (STAY, BACK):
            arrows.setdefault((state or "[*]", to), []).append(verb.strip("()"))
    for (state, to), verbs in arrows.items():
        yield f"    {state} --> {to}: {', '.join(verbs)}"
    yield "```"


def _states(process: Process) -> Iterator[str]:
    for state in process.states:
        yield f"| `{state.name}` | {state.waits_for or ''} | {_has(state)} |"


def _has(state: State) -> str:
    said = {
        f"{state.slot} slot": state.slot != "none",
        "agreed": state.agreed,
        "a meeting": state.meeting,
        "a problem": state.problem,
        "a clock that a change stops": state.yields,
        "beside the lesson": state.beside,
        "over": state.over,
        "taught": state.taught,
    }
    return ", ".join(text for text, is_so in said.items() if is_so)


def _table(rows: dict[Place, str], sections: dict[Place, str]) -> Iterator[str]:
    for row, by in rows.items():
        state, verb, to = row
        target = to if to in (STAY, BACK) else f"`{to}`"
        verb = verb if verb.startswith("(") else f"`{verb}`"
        yield f"| {f'`{state}`' if state else 'outside'} | {verb} | {by} | {target} | {sections.get(row, '')} |"


_HEAD = """# The table of `lesson/1`

This page is written from the table itself (`python -m tools.lesson_page --write`) and shows a policy that writes every
section. A policy that leaves sections out has fewer rows; the others are in every policy. The names of states and verbs
are stable as long as the profile is called `lesson/1`; what an ending is called (`becomes`) is each policy's own. Who
may take a row, when and what for are the cells that the [sections of a policy file](policy.md) fill.
"""

_STATES = """
## States

An open change stands beside the lesson's own state, and the lesson goes on meanwhile.

| state | waits for | has |
|--|--|--|"""

_ROWS = """
## Rows

`stay` moves nothing, `back` closes an open change. A row without a section is always there.

| state | verb | by, in this policy | leads to | switched on by |
|--|--|--|--|--|"""


def main() -> int:
    """Print the page, or write it down; return the exit code."""
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(render(), encoding="utf-8")
    else:
        sys.stdout.write(render())
    return 0


if __name__ == "__main__":
    sys.exit(main())
