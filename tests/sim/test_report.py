"""What is said of results: measures, rows for spreadsheets, and the table of a study."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

from tutorcore.adapters.files import find_policy
from tutorcore.instants import instant
from tutorcore.ledger.statements import TrialBalance
from tutorcore.policy.codec import load_preset
from tutorcore.policy.process import Process, Unit
from tutorcore.sim.lines import defused, heading, lines_of
from tutorcore.sim.measures import Measure, measured
from tutorcore.sim.report import Report, report_of
from tutorcore.sim.results import Result, Row, Totals
from tutorcore.sim.runs import Run
from tutorcore.sim.study import Experiment, read_study

_STUDIES = Path(__file__).resolve().parents[2] / "examples" / "studies"
_AT = instant("2026-03-02T10:00:00Z")
_HOUR = timedelta(hours=1)
_NOTHING = Totals(0, 0, 0, 0, {}, {}, {})
_LESSON = Row(
    lesson="L000001",
    tutor="T1",
    student="S1",
    kind="",
    asked=_AT,
    start=_AT + 48 * _HOUR,
    end=_AT + 49 * _HOUR,
    price=1000,
    refused="",
    ending="completed",
    is_over=True,
    is_taught=True,
    agreed=_AT + 2 * _HOUR,
    ended=_AT + 72 * _HOUR,
    step="delivered.timeout[0]",
    paid=1000,
    tutor_gets=850,
    platform_gets=150,
    held=72 * _HOUR,
    rounds=1,
    occurrence=1,
    steps=5,
    tutor_marks=(),
    student_marks=(),
    verbs=("request", "accept"),
    refusals=(),
)
_EXPIRED = _LESSON._replace(
    lesson="L000002",
    ending="expired",
    is_taught=False,
    agreed=None,
    paid=0,
    tutor_gets=0,
    platform_gets=0,
    held=24 * _HOUR,
    tutor_marks=("missed_request",),
    verbs=("request",),
    refusals=(("cancel", "not_open"),),
)
_REFUSED = _EXPIRED._replace(
    lesson="L000003",
    refused="slot_taken",
    ending="",
    held=timedelta(0),
    tutor_marks=(),
    verbs=(),
    refusals=(("request", "slot_taken"),),
)


def _result(*rows: Row, totals: Totals = _NOTHING, unit: Unit = Unit("ITC", 1)) -> Result:  # noqa: B008  # frozen
    return Result("italki@2018-02", unit, 1, rows, totals, "d", TrialBalance((), ()))


# Measures


def test_shares_are_of_all_lessons_that_were_wanted() -> None:
    """A request that was refused is a lesson that somebody wanted."""
    found = measured(_result(_LESSON, _LESSON, _EXPIRED, _REFUSED))

    assert found[Measure("requests", "lessons wanted", "number")] == 4
    assert found[Measure("requests", "asked for", "share")] == Fraction(3, 4)
    assert found[Measure("requests", "agreed", "share")] == Fraction(1, 2)
    assert found[Measure("requests", "took place", "share")] == Fraction(1, 2)
    assert found[Measure("endings", "completed", "share")] == Fraction(1, 2)
    assert found[Measure("endings", "expired", "share")] == Fraction(1, 4)
    assert found[Measure("refused requests", "slot_taken", "share")] == Fraction(1, 4)


def test_endings_and_refused_requests_make_up_the_whole() -> None:
    """Every lesson that was wanted came to one end."""
    found = measured(_result(_LESSON, _EXPIRED, _EXPIRED, _REFUSED, _LESSON._replace(is_over=False, ending="agreed")))

    assert sum(value for measure, value in found.items() if measure.group in ("endings", "refused requests")) == 1
    assert found[Measure("endings", "agreed, not over", "share")] == Fraction(1, 5)


def test_money_is_in_whole_units_for_each_lesson_that_was_wanted() -> None:
    """So that two policies can be compared although they let different lessons come about."""
    found = measured(_result(_LESSON, _EXPIRED))
    yen = measured(_result(_LESSON, _EXPIRED, unit=Unit("JPY", 0)))

    assert found[Measure("money", "student pays", "money")] == 50
    assert found[Measure("money", "tutor gets", "money")] == Fraction(85, 2)
    assert found[Measure("money", "platform gets", "money")] == Fraction(15, 2)
    assert yen[Measure("money", "student pays", "money")] == 500


def test_lengths_of_time_are_those_of_the_lessons_that_have_them() -> None:
    """And are left out where there is none."""
    found = measured(_result(_LESSON, _EXPIRED, _REFUSED))
    without = measured(_result(_REFUSED))

    assert found[Measure("times", "hours until agreed, if agreed", "hours")] == 2
    assert found[Measure("times", "hours in escrow, if held", "hours")] == 48
    assert not [measure for measure in without if measure.group == "times"]


def test_marks_and_what_was_tried_in_vain_are_counted_by_name() -> None:
    """A refused request is told as such, not once more as a command."""
    found = measured(_result(_LESSON, _EXPIRED, _REFUSED, _LESSON._replace(student_marks=("late_cancel",))))

    assert {(measure.group, measure.name): value for measure, value in found.items() if measure.kind == "rate"} == {
        ("marks", "tutor: missed_request"): Fraction(1, 4),
        ("marks", "student: late_cancel"): Fraction(1, 4),
        ("refusals", "cancel: not_open"): Fraction(1, 4),
    }


def test_how_tutors_stand_is_counted_by_replication() -> None:
    """Reports, and tutors under restrictions in the end."""
    totals = Totals(0, 0, 0, 0, {}, {"missed_request": 3}, {"hidden": 2})

    found = measured(_result(_LESSON, totals=totals))

    assert found[Measure("standing", "reports: missed_request", "number")] == 3
    assert found[Measure("standing", "tutors in the end: hidden", "number")] == 2


def test_of_a_world_in_which_nobody_wants_anything_only_that_is_known() -> None:
    """There are no shares of nothing."""
    assert measured(_result()) == {Measure("requests", "lessons wanted", "number"): 0}


# Rows


def test_rows_are_lines_of_csv_with_a_heading() -> None:
    """One for each lesson; times are UTC, spans are seconds, amounts are minor units."""
    text = heading() + lines_of("italki", _result(_LESSON, _REFUSED))

    first, second = csv.DictReader(io.StringIO(text))

    assert (first["policy"], first["replication"], first["lesson"]) == ("italki", "1", "L000001")
    assert (first["asked"], first["held_seconds"]) == ("2026-03-02T10:00:00Z", "259200")
    assert (first["paid_minor"], first["currency"], first["decimals"]) == ("1000", "ITC", "1")
    assert (first["ending"], first["took_place"], first["refused"], first["verbs"]) == (
        "completed",
        "1",
        "",
        "request accept",
    )
    assert (second["agreed"], second["refused"], second["refusals"]) == ("", "slot_taken", "request:slot_taken")


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1"])
def test_no_cell_is_a_formula(formula: str) -> None:
    """A policy's name and a lesson's kind are other people's words."""
    text = heading() + lines_of(formula, _result(_LESSON._replace(kind=formula, ending=formula)))

    (line,) = csv.DictReader(io.StringIO(text, newline=""))

    assert (line["policy"], line["kind"], line["ending"]) == (defused(formula),) * 3
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line.values())


