"""Policy files: everything that is wrong with one is said at once, each at its word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tutorcore.errors import Mistake, Mistakes, UnknownName
from tutorcore.policy import (
    Process,
    content_hash,
    dump_process,
    hours,
    load_policy,
    load_preset,
    load_process,
    preset_names,
    preset_text,
)

PROFILE = """\
schema   = 1
id       = "plain"
version  = "3"
extends  = "lesson/1"
currency = "EUR"

[request]
by        = ["student"]
hold      = "when_asked"
slot      = "tentative"
answers   = ["accept", "decline"]
answer_by = "earliest(asked + 48h, lesson.start)"
silence   = { becomes = "expired", mark = "missed" }

[change]
by         = ["student", "tutor"]
may_change = ["start"]
answer_by  = "earliest(asked + 24h, proposed.start)"
override   = { by = ["operator"] }

[[cancel.cases]]
by     = ["student", "tutor"]
when   = "notice >= 24h"
settle = { student = "100%" }

[[cancel.cases]]
by     = ["student"]
settle = { tutor = "50%", student = "rest" }

[complete]
by      = ["student"]
settle  = { tutor = "rest" }
silence = { at = "lesson.end + 72h" }

[fees]
commission = "15%"
rounding   = "half_up"

[payout]
clears_after = "24h"
"""

PROCESS = """\
id       = "table"
extends  = "process/1"
currency = "EUR"

[opening]
verb  = "ask"
by    = ["student"]
to    = "requested"
terms = "propose"
hold  = "cover"

[state.requested]
waits_for = "tutor"
slot      = "tentative"
timeout   = { at = "lesson.start", to = "expired", fault = "holder", settle = { student = "rest" } }

[[state.requested.on.accept]]
by    = ["tutor"]
to    = "agreed"
when  = "notice > 24h"
terms = "accept"
hold  = "exact"

[[state.requested.on.accept]]
by    = ["operator"]
to    = "agreed"
needs = ["reason"]
until = "lesson.start - 1h"
terms = "accept"
hold  = "exact"

[state.agreed]
slot = "firm"

[[state.agreed.timeout]]
at    = "lesson.end"
to    = "done"
cases = [
  { when = 'lesson.kind == "trial"', settle = { student = "100%" } },
  { settle = { tutor = "rest" } },
]

[state.done]
over = true

[state.done.on.review]
by = ["student"]
to = "stay"

