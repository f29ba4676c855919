"""The explanation: complete, and every example something that really happens."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

import pytest
from tools.lesson_page import AGAIN, AT_ONCE, ESCALATING, EVERYTHING

from tutorcore.instants import instant
from tutorcore.lessons.decision import decide, lapse
from tutorcore.lessons.lesson import NO_FACTS
from tutorcore.policy import Process, load_policy, load_preset, machine_of, preset_names
from tutorcore.policy.machine import Machine, Row
from tutorcore.testing.samples import sample_policies
from tutorcore.text.examples import cast_words
from tutorcore.text.explanation import Explanation, explain, explain_shortly
from tutorcore.text.item import Item
from tutorcore.text.locales import LOCALES, PSEUDO
from tutorcore.text.words import words_for
from tutorcore.text.worked import START, worked

_EN = words_for("en")
_WHOLE_PROFILE = [
    load_policy(text, resolve={"everything": EVERYTHING}.__getitem__)
    for text in (EVERYTHING, AGAIN, AT_ONCE, ESCALATING)
]
_OTHERS = [*_WHOLE_PROFILE, *(process for process in sample_policies() if process.id not in preset_names())]

# Rows that no lesson takes: another one always comes first.
_NEVER = {
    "tutorful": {"agreed.on.cancel.3"},
    "own": {"asked.timeout.1", "countered.timeout.1"},
}
_PLAIN = re.compile("[A-Za-z]{2,}")


def _rows(machine: Machine) -> Iterable[Row]:
    for place in (machine.outside, *machine.places):
        yield from (row for rows in place.moves.values() for row in rows)
        yield from place.timeouts


@cache
def _explained(process: Process) -> Explanation:
    return explain(process, _EN)


def _items(explanation: Explanation) -> list[Item]:
    return [item for section in explanation.sections for item in section.items]


def _item(explanation: Explanation, about: str) -> Item:
    return next(item for item in _items(explanation) if about in item.about)


def _cells(process: Process) -> set[str]:
    """Everything besides rows that an explanation has to say."""
    cells = {f"fees.rates.{number}" for number in range(len(process.fees.rates))}
    cells |= {state.name for state in process.states if state.over} | {"payout.clears_after"}
    cells |= {f"{state.name}.reminder.{n}" for state in process.states for n in range(len(state.reminders))}
    payout = process.account.payout
    if payout is not None:
        cells |= {"payout.apply", "payout.fee", "payout.spendable"}
        cells |= {"payout.minimum"} if payout.minimum else set()
        cells |= {"payout.returned_fee"} if payout.fee else set()
    for counter in process.account.counters:
        keys = ("marks", "bundle", "within", "broken_by", "decay", "dismiss", "record", "handled_by")
        cells |= {f"standing.{counter.name}.{key}" for key in keys}
        cells |= {f"standing.{counter.name}.ladder.{number}" for number in range(len(counter.ladder))}
    return cells


@pytest.mark.slow
@pytest.mark.parametrize("process", [*map(load_preset, preset_names()), *_OTHERS], ids=lambda process: process.id)
def test_no_row_and_no_account_rule_is_left_unexplained(process: Process) -> None:
    """Each row of the table, each fee and each rule about accounts is what exactly one item is about."""
    about = Counter(each for item in _items(_explained(process)) for each in item.about)

    rows = {row.id for row in _rows(machine_of(process))}
    assert set(about) == rows | _cells(process)
    assert set(about.values()) == {1}


@pytest.mark.slow
@pytest.mark.parametrize("process", [*map(load_preset, preset_names()), *_OTHERS], ids=lambda process: process.id)
def test_every_row_that_a_lesson_can_take_has_an_example(process: Process) -> None:
    """Only rows that another one always comes before have none."""
    items = _items(_explained(process))

    rows = {row.id for row in _rows(machine_of(process))}
    without = {item.about[0] for item in items if not item.examples} & rows
    assert without == _NEVER.get(process.id, set())


@pytest.mark.parametrize("name", preset_names())
def test_every_example_is_what_the_engine_answers(name: str) -> None:
    """Deciding the example's command again, or letting its time pass, gives the version that the example shows."""
    machine = machine_of(load_preset(name))

    for each in worked(machine).values():
        before, after = each.before, each.after
        facts = after.facts or NO_FACTS
        if after.command is None:
            assert before is not None
            assert lapse(before, after.at, lambda *_, known=facts: known) == after
        else:
            lesson = after.brief if before is None else before
            assert decide(machine, lesson, after.command, facts, after.at) == after