def test_words_with_commas_quotes_and_line_breaks_stay_in_their_cell() -> None:
    """As CSV has it."""
    text = heading() + lines_of('a,"b"\nc', _result(_LESSON))

    assert next(csv.DictReader(io.StringIO(text, newline="")))["policy"] == 'a,"b"\nc'


# Reports


def _experiment(*policies: str, replications: int = 3) -> Experiment:
    text = f"""\
schema = 1
name = "s"
seed = 7
replications = {replications}
from = 2026-03-02T00:00:00Z
days = 2
policies = {list(policies)}
[people]
tutors = 2
students = 5
[requests]
per_day = 1.5
lead = "4d"
duration = "1h"
price = "20.0"
"""
    return read_study(text.replace("'", '"'), "s.toml", lambda name: find_policy(name, _STUDIES))


def _run(policy: int, replication: int, result: Result) -> Run:
    return Run(policy, replication, measured(result), result.totals, f"{policy}/{replication}", "")


def _report(experiment: Experiment, *results: Sequence[Result]) -> Report:
    runs = [
        _run(policy, replication, found)
        for replication, each in enumerate(results, 1)
        for policy, found in enumerate(each)
    ]
    return report_of(experiment, runs)


def _lines(report: Report, policy: int) -> dict[tuple[str, str], Any]:
    return {(line.measure.group, line.measure.name): line for line in report.outcomes[policy].lines}


_BOTH = ("italki", "../policies/italki_24h.toml")