[state.expired]
over = true
"""


def edited(text: str, *edits: tuple[str, str]) -> str:
    """Return the text with each edit made at its one place."""
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def mistakes(text: str, resolve: Callable[[str], str] = preset_text) -> list[Mistake]:
    """Return the mistakes of a file that cannot be used."""
    with pytest.raises(Mistakes) as caught:
        load_policy(text, "mine.toml", resolve)
    return [mistake for mistake in caught.value.exceptions if isinstance(mistake, Mistake)]


def word(mistake: Mistake) -> str:
    """Return what the carets of a mistake stand under."""
    line, marks = mistake.excerpt.split("\n")
    return line[marks.index("^") : len(marks)]


# What is written instead of what: path, message, the word that is marked, suggestion.
OF_A_PROFILE = [
    (
        "unknown key",
        ('answer_by = "earliest(asked + 48h', 'anwser_by = "earliest(asked + 48h'),
        "request.anwser_by",
        "unknown key",
        "anwser_by",
        "answer_by",
    ),
    ("unknown section", ("[fees]", "[feees]"), "feees", "unknown key", "feees", "fees"),
    (
        "key far from any",
        ("[fees]\n", "[fees]\ncolour = 1\n"),
        "fees.colour",
        "known here: 'commission', 'rates', 'rounding', 'slab_on'",
        "colour",
        None,
    ),
    (
        "no time expression",
        ("earliest(asked + 48h, lesson.start)", "soon"),
        "request.answer_by",
        "unknown",
        "soon",
        None,
    ),
    ("misspelt anchor", ("asked + 48h", "askd + 48h"), "request.answer_by", "unknown", "askd", "asked"),
    (
        "misspelt function",
        ("earliest(asked + 48h", "earlest(asked + 48h"),
        "request.answer_by",
        "is not known",
        "earlest",
        "earliest",
    ),
    (
        "guard that is an instant",
        ("notice >= 24h", "asked + 24h"),
        "cancel.cases[0].when",
        "a condition is expected here",
        "asked + 24h",
        None,
    ),
    (
        "unknown state in an anchor",
        ("notice >= 24h", "now < entered(agred) + 1h"),
        "cancel.cases[0].when",
        "unknown state 'agred'",
        '"now < entered(agred) + 1h"',
        "agreed",
    ),
    (
        "unknown verb in an anchor",
        ("notice >= 24h", "now < did(acept) + 1h"),
        "cancel.cases[0].when",
        "unknown verb 'acept'",
        '"now < did(acept) + 1h"',
        "accept",
    ),
    (
        "unknown role in a count",
        ("notice >= 24h", "count(missed, studnet) < 2"),
        "cancel.cases[0].when",
        "unknown role 'studnet'",
        '"count(missed, studnet) < 2"',
        "student",
    ),
    (
        "unknown mark in a count",
        ("notice >= 24h", "count(mised, student) < 2"),
        "cancel.cases[0].when",
        "unknown mark 'mised'",
        '"count(mised, student) < 2"',
        "missed",
    ),
    (
        "nobody can join",
        ("notice >= 24h", "joined(student) < now"),
        "cancel.cases[0].when",
        "nothing in this table records joined(student)",
        '"joined(student) < now"',
        None,
    ),
    (
        "unknown role",
        ('by = ["operator"]', 'by = ["operater"]'),
        "change.override.by[0]",
        "is 'operater'; expected one of",
        '"operater"',
        "operator",
    ),
    ("unknown currency", ('"EUR"', '"EURO"'), "currency", "unknown currency 'EURO'", '"EURO"', "EUR"),
    ("empty currency", ('"EUR"', '""'), "currency", "unknown currency ''", '""', None),
    (
        "unknown zone",
        ('currency = "EUR"', 'currency = "EUR"\nzone = "Europe/Berln"'),
        "zone",
        "is no time zone",
        '"Europe/Berln"',
        "Europe/Berlin",
    ),
    (
        "calendar unit without a zone",
        ("lesson.end + 72h", "lesson.end + 3d"),
        "complete.silence.at",
        "has to name a zone",
        '"lesson.end + 3d"',
        None,
    ),
    (
        "day without a zone",
        ("asked + 48h, lesson.start", "asked + 48h, start_of_day(lesson.start)"),
        "request.answer_by",
        "has to name a zone",
        '"earliest(asked + 48h, start_of_day(lesson.start))"',
        None,
    ),
    (
        "proposed outside of a change",
        ("asked + 48h, lesson.start", "asked + 48h, proposed.start"),
        "request.answer_by",
        "proposed.* means something only",
        '"earliest(asked + 48h, proposed.start)"',
        None,
    ),
    (
        "present in a deadline",
        ("asked + 48h, lesson.start", "now + 48h, lesson.start"),
        "request.answer_by",
        "now",
        "now",
        None,
    ),
    ("rate as a float", ('"15%"', "0.15"), "fees.commission", "is 0.15; expected a text in quotes", "0.15", '"0.15"'),
    ("rate that is none", ('"15%"', '"fifteen"'), "fees.commission", "rate is 'fifteen'", '"fifteen"', None),
    ("rate above the whole", ('"15%"', '"115%"'), "fees.commission", "0% to 100%", '"115%"', None),
    ("unknown rounding", ('"half_up"', '"halfup"'), "fees.rounding", "expected one of", '"halfup"', "half_up"),
    (
        "shares of 99 %",
        ('{ student = "100%" }', '{ student = "99%" }'),
        "cancel.cases[0].settle",
        "make 100% together",
        '{ student = "99%" }',
        None,
    ),
    (
        "shares of 101 %",
        ('{ student = "100%" }', '{ student = "51%", tutor = "50%" }'),
        "cancel.cases[0].settle",
        "make 100% together",
        '{ student = "51%", tutor = "50%" }',
        None,
    ),
    (
        "two rests",
        ('tutor = "50%", student', 'tutor = "rest", student'),
        "cancel.cases[1].settle",
        "one rest at most",
        '{ tutor = "rest", student = "rest" }',
        None,
    ),
    ("no shares", ('{ student = "100%" }', "{ }"), "cancel.cases[0].settle", "at least one", "{ }", None),
    (
        "share of nobody",
        ('{ student = "100%" }', '{ studnet = "100%" }'),
        "cancel.cases[0].settle.studnet",
        "'studnet' gets no share; expected student, tutor, platform",
        '"100%"',
        "student",
    ),
    ("share that is none", ('"100%"', '"all"'), "cancel.cases[0].settle.student", "rate is 'all'", '"all"', None),
    ("empty share", ('"100%"', '""'), "cancel.cases[0].settle.student", "rate is ''", '""', None),
    (
        "share as a number",
        ('"100%"', "100"),
        "cancel.cases[0].settle.student",
        "is 100; expected a text in quotes",
        "100",
        '"100"',
    ),
    ("nobody may request", ('by        = ["student"]\n', "by        = []\n"), "request.by", "names nobody", "[]", None),
    (
        "nobody may answer",
        ("slot      =", "answered_by = []\nslot      ="),
        "request.answered_by",
        "names nobody",
        "[]",
        None,
    ),
    (
        "nobody may change",
        ('by         = ["student", "tutor"]', "by         = []"),
        "change.by",
        "names nobody",
        "[]",
        None,
    ),
    ("clearing as a number", ('"24h"', "24"), "payout.clears_after", "is 24; expected a text in quotes", "24", '"24"'),
    (
        "a change by somebody else",
        ('by         = ["student", "tutor"]', 'by         = ["student", "admin"]'),
        "change.by[1]",
        "admin neither asks nor answers",
        '"admin"',
        None,
    ),
    (
        "an ending that goes on",
        ('becomes = "expired"', 'becomes = "agreed"'),
        "request.silence.becomes",
        "'agreed' is where a lesson goes on",
        '"agreed"',
        None,
    ),
    (
        "a mark on an operator",
        ('by     = ["student"]\nsettle', 'by     = ["operator"]\nmark = "late"\nsettle'),
        "cancel.cases[1].mark",
        "a mark falls on a person of the lesson; name whom in fault",
        '"late"',
        None,
    ),
    (
        "a mark on nobody in particular",
        ('settle = { student = "100%" }', 'mark = "late"'),
        "cancel.cases[0].mark",
        "a mark falls on a person of the lesson; name whom in fault",
        '"late"',
        None,
    ),
    (
        "a mark on an office",
        ('mark = "missed"', 'mark = "missed", fault = "admin"'),
        "request.silence.fault",
        "expected one of 'holder', 'none', 'student', 'tutor', 'payer', 'requester'",
        '"admin"',
        None,
    ),
    ("nobody may override", ('by = ["operator"]', "by = []"), "change.override.by", "names nobody", "[]", None),
    (
        "text instead of a list",
        ('by      = ["student"]', 'by      = "student"'),
        "complete.by",
        "expected a list",
        '"student"',
        '["student"]',
    ),
    (
        "list instead of a table",
        ('{ at = "lesson.end + 72h" }', "[]"),
        "complete.silence",
        "expected a table",
        "[]",
        None,
    ),
    ("number instead of a text", ('"plain"', "7"), "id", "is 7; expected a text in quotes", "7", '"7"'),
    ("id with capitals", ('"plain"', '"Plain"'), "id", "expected lower-case letters", '"Plain"', None),
    ("another schema", ("schema   = 1", "schema   = 2"), "schema", "expected a whole number from 1 up to 1", "2", None),
    (
        "counter-offers without their section",
        ('"accept", "decline"', '"accept", "decline", "propose"'),
        "request.answers",
        "needs a section [request.propose]",
        '["accept", "decline", "propose"]',
        None,
    ),
    (
        "no silence at the end",
        ('silence = { at = "lesson.end + 72h" }', ""),
        "complete",
        "silence is missing",
        "[complete]",
        None,
    ),
    ("no instant in silence", ('{ at = "lesson.end + 72h" }', "{ }"), "complete.silence.at", "is missing", "{ }", None),
    ("clearing by the calendar", ('"24h"', '"1d"'), "payout.clears_after", "counted by the calendar", '"1d"', None),
    (
        "what does not belong to a silence",
        ('mark = "missed"', 'needs = ["reason"]'),
        "request.silence.needs",
        "unknown key",
        "needs",
        None,
    ),
    (
        "what does not belong to a decline",
        ("slot      =", 'decline = { by = ["tutor"] }\nslot      ='),
        "request.decline.by",
        "unknown key",
        "by",
        None,
    ),
    (
        "what a change may not become",
        ("[change]\n", '[change]\notherwise = "original_dies"\n'),
        "change.otherwise",
        'if and only if as = "request_again"',
        '"original_dies"',
        None,
    ),
    (
        "a state that is reserved",
        ('becomes = "expired"', 'becomes = "back"'),
        "request.silence.becomes",
        "'back' cannot name a state",
        '"back"',
        None,
    ),
    (
        "nobody may cancel",
        ('[[cancel.cases]]\nby     = ["student"]', "[[cancel.cases]]\nby     = []"),
        "cancel.cases[1].by",
        "names nobody",
        "[]",
        None,
    ),
    (
        "money with too many decimals",
        ("notice >= 24h", "lesson.price >= 20.005"),
        "cancel.cases[0].when",
        "has more decimals than EUR (2)",
        '"lesson.price >= 20.005"',
        None,
    ),
    (
        "money as a share of time",
        ("notice >= 24h", "notice >= 20.00"),
        "cancel.cases[0].when",
        "duration",
        "20.00",
        None,
    ),
]

OF_A_PROCESS = [
    (
        "unknown state",
        ('to    = "done"', 'to    = "dne"'),
        "state.agreed.timeout[0].to",
        "unknown state 'dne'",
        '"dne"',
        "done",
    ),
    (
        "unknown waits_for",
        ('waits_for = "tutor"', 'waits_for = "teacher"'),
        "state.requested.waits_for",
        "expected one of",
        '"teacher"',
        None,
    ),
    ("unknown slot", ('slot = "firm"', 'slot = "frm"'), "state.agreed.slot", "expected one of", '"frm"', "firm"),
    (
        "unknown effect",
        ('hold  = "cover"', 'hold  = "covers"'),
        "opening.hold",
        "expected one of 'cover', 'exact'",
        '"covers"',
        "cover",
    ),
    (
        "unknown fault",
        ('fault = "holder"', 'fault = "tutor"'),
        "state.requested.timeout.fault",
        "expected one of 'holder', 'none'",
        '"tutor"',
        None,
    ),
    (
        "unknown need",
        ('["reason"]', '["excuse"]'),
        "state.requested.on.accept[1].needs[0]",
        "expected one of 'reason'",
        '"excuse"',
        None,
    ),
    (
        "not yes or no",
        ("[state.expired]\nover = true", "[state.expired]\nover = 1"),
        "state.expired.over",
        "expected true or false",
        "1",
        None,
    ),
    (
        "over with timeouts",
        ("[state.agreed]\n", "[state.agreed]\nover = true\n"),
        "state.agreed",
        "a state that is over has no timeouts",
        "[state.agreed]",
        None,
    ),
    (
        "over with a way out",
        ('to = "stay"', 'to = "agreed"'),
        "state.done",
        "a move leads out of a state that is over",
        "[state.done]",
        None,
    ),
    (
        "timeout that holds",
        ('at    = "lesson.end"\n', 'at    = "lesson.end"\nhold  = "exact"\nterms = "accept"\n'),
        "state.agreed.timeout[0]",
        "neither propose terms nor hold money",
        "[[state.agreed.timeout]]",
        None,
    ),
    (
        "back from nowhere",
        ('to    = "done"', 'to    = "back"'),
        "state.agreed.timeout[0].to",
        "only a row of a state beside can lead back",
        '"back"',
        None,
    ),
    (
        "timeout that stays",
        ('to    = "done"', 'to    = "stay"'),
        "state.agreed.timeout[0].to",
        "would fire for ever",
        '"stay"',
        None,
    ),
    (
        "case after the catch-all",
        ('{ when = \'lesson.kind == "trial"\', settle = { student = "100%" } }', '{ settle = { student = "100%" } }'),
        "state.agreed.timeout[0].cases[0]",
        "hides those after it",
        '{ settle = { student = "100%" } }',
        None,
    ),
    (
        "no catch-all",
        ('{ settle = { tutor = "rest" } }', '{ when = "rounds < 2", settle = { tutor = "rest" } }'),
        "state.agreed.timeout[0].cases[1]",
        "the last case is the catch-all",
        '{ when = "rounds < 2", settle = { tutor = "rest" } }',
        None,
    ),
    (
        "cases and a case",
        ('at    = "lesson.end"\n', 'at    = "lesson.end"\nmark  = "late"\n'),
        "state.agreed.timeout[0].cases",
        "either cases, or one settle, mark and fault of its own",
        "[",
        None,
    ),
    (
        "nobody to blame",
        ('at    = "lesson.end"\n', 'at    = "lesson.end"\nfault = "holder"\n'),
        "state.agreed.timeout[0].fault",
        "it is nobody's turn",
        '"holder"',
        None,
    ),
    ("no opening", ("[opening]", "[state.other.on.opening]"), "", "the opening move is missing", "", None),
    (
        "opening without terms",
        ('terms = "propose"\nhold  = "cover"\n', ""),
        "opening",
        "the opening move proposes terms",
        "[opening]",
        None,
    ),
    ("no verb", ('verb  = "ask"\n', ""), "opening.verb", "is missing", "[opening]", None),
    ("verb with capitals", ('"ask"', '"Ask"'), "opening", "'Ask' cannot be a verb", "[opening]", None),
    (
        "timeout without an instant",
        ('at    = "lesson.end"\n', ""),
        "state.agreed.timeout[0].at",
        "is missing",
        "[[state.agreed.timeout]]",
        None,
    ),
    (
        "nothing leads out",
        ("[state.expired]\nover = true", "[state.expired]"),
        "state.expired",
        "nothing leads out of this state",
        "[state.expired]",
        None,
    ),
    (
        "state that is no table",
        ("[state.expired]\nover = true\n", "[state]\nexpired = 5\n"),
        "state.expired",
        "is 5; expected a table",
        "5",
        None,
    ),
    (
        "end that keeps money",
        ('fault = "holder", settle = { student = "rest" }', 'fault = "holder"'),
        "state.requested.timeout",
        "does not say who gets what is held",
        '{ at = "lesson.start", to = "expired", fault = "holder" }',
        None,
    ),
    (
        "reads what nobody did",
        ("lesson.start - 1h", "did(pay) + 1h"),
        "state.requested.on.accept[1].until",
        "unknown verb 'pay'",
        '"did(pay) + 1h"',
        None,
    ),
]

KINDS = [(PROFILE, *row[1:]) for row in OF_A_PROFILE] + [(PROCESS, *row[1:]) for row in OF_A_PROCESS]
NAMES = [row[0] for row in (*OF_A_PROFILE, *OF_A_PROCESS)]


@pytest.mark.parametrize(("text", "edit", "path", "said", "marked", "suggestion"), KINDS, ids=NAMES)
def test_a_mistake_is_shown_at_its_word(
    text: str, edit: tuple[str, str], path: str, said: str, marked: str, suggestion: str | None
) -> None:
    """One wrong word gives one mistake: the path, what is wrong, the word itself, and the nearest right one."""
    broken = edited(text, edit)

    found = [each for each in mistakes(broken) if each.path == path and said in str(each)]

    assert len(found) == 1, [str(each) for each in mistakes(broken)]
    assert found[0].file == "mine.toml"
    assert found[0].suggestion == suggestion
    if marked:
        assert word(found[0]) == marked
        assert broken.splitlines()[found[0].line - 1] == found[0].excerpt.splitlines()[0]


@pytest.mark.parametrize("text", [PROFILE, PROCESS])
def test_the_files_that_are_edited_here_are_sound(text: str) -> None:
    """Without an edit both files load."""
    assert load_policy(text).id in {"plain", "table"}


def test_all_mistakes_of_a_file_come_at_once_and_in_its_order() -> None:
    """Eight wrong words in eight places are eight mistakes, from the first line to the last."""
    broken = edited(
        PROFILE,
        ('"EUR"', '"EURO"'),
        ('"tentative"', '"tentativ"'),
        ("asked + 48h", "askd + 48h"),
        ('by = ["operator"]', 'by = ["operater"]'),
        ('student = "100%"', 'student = "99%"'),
        ("lesson.end + 72h", "lesson.ende + 72h"),
        ('"half_up"', '"halfup"'),
        ("clears_after", "clear_after"),
    )

    found = mistakes(broken)

    assert [each.path for each in found] == [
        "currency",
        "request.slot",
        "request.answer_by",
        "change.override.by[0]",
        "cancel.cases[0].settle",
        "complete.silence.at",
        "fees.rounding",
        "payout.clear_after",
    ]
    assert [each.line for each in found] == sorted(each.line for each in found)
    assert str(found[0]) == (
        "mine.toml:5:12: currency: unknown currency 'EURO'; did you mean 'EUR'?\n"
        'currency = "EURO"\n'
        "           ^^^^^^"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("", ["extends", "id", "currency", "", ""]),
        ('extends = "process/1"', ["id", "currency", "", ""]),
        ("extends = 1", ["extends", "id", "currency", "", ""]),
        ('extends = "lesson/1"\nid = "x"\ncurrency = "EUR"\nrequest = 1\ncomplete = 2', ["request", "complete"]),
        ('extends = "process/1"\nid = "x"\ncurrency = "EUR"\nopening = 1\nstate = 2', ["opening", "state"]),
    ],
)
def test_sections_that_are_missing_are_named(text: str, paths: list[str]) -> None:
    """What a policy cannot do without is named, and so is a section that is not one."""
    assert {each.path for each in mistakes(text)} >= set(paths)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('id = "x\n', 1, "closed"),
        ("id = \n", 1, "a value is missing here"),
        ("id = x\n", 1, "a text stands in quotes"),
        ('id = "x"\nid = "y"\n', 2, "defined a second time"),
        ('id = "x"\n[request\n', 2, ""),
        (b"id = \"\xff\"", 1, "not UTF-8"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_toml_shows_the_place(text: str | bytes, line: int, said: str) -> None:
    """What is not TOML at all is one mistake, with its line."""
    with pytest.raises(Mistakes) as caught:
        load_policy(text, "mine.toml")

    (mistake,) = caught.value.exceptions
    assert isinstance(mistake, Mistake)
    assert (mistake.file, mistake.line) == ("mine.toml", line)
    assert said in mistake.message


@pytest.mark.parametrize(
    ("unit", "paths"),
    [
        ("decimals = 1", []),
        ('decimals = 1\npeg = "10 ITC = 1 USD"', []),
        ("decimals = 0", []),
        ("decimals = 8", []),
        ("", ["unit.decimals"]),
        ("decimals = 9", ["unit.decimals"]),
        ("decimals = -1", ["unit.decimals"]),
        ("decimals = true", ["unit.decimals"]),
        ('decimals = 1\npeg = "10 ITX = 1 USD"', ["unit.peg"]),
        ('decimals = 1\npeg = "0 ITC = 1 USD"', ["unit.peg"]),
        ('decimals = 1\npeg = "10 ITC = 2 USD"', ["unit.peg"]),
        ('decimals = 1\npeg = "10 ITC = 1 XQX"', ["unit.peg"]),
        ("decimals = 1\ncolour = 2", ["unit.colour"]),
    ],
)
def test_a_unit_of_the_platform_has_decimals_and_perhaps_a_peg(unit: str, paths: list[str]) -> None:
    """A unit of the platform's own says its decimals, and how many of it make one of a currency."""
    text = edited(PROFILE, ('"EUR"', '"ITC"'), ("[request]\n", f"[unit]\n{unit}\n\n[request]\n"))

    if paths:
        assert [each.path for each in mistakes(text)] == paths
    else:
        assert load_policy(text).unit.code == "ITC"