@pytest.mark.parametrize(
    ("policy", "about", "said"),
    [
        # 48 hours from Friday 19:00 are Sunday 20:00, for the clocks change in between.
        (
            "italki",
            "requested.timeout.0",
            "until Sunday, March 29, 2026, 20:00 (UTC+02:00, Berlin). The lesson is then “expired”. Money: given "
            "back 25.0 ITC. Who is to blame: the tutor.",
        ),
        ("italki", "requested.timeout.0", "Last step: Friday, March 27, 2026, 19:00 (UTC+01:00, Berlin)."),
        # Cancelling is free up to 24 hours before Monday 18:00, and at exactly 24 hours it is too late.
        (
            "italki",
            "agreed.on.cancel.0",
            "Too late from this moment on: Sunday, March 29, 2026, 18:00 (UTC+02:00, Berlin).",
        ),
        # Under another policy the same hour is still in time.
        (
            "cocorico",
            "agreed.on.cancel.1",
            "Possible up to and including this moment: Sunday, March 29, 2026, 18:00 (UTC+02:00, Berlin).",
        ),
        (
            "cocorico",
            "agreed.on.cancel.2",
            "Sunday, March 29, 2026, 18:01 (UTC+02:00, Berlin) – the student: cancel. The lesson is then "
            "“cancelled”. Money: given back €12.50 and the tutor €12.50.",
        ),
        # 15 % of 25.0 are 3.75, and the odd half goes to the even amount.
        ("italki", "delivered.on.confirm.0", "Money: the tutor 21.2 ITC and the platform 3.8 ITC."),
        # Silence confirms three days after the end.
        ("italki", "delivered.timeout.0", "until Thursday, April 2, 2026, 19:00 (UTC+02:00, Berlin)."),
        # A no-show can be claimed once a third of the hour is over; half of 25.00 is paid, and a tenth of that is kept.
        ("itutor", "in_progress.on.claim_no_show.0", "18:20 (UTC+02:00, Berlin) – the tutor: report an absence."),
        (
            "itutor",
            "student_no_show_claimed.timeout.0",
            "Money: the tutor 11.25 TTD, given back 12.50 TTD, and the platform 1.25 TTD.",
        ),
        ("itutor", "fees.rates.1", "Of 100.00 TTD the platform keeps 15.00 TTD, and this is paid out: 85.00 TTD."),
        ("itutor", "in_progress.reminder.0", "The reminder: Monday, March 30, 2026, 18:55 (UTC+02:00, Berlin)."),
        # 72 hours before Thursday 18:00, or the beginning of its day.
        (
            "educai",
            "requested.timeout.0",
            "until Monday, March 30, 2026, 20:00 (UTC+02:00, Berlin). The lesson is then “declined”.",
        ),
        ("educai", "in_progress.timeout.0", "Money: owed (the payer) €25.00 and due to be paid (the tutor) €25.00."),
        ("preply", "fees.rates.2", "Counted so far: 20 hours. Of $25.00 the platform keeps $7.00"),
        ("preply", "fees.rates.0", "Kind of the lesson: trial lesson. Of $25.00 the platform keeps $25.00"),
        # Applied for in March, so April is the month.
        ("italki", "payout.apply", "from Wednesday, April 1, 2026 up to and including Thursday, April 30, 2026."),
        ("italki", "payout.minimum", "300.0 ITC is worth $30.00."),
        (
            "italki",
            "standing.missed_attendance.ladder.3",
            "It ends by itself: Tuesday, April 28, 2026, 20:00 (UTC+02:00, Berlin).",
        ),
        (
            "italki",
            "standing.missed_request.ladder.2",
            "It may be lifted from this moment on: Sunday, April 5, 2026, 20:00 (UTC+02:00, Berlin).",
        ),
        ("sharetribe_booking", "completed.on.review.0", "the student: review."),
    ],
)
def test_an_example_is_right_to_the_minute_and_the_cent(policy: str, about: str, said: str) -> None:
    """Dates and amounts worked out by hand."""
    item = _item(_explained(load_preset(policy)), about)

    assert said in " ".join(item.examples).replace("\u00a0", " ")