def test_each_policy_has_means_and_the_others_differences_to_the_first() -> None:
    """World by world."""
    better, worse = _result(_LESSON, _LESSON), _result(_LESSON, _EXPIRED)

    report = _report(_experiment(*_BOTH), (better, worse), (better, worse), (worse, _result(_EXPIRED, _EXPIRED)))

    first, second = _lines(report, 0), _lines(report, 1)
    share = ("requests", "took place")
    assert first[share].value.mean == pytest.approx(2.5 / 3)
    assert first[share].difference is None
    assert second[share].value.mean == pytest.approx(1 / 3)
    assert second[share].difference.mean == pytest.approx(-0.5)
    assert second[share].difference.half == 0.0


def test_what_never_happened_under_one_policy_happened_no_times() -> None:
    """An ending that only the other policy has is compared with none."""
    report = _report(_experiment(*_BOTH), *[(_result(_LESSON), _result(_EXPIRED))] * 3)

    second = _lines(report, 1)

    assert second["endings", "completed"].value.mean == 0.0
    assert second["endings", "completed"].difference.mean == -1.0
    assert second["endings", "expired"].difference.mean == 1.0


def test_a_mean_over_some_lessons_is_compared_where_both_have_one() -> None:
    """A replication without an agreed lesson says nothing about how long it takes to agree."""
    none, two, three = _result(_EXPIRED), _result(_LESSON), _result(_LESSON._replace(agreed=_AT + 3 * _HOUR))

    report = _report(_experiment(*_BOTH), (two, none), (two, three), (two, three))

    line = _lines(report, 1)["times", "hours until agreed, if agreed"]
    assert (line.value.count, line.difference.count, line.difference.mean) == (2, 2, 1.0)


def test_amounts_of_two_currencies_are_not_compared() -> None:
    """Their shares are."""
    report = _report(_experiment("italki", "preply"), *[(_result(_LESSON), _result(_LESSON, unit=Unit("USD", 2)))] * 3)

    second = _lines(report, 1)

    assert second["money", "student pays"].value.mean == 10.0
    assert second["money", "student pays"].difference is None
    assert second["requests", "took place"].difference is not None


def test_an_empty_world_counts_for_the_number_of_lessons_only() -> None:
    """No share is known of it, under no policy."""
    empty, full = _result(), _result(_LESSON)

    report = _report(_experiment(*_BOTH), (empty, empty), (full, full), (full, full))

    second = _lines(report, 1)
    assert second["requests", "lessons wanted"].value.count == 3
    assert second["requests", "took place"].value.count == 2
    assert second["endings", "completed"].difference.count == 2


def test_the_digest_covers_every_run_in_its_place() -> None:
    """Another digest of one run, or two runs exchanged, make another one."""
    experiment, result = _experiment(*_BOTH, replications=2), _result(_LESSON)
    runs = [_run(policy, replication, result) for replication in (1, 2) for policy in (0, 1)]
    other = [attrs.evolve(runs[0], digest="x"), *runs[1:]]
    exchanged = [attrs.evolve(runs[0], digest=runs[1].digest), attrs.evolve(runs[1], digest=runs[0].digest), *runs[2:]]

    digests = {report_of(experiment, each).digest for each in (runs, other, exchanged)}

    assert len(digests) == 3


def test_groups_stand_in_their_order_and_names_of_policies_by_the_alphabet() -> None:
    """So that two reports can be laid side by side."""
    rows = (_LESSON, _EXPIRED, _REFUSED, _LESSON._replace(ending="cancelled"))

    report = _report(_experiment("italki"), *[(_result(*rows),)] * 3)

    names = [(line.measure.group, line.measure.name) for line in report.outcomes[0].lines]
    assert names[:9] == [
        ("requests", "lessons wanted"),
        ("requests", "asked for"),
        ("requests", "agreed"),
        ("requests", "took place"),
        ("endings", "cancelled"),
        ("endings", "completed"),
        ("endings", "expired"),
        ("refused requests", "slot_taken"),
        ("money", "student pays"),
    ]


def test_a_report_says_what_it_is_about() -> None:
    """By name and by hash, so that a changed policy is noticed."""
    process: Process = load_preset("italki")

    report = _report(_experiment("italki"), *[(_result(_LESSON),)] * 3)

    (outcomes,) = report.outcomes
    assert (outcomes.name, outcomes.title, outcomes.unit) == ("italki", "italki@2018-02", process.unit)
    assert len(outcomes.hash) == 64