def test_a_currency_keeps_its_decimals() -> None:
    """A currency of the world cannot be given other decimals."""
    text = edited(PROFILE, ("[request]\n", "[unit]\ndecimals = 3\n\n[request]\n"))

    (mistake,) = mistakes(text)

    assert (mistake.path, "exponent of EUR is 3; expected 2" in str(mistake)) == ("currency", True)


def test_a_file_of_three_lines_is_italki_with_another_deadline() -> None:
    """What a file does not write is as in the policy that it extends."""
    process = load_policy('extends = "italki"\nid = "hasty"\nrequest.answer_by = "earliest(asked + 24h, lesson.start)"')

    italki = load_preset("italki")
    assert str(process.state("requested").timeouts[0].at) == "earliest(asked + 24h, lesson.start)"
    assert (process.id, process.version, process.unit) == ("hasty", italki.version, italki.unit)
    assert [state for state in process.states if state.name != "requested"] == [
        state for state in italki.states if state.name != "requested"
    ]
    assert process.state("requested").moves == italki.state("requested").moves
    assert content_hash(process) != content_hash(italki)


def test_a_slip_in_a_file_of_differences_is_shown_at_its_word() -> None:
    """A key that the base has under its right name is still suggested for one that is misspelt."""
    (mistake,) = mistakes('extends = "italki"\nid = "hasty"\nrequest.anwser_by = "lesson.start"')

    assert (mistake.path, mistake.line, mistake.suggestion, word(mistake)) == (
        "request.anwser_by", 3, "answer_by", "anwser_by",
    )  # fmt: skip