def test_the_italki_rules_read_well() -> None:
    """A few rules of the policy, whole."""
    explanation = _explained(load_preset("italki"))
    silence, cancel = _item(explanation, "requested.timeout.0"), _item(explanation, "agreed.on.cancel.0")

    assert (silence.title, silence.sentence) == (
        "The tutor: no answer",
        "Deadline for an answer: whichever comes first: 48 hours after the turn began or the start of the lesson. The "
        "lesson is then over: “expired”. Everything that is held is given back. Who is to blame: the tutor. A mark is "
        "noted: “unanswered request”.",
    )
    assert (cancel.title, cancel.sentence) == (
        "The student or the tutor: cancel",
        "Only if the lesson starts in more than 24 hours. The lesson is then over: “cancelled”. Everything "
        "that is held "
        "is given back.",
    )


def test_a_rule_that_others_come_before_says_so() -> None:
    """The first rule whose condition holds decides; whoever may take both has to know."""
    explanation = _explained(load_preset("cocorico"))

    first, last = (_item(explanation, f"agreed.on.cancel.{number}") for number in (1, 2))
    assert "no rule above" not in first.sentence
    assert last.sentence.startswith("Where no rule above for the same act applies.")


def test_a_rule_that_holds_in_several_states_is_written_out_once() -> None:
    """The second time it refers to the first; what moves nothing is said once for all states."""
    explanation = _explained(load_preset("italki"))

    assert _item(explanation, "delivered.on.report.0").sentence == "The same as in the state “in progress”."
    joins = _item(explanation, "in_progress.on.join.0")
    assert "problem_by_tutor.on.join.0" in joins.about
    assert "Possible in these states: “in progress”, “problem, remedy suggested by the student”," in joins.sentence


def test_an_example_names_who_had_come_only_where_that_matters() -> None:
    """A claim of a no-show depends on it, a decline does not."""
    explanation = _explained(load_preset("itutor"))

    claim = _item(explanation, "in_progress.on.claim_no_show.0")
    assert "First arrival (the tutor): Monday, March 30, 2026, 17:50" in claim.examples[0]
    contest = _item(explanation, "student_no_show_claimed.on.contest.0")
    assert "First arrival" not in contest.examples[0]


def test_the_example_lesson_lies_across_a_change_of_clocks() -> None:
    """So every length of time in an example shows of which sort it is."""
    explanation = _explained(load_preset("italki"))

    assert instant("2026-03-30T16:00:00Z") == START
    assert "Friday, March 27, 2026, 19:00 (UTC+01:00, Berlin)" in explanation.about
    assert "Monday, March 30, 2026, 18:00 (UTC+02:00, Berlin)" in explanation.about


@pytest.mark.slow
@pytest.mark.parametrize("locale", [*LOCALES, PSEUDO])
def test_every_preset_is_explained_in_every_language(locale: str) -> None:
    """Nothing is empty, no placeholder stays open, and it is as long as in English."""
    words = words_for(locale)

    for name in preset_names():
        process = load_preset(name)
        explanation, english = explain(process, words), _explained(process)
        assert "%(" not in explanation.text
        assert [len(section.items) for section in explanation.sections] == [
            len(section.items) for section in english.sections
        ]
        assert all(item.title and item.sentence and all(item.examples) for item in _items(explanation))
        assert (explanation.locale, explanation.direction) == (locale, words.direction)


def test_no_sentence_is_hard_coded() -> None:
    """In the pseudo-locale all plain letters left are those of dates, units, currencies and the policy's own name."""
    days = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday March April May"
    others = "UTC Berlin ITC TTD USD and or hour hours minute minutes italki itutor"

    for name in ("italki", "itutor"):
        found = set(_PLAIN.findall(explain(load_preset(name), words_for(PSEUDO)).text))
        assert found <= set(f"{days} {others}".split())