def test_the_version_of_what_is_extended_may_be_named() -> None:
    """`italki@2018-02` is italki as long as that is the version at hand."""
    assert load_policy('extends = "italki@2018-02"\nid = "mine"').version == "2018-02"


@pytest.mark.parametrize(
    ("drop", "gone"),
    [
        ("change = false", {"change_by_student", "change_by_tutor"}),
        ("cancel = false", {"cancelled"}),
        ("request.withdraw = false", {"withdrawn"}),
        ('request.propose = false\nrequest.answers = ["accept", "decline"]', {"proposed"}),
    ],
)
def test_false_takes_a_section_out(drop: str, gone: set[str]) -> None:
    """A section that is false is not there, and neither are the states that only it needs."""
    before = {state.name for state in load_preset("italki").states}

    process = load_policy(f'extends = "italki"\nid = "less"\n{drop}')

    assert before - {state.name for state in process.states} == gone


def test_false_drops_nothing_that_is_not_there() -> None:
    """A section that the base does not have cannot be taken out of it."""
    (mistake,) = mistakes('extends = "base"\nid = "mine"\nrequest.propose = false', from_texts(base=PROFILE))

    assert (mistake.path, mistake.line, mistake.message) == ("request.propose", 3, "is false; expected a table")


def from_texts(**texts: str) -> Callable[[str], str]:
    """Return a finder of files that knows these names and those of the presets."""
    return lambda name: texts[name] if name in texts else preset_text(name)


def test_a_chain_is_read_from_its_base_up() -> None:
    """A file that extends one that extends a third has all differences; the nearest wins."""
    resolve = from_texts(
        middle='extends = "italki"\nid = "middle"\nfees.commission = "20%"\nfees.rounding = "up"\nversion = "2"'
    )

    process = load_policy('extends = "middle"\nid = "top"\nfees.commission = "10%"', "top.toml", resolve)

    assert (process.name, str(process.fees.commission), process.fees.rounding) == ("top@2", "1/10", "up")
    assert process.zone == "tutor"


def test_what_one_file_drops_the_next_may_write_anew() -> None:
    """A section that the middle of a chain takes out begins empty for the file above it."""
    resolve = from_texts(middle='extends = "italki"\nid = "middle"\nchange = false')
    text = 'extends = "middle"\nid = "top"\n[change]\nby = ["student"]\nanswer_by = "proposed.start"'

    agreed = load_policy(text, "top.toml", resolve).state("agreed")

    assert [move.verb for move in agreed.moves][:3] == ["propose", "cancel", "cancel"]
    assert "price" in agreed.moves[0].effects.may_change


@pytest.mark.parametrize(
    ("extends", "said", "suggestion"),
    [
        ("itaki", "unknown preset 'itaki'", "italki"),
        ("", "unknown preset ''", None),
        ("italki@2019", "italki is at hand in version '2018-02', not '2019'", None),
        ("loop", "this chain of policies does not end", None),
        ("ping", "this chain of policies does not end", None),
        ("deep", "unknown preset 'nowhere'", None),
    ],
)
def test_a_chain_that_leads_nowhere_is_the_only_mistake(extends: str, said: str, suggestion: str | None) -> None:
    """Without its base a file of differences cannot be judged, so nothing else is held against it."""
    resolve = from_texts(
        loop='extends = "loop"', ping='extends = "pong"', pong='extends = "ping"', deep='extends = "nowhere"'
    )

    (mistake,) = mistakes(f'id = "mine"\nextends = "{extends}"', resolve)

    assert (mistake.path, mistake.line, mistake.suggestion) == ("extends", 2, suggestion)
    assert said in mistake.message