def test_a_policy_that_compares_with_very_much_is_explained_all_the_same() -> None:
    """Only so much is tried for examples; the rules are complete."""
    kinds = " or ".join(f'lesson.kind == "k{number}"' for number in range(60))
    rates = "".join(f"  {{ when = 'taught(tutor) < {n}h', rate = '1%' }},\n" for n in range(1, 100))
    counts = " and ".join(f"count(m, tutor, within={n}h) < {n + 1}" for n in range(1, 13))
    process = load_policy(
        f"""
        extends = "cocorico"
        id = "much"
        request.when = '({kinds}) and {counts}'
        request.silence.mark = "m"
        fees = {{ rates = [
        {rates}  {{ rate = "2%" }},
        ] }}
        [standing.m]
        ladder = [{{ at = 1000000000, effect = "notice" }}]
        """
    )

    explanation = explain(process, _EN)
    assert {f"fees.rates.{number}" for number in range(100)} <= {each for i in _items(explanation) for each in i.about}
    assert _item(explanation, "standing.m.ladder.0").examples == ()


# What it is printed as


def test_markdown_shows_names_as_they_are() -> None:
    """Whatever a policy calls things steers neither headings nor links nor HTML."""
    process = load_policy(
        """
        extends = "cocorico"
        id = "bold"
        request.when = 'lesson.kind != "<b>*x*</b>[a](b)"'
        """
    )

    markdown = explain(process, _EN).markdown
    assert r"\<b\>\*x\*\</b\>\[a\](b)" in markdown
    assert "<b>" not in markdown


def test_markdown_has_a_heading_a_section_and_a_line_a_rule() -> None:
    """Examples are lines below their rule."""
    explanation = _explained(load_preset("cocorico"))

    lines = explanation.markdown.splitlines()
    assert [line[3:] for line in lines if line.startswith("## ")] == [section.title for section in explanation.sections]
    assert sum(line.startswith("- **") for line in lines) == len(_items(explanation))
    assert sum(line.startswith("  - *Example: ") for line in lines) == sum(
        len(item.examples) for item in _items(explanation)
    )


def test_markdown_begins_with_a_list_of_contents() -> None:
    """Each line of it leads to the section whose title it is."""
    explanation = _explained(load_preset("cocorico"))

    lines = explanation.markdown.splitlines()
    for number, section in enumerate(explanation.sections, 1):
        assert lines[3 + number] == f"- [{section.title}](#section-{number})"
        anchor = lines.index(f'<a id="section-{number}"></a>')
        assert lines[anchor + 2] == f"## {section.title}"


def test_the_word_before_an_example_has_the_colon_of_its_language() -> None:
    """French parts it from the word, Japanese writes another."""
    process = load_preset("educai")

    marks = [explain(process, words_for(locale)).example for locale in ("en", "fr", "ja")]
    assert marks == ["Example: ", "Exemple\u00a0: ", "例："]


@pytest.mark.parametrize("name", ["italki", "educai"])
def test_a_short_explanation_has_the_same_rules_without_examples(name: str) -> None:
    """Nothing else is left out, but who the examples are about."""
    process = load_preset(name)
    short, full = explain_shortly(process, _EN), _explained(process)

    assert [(i.title, i.sentence, i.about) for i in _items(short)] == [
        (i.title, i.sentence, i.about) for i in _items(full)
    ]
    assert not any(item.examples for item in _items(short))
    assert full.about == f"{short.about} {cast_words(_EN, process)}"
    assert "xample" not in short.text


def test_where_nothing_is_held_nothing_is_paid_out() -> None:
    """So nothing is said of when it is available."""
    item = _item(_explained(load_preset("educai")), "payout.clears_after")

    assert item.sentence == "The platform pays nothing out: it only notes what is due to whom."


def test_text_fits_a_terminal() -> None:
    """Lines are at most a hundred characters wide where words can be parted."""
    assert max(map(len, _explained(load_preset("italki")).text.splitlines())) <= 100


def test_data_can_be_written_as_json() -> None:
    """Plain data, with the ids of what each rule is about."""
    data = json.loads(json.dumps(explain(load_preset("cocorico"), _EN).data))

    assert data["sections"][0]["items"][0]["about"] == [".on.request.0"]