def test_a_base_that_is_no_toml_is_shown_in_its_own_file() -> None:
    """Mistakes of the file that is extended name that file."""
    (mistake,) = mistakes('extends = "broken"\nid = "mine"', from_texts(broken="id ="))

    assert (mistake.file, mistake.line) == ("broken", 1)


def test_mistakes_about_what_a_file_extends_still_have_a_path() -> None:
    """A cell of the base that no longer fits is named by its path; the file itself has no word to mark."""
    (mistake,) = mistakes('extends = "italki"\nid = "mine"\nzone = "nowhere"')[:1]
    assert mistake.path == "zone"

    found = mistakes('extends = "base"\nid = "mine"', from_texts(base=edited(PROFILE, ("72h", "3d"))))
    assert [(each.path, each.line) for each in found] == [("complete.silence.at", 0)]


def test_every_preset_loads_and_is_named_after_its_file() -> None:
    """The policies in the box are usable, and found by the name of their file."""
    assert preset_names() == tuple(sorted(preset_names()))
    assert "italki" in preset_names()
    for name in preset_names():
        assert load_preset(name).id == name


def test_an_unknown_preset_is_refused_with_the_nearest() -> None:
    """A preset that is not in the box is an unknown name, and the nearest is suggested."""
    with pytest.raises(UnknownName, match="did you mean 'italki'"):
        load_preset("itaki")
    with pytest.raises(UnknownName):
        preset_text("../italki")


def test_the_cells_of_a_profile_arrive_in_the_table() -> None:
    """Fees, clearing and names of a file are those of its process."""
    process = load_policy(PROFILE)

    assert (process.name, process.unit.code, process.zone) == ("plain@3", "EUR", None)
    assert (str(process.fees.commission), process.fees.rounding) == ("3/20", "half_up")
    assert process.clears_after == hours(24)


def test_what_a_profile_leaves_out_has_its_default() -> None:
    """Without fees and payout there is no commission, and earnings clear at once."""
    text = PROFILE[: PROFILE.index("[fees]")]

    process = load_policy(text)

    assert process.fees.commission == 0
    assert process.clears_after == hours(0)
    assert load_policy(text + "[payout]\n").clears_after == hours(0)


def test_a_request_without_endings_has_the_usual_ones() -> None:
    """Silence expires and blames whoever had the turn, a decline declines; both give everything back."""
    text = edited(PROFILE, ('silence   = { becomes = "expired", mark = "missed" }\n', ""))

    requested = load_policy(text).state("requested")

    (silence,), decline = requested.timeouts, requested.moves[1]
    assert (silence.to, silence.fault, str(silence.effects.cases[0].settle)) == ("expired", "holder", "student rest")
    assert (decline.verb, decline.to, str(decline.effects.cases[0].settle)) == ("decline", "declined", "student rest")


@pytest.mark.parametrize(
    ("cells", "blamed"),
    [
        ('by = ["student"]\nmark = "late"', "student"),
        ('by = ["student", "tutor"]\nmark = "late"\nfault = "tutor"', "tutor"),
        ('by = ["operator"]\nmark = "late"\nfault = "student"', "student"),
        ('by = ["student"]\nmark = "late"\nfault = "tutor"', "tutor"),
        ('by = ["student"]', None),
    ],
)
def test_the_mark_of_a_cancellation_falls_on_whom_it_can_be_meant_for(cells: str, blamed: str | None) -> None:
    """Where only one person may cancel, the mark is that person's; otherwise the case says whose."""
    text = edited(PROFILE, ('by     = ["student"]\nsettle = { tutor', f"{cells}\nsettle = {{ tutor"))

    late = load_policy(text).state("agreed").moves[-1]

    assert late.effects.cases[0].fault == blamed


@pytest.mark.parametrize(
    ("fault", "timeout", "case"),
    [
        ("", "holder", None),
        (', fault = "holder"', "holder", None),
        (', fault = "none"', "none", None),
        (', fault = "student"', "none", "student"),
    ],
)
def test_silence_blames_whom_the_policy_names(fault: str, timeout: str, case: str | None) -> None:
    """Silence blames whoever has the turn, unless the section names somebody else or nobody."""
    text = edited(PROFILE, ('becomes = "expired", mark = "missed"', f'becomes = "expired"{fault}'))

    (silence,) = load_policy(text).state("requested").timeouts

    assert (silence.fault, silence.effects.cases[0].fault) == (timeout, case)


def test_the_table_of_a_file_is_what_the_file_says() -> None:
    """The rows of an explicit file are its process, in its order."""
    process: Process = load_policy(PROCESS)

    requested, agreed = process.state("requested"), process.state("agreed")
    assert process.openings[0].verb == "ask"
    assert [(move.by, str(move.when), str(move.until)) for move in requested.moves] == [
        (("tutor",), "notice > 24h", "None"),
        (("operator",), "None", "lesson.start - 1h"),
    ]
    assert [str(case.settle) for case in agreed.timeouts[0].effects.cases] == ["student 100%", "tutor rest"]
    assert requested.timeouts[0].fault == "holder"
    assert process.state("done").moves[0].to == "stay"


def test_a_guard_that_always_holds_is_none() -> None:
    """`when = "true"` says nothing, so the table is the same without it."""
    assert load_policy(edited(PROCESS, ('"notice > 24h"', '"true"'))) == load_policy(
        edited(PROCESS, ('when  = "notice > 24h"\n', ""))
    )


@pytest.mark.parametrize("text", [PROFILE, PROCESS, preset_text("italki")])
def test_a_written_table_reads_back_equal(text: str) -> None:
    """Writing out the table of a policy and reading it gives an equal process of the same hash."""
    process = load_policy(text)

    again = load_process(dump_process(process))

    assert again == process
    assert content_hash(again) == content_hash(process)
    assert dump_process(again) == dump_process(process)
