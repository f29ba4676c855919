"""How Python builds expressions, what it is refused, and what can be asked about an expression."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError, UnknownName
from tutorcore.policy.analysis import (
    Names,
    anchors_read,
    between_instants,
    counts_read,
    holds_until,
    may_be_absent,
    names_read,
    needs_zone,
    reads_command,
    reads_proposed,
    supplied_read,
)
from tutorcore.policy.expressions import (
    MAX_DEPTH,
    Always,
    Amount,
    Anchor,
    And,
    AtTime,
    Calendar,
    Comparison,
    Count,
    Earliest,
    Exact,
    Expression,
    Field,
    Has,
    If,
    Latest,
    Met,
    Number,
    Portion,
    Restricted,
    Shift,
    Taught,
    Text,
    Time,
    condition,
    depth,
    walk,
)
from tutorcore.policy.parsing import parse_guard, parse_time
from tutorcore.policy.words import (
    all_of,
    always,
    any_of,
    asked,
    at_time,
    blamed,
    count,
    created,
    days,
    deadline,
    did,
    differs,
    earliest,
    end_of_day,
    entered,
    equals,
    first_entered,
    fraction,
    has,
    hours,
    if_,
    joined,
    latest,
    lesson,
    met,
    minutes,
    months,
    not_,
    notice,
    now,
    proposed,
    reason,
    remedy,
    restricted,
    reviewed,
    rounds,
    seconds,
    start_of_day,
    taught,
    weeks,
)


def read(text: str) -> Expression:
    """Return the guard or the time that a text is."""
    try:
        return parse_guard(text)
    except ValueError:
        return parse_time(text, where="reminder")


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (earliest(asked + hours(48), lesson.start), "earliest(asked + 48h, lesson.start)"),
        (latest(created, entered("agreed")), "latest(created, entered(agreed))"),
        (start_of_day(lesson.first_start), "start_of_day(lesson.first_start)"),
        (end_of_day(proposed.end), "end_of_day(proposed.end)"),
        (at_time(lesson.start - days(1), "9:30"), "at_time(lesson.start - 1d, 09:30)"),
        (if_(rounds >= 2, did("accept"), joined("student")), "if(rounds >= 2, did(accept), joined(student))"),
        (lesson.start + fraction("1/3"), "lesson.start + 1/3 lesson"),
        (lesson.start + fraction("33%"), "lesson.start + 33% lesson"),
        (lesson.start + fraction("33.5%"), "lesson.start + 33.5% lesson"),
        (lesson.start + fraction(Fraction(1, 4)), "lesson.start + 25% lesson"),
        (first_entered("agreed") + weeks(1), "first_entered(agreed) + 1w"),
        (asked + months(1), "asked + 1mo"),
        (asked + seconds(5), "asked + 5s"),
        (now - created <= days(14), "now - created <= 14d"),
        (lesson.start - now >= hours(1), "lesson.start - now >= 1h"),
        (notice < minutes(30), "notice < 30m"),
        (lesson.price > "20.00", "lesson.price > 20.00"),
        (lesson.price > 20, "lesson.price > 20"),
        (proposed.price <= Decimal("0.5"), "proposed.price <= 0.5"),
        (equals(lesson.kind, "trial"), 'lesson.kind == "trial"'),
        (differs(reason, ""), 'reason != ""'),
        (equals(rounds, 1), "rounds == 1"),
        (reviewed("student") + days(14), "reviewed(student) + 14d"),
        (equals(blamed, "tutor"), 'blamed == "tutor"'),
        (taught("tutor") < hours(20), "taught(tutor) < 20h"),
        (taught("student", days(90)) >= minutes(90), "taught(student, within=90d) >= 90m"),
        (hours(20) > taught("tutor", within=hours(1)), "20h > taught(tutor, within=1h)"),
        (has("requester", "can_request_sessions"), "has(requester, can_request_sessions)"),
        (not_(has("tutor", "meeting_provider")), "not has(tutor, meeting_provider)"),
        (not_(not_(has("tutor", "a1_"))), "not (not has(tutor, a1_))"),
        (restricted("tutor", "wallet_frozen"), "restricted(tutor, wallet_frozen)"),
        (not_(restricted("tutor", "locked")), "not restricted(tutor, locked)"),
        (met("student", "tutor"), "met(student, tutor)"),
        (any_of(not_(met("tutor", "payer")), always), "not met(tutor, payer) or true"),
        (differs(remedy, "pay"), 'remedy != "pay"'),
        (count("late", "student", days(90)) < 2, "count(late, student, within=90d) < 2"),
        (all_of(always, any_of(always, not_(always))), "true and (true or not true)"),
    ],
)
def test_builders_print_as_texts(built: Expression, text: str) -> None:
    """What Python builds prints as the text that parses to it."""
    assert str(built) == text
    assert read(text) == built


def test_written_values_may_stand_on_the_left() -> None:
    """Python turns `2 > rounds` into the guard with the field on the left."""
    two = 2

    assert str(two > rounds) == "rounds < 2"


def test_equality_compares_trees() -> None:
    """`==` is structural, so expressions can be compared and hashed; `equals` makes a guard."""
    assert lesson.start == Anchor("lesson.start")
    assert len({asked + hours(1), asked + hours(1), asked + minutes(60)}) == 2


def test_amounts_keep_the_decimals_they_were_written_with() -> None:
    """`20` and `20.00` print differently, so they are different trees."""
    assert Amount(Decimal("20")) != Amount(Decimal("20.00"))
    assert Amount(Decimal("20.00")).decimals == 2


def test_an_exact_duration_is_a_timedelta() -> None:
    """Hours, minutes and seconds add up."""
    assert Exact(1, 30, 5).delta == timedelta(hours=1, minutes=30, seconds=5)


def test_a_guard_has_no_truth_value() -> None:
    """`and` between guards, and a chain of comparisons, fail loudly instead of dropping a part."""
    with pytest.raises(InvalidType, match="all_of"):
        _ = notice > hours(1) and rounds < 5
    with pytest.raises(InvalidType, match="all_of"):
        _ = created < asked < entered


def wrong(value: object) -> Any:
    """Return a value that the type checker shall not warn of: the refusal at run time is what is tested."""
    return value


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Anchor("askd"), UnknownName, "did you mean 'asked'"),
        (lambda: Anchor("asked", "x"), UnknownName, "unknown anchor 'asked'"),
        (lambda: Anchor("joined"), UnknownName, "unknown anchor 'joined'"),
        (lambda: entered("two words"), InvalidValue, "a name of letters"),
        (lambda: entered(wrong(object())), InvalidType, "a name"),
        (lambda: asked("agreed"), InvalidType, "the only one that is both"),
        (lambda: entered("agreed")("agreed"), InvalidType, "the only one that is both"),
        (lambda: did(""), InvalidValue, "a name"),
        (lambda: joined(""), InvalidValue, "a name"),
        (lambda: first_entered(""), InvalidValue, "a name"),
        (lambda: Field("lesson.cost"), UnknownName, "unknown field"),
        (lambda: asked + wrong(object()), InvalidType, "a written duration"),
        (lambda: asked - wrong(object()), InvalidType, "a written duration"),
        (lambda: asked + wrong(notice), InvalidType, "a written duration"),
        (lambda: asked + wrong(asked), InvalidType, "a written duration"),
        (lambda: Shift(asked, wrong("*"), hours(1)), InvalidValue, "'\\+' or '-'"),
        (lambda: earliest(asked), InvalidValue, "two or more"),
        (lambda: earliest(asked, wrong(hours(1))), InvalidType, "an instant"),
        (lambda: Earliest(wrong([asked, created])), InvalidType, "a tuple"),
        (lambda: all_of(always), InvalidValue, "two or more"),
        (lambda: any_of(always, wrong(asked)), InvalidType, "a condition"),
        (lambda: not_(wrong(asked)), InvalidType, "a condition"),
        (lambda: if_(wrong(asked), asked, asked), InvalidType, "a condition"),
        (lambda: start_of_day(wrong(hours(1))), InvalidType, "an instant"),
        (lambda: at_time(asked, "noon"), InvalidValue, "a text such as '17:00'"),
        (lambda: at_time(asked, "24:00"), InvalidValue, "00:00 to 23:59"),
        (lambda: AtTime(asked, 12, 60), InvalidValue, "00:00 to 23:59"),
        (lambda: AtTime(asked, -1, 0), InvalidValue, "not below zero"),
        (lambda: hours(wrong(1.5)), InvalidType, "a whole number"),
        (lambda: hours(True), InvalidType, "a whole number"),
        (lambda: hours(-1), InvalidValue, "not below zero"),
        (lambda: hours(10**6), InvalidValue, "at most ten years"),
        (lambda: days(3721), InvalidValue, "at most ten years"),
        (lambda: fraction(wrong(0.33)), InvalidType, "a Fraction"),
        (lambda: fraction("a third"), InvalidValue, "1/3"),
        (lambda: fraction("1/0"), InvalidValue, "1/3"),
        (lambda: fraction("4/3"), InvalidValue, "from 0 to 1"),
        (lambda: Portion(wrong(0.5)), InvalidType, "an exact fraction"),
        (lambda: Count("late", "student", wrong(fraction("1/3"))), InvalidType, "days"),
        (lambda: Count("late", "two words"), InvalidValue, "a name"),
        (lambda: reviewed(""), InvalidValue, "a name"),
        (lambda: taught(""), InvalidValue, "a name"),
        (lambda: taught(wrong(object())), InvalidType, "a name"),
        (lambda: taught("tutor", wrong(fraction("1/3"))), InvalidType, "days"),
        (lambda: taught("tutor") < wrong(20), InvalidType, "a duration"),
        (lambda: taught("tutor") < days(20), InvalidValue, r"an exact duration such as 20h beside taught\(tutor\)"),
        (lambda: days(20) > taught("tutor"), InvalidValue, r"an exact duration such as 20h beside taught\(tutor\)"),
        (lambda: taught("tutor") < fraction("1/3"), InvalidValue, "an exact duration"),
        (lambda: notice > taught("tutor"), InvalidValue, "an exact duration"),
        (lambda: taught("tutor") > taught("student"), InvalidValue, r"beside taught\(tutor\)"),
        (lambda: taught("tutor") > lesson.start, InvalidValue, "a duration on both sides"),
        (lambda: asked + wrong(taught("tutor")), InvalidType, "a written duration"),
        (lambda: has("", "meeting_provider"), InvalidValue, "a name of letters"),
        (lambda: has("tutor", ""), InvalidValue, "small letters"),
        (lambda: has("tutor", "Meetings"), InvalidValue, "small letters"),
        (lambda: has("tutor", "_meetings"), InvalidValue, "small letters"),
        (lambda: has("tutor", "1st"), InvalidValue, "small letters"),
        (lambda: has("tutor", "a" * 65), InvalidValue, "small letters"),
        (lambda: has("tutor", wrong(object())), InvalidType, "a name"),
        (lambda: restricted("", "hidden"), InvalidValue, "a name of letters"),
        (lambda: restricted("tutor", wrong("hiden")), InvalidValue, "one of hidden, existing_only, requests_blocked"),
        (lambda: restricted("tutor", wrong(None)), InvalidValue, "one of hidden"),
        (lambda: met("student", "my tutor"), InvalidValue, "a name of letters"),
        (lambda: met("tutor", "tutor"), InvalidValue, "another role than tutor"),
        (lambda: Number(10**10), InvalidValue, "at most"),
        (lambda: Amount(wrong(20.0)), InvalidType, "floats are refused"),
        (lambda: Amount(Decimal("NaN")), InvalidValue, "a plain number"),
        (lambda: Amount(Decimal("-1")), InvalidValue, "a plain number"),
        (lambda: Amount(Decimal(10**15)), InvalidValue, "a plain number"),
        (lambda: Amount(Decimal("1E+2")), InvalidValue, "a plain number"),
        (lambda: Amount(Decimal("0.0000001")), InvalidValue, "6 decimals"),
        (lambda: lesson.price > wrong(20.0), InvalidType, "an amount of money"),
        (lambda: lesson.price > True, InvalidType, "an amount of money"),
        (lambda: lesson.price > "dear", InvalidValue, "a decimal number"),
        (lambda: rounds < "5", InvalidType, "a count"),
        (lambda: equals(lesson.kind, 5), InvalidType, "a text"),
        (lambda: equals(lesson.kind, 'a"b'), InvalidValue, "without quotes"),
        (lambda: equals(lesson.kind, "a\nb"), InvalidValue, "without quotes"),
        (lambda: equals(lesson.kind, "a" * 201), InvalidValue, "up to 200"),
        (lambda: Text(wrong(object())), InvalidType, "a text"),
        (lambda: Comparison(wrong(always), "==", wrong(always)), InvalidType, "can be compared"),
        (lambda: Comparison(rounds, wrong("<>"), Number(1)), InvalidValue, "one of < <= >"),
        (lambda: notice > lesson.start, InvalidValue, "a duration on both sides"),
        (lambda: Comparison(Text("a"), "==", Text("a")), InvalidValue, "not two written values"),
        (lambda: lesson.duration > days(1), InvalidValue, "compared with notice"),
        (lambda: lesson.kind > "a", InvalidValue, "== or !="),
    ],
)
def test_what_cannot_be_meant_cannot_be_built(make: Callable[[], object], error: type[Exception], message: str) -> None:
    """An expression that exists is valid: every mistake is refused where it is made."""
    with pytest.raises(error, match=message):
        make()


def test_a_tree_too_deep_is_refused() -> None:
    """A tree as deep as the limit is built; one level more is not."""
    time: Time = asked
    for _ in range(MAX_DEPTH - 1):
        time = start_of_day(time)

    assert depth(time) == MAX_DEPTH
    assert parse_time(str(time)) == time
    with pytest.raises(InvalidValue, match="nested"):
        start_of_day(time)


def test_the_deepest_texts_of_denials_are_read_back() -> None:
    """A tree of denials prints with two levels of grammar each and is still within the parser's limit."""
    guard: Any = And((always, always))
    for _ in range(MAX_DEPTH - 2):
        guard = not_(guard)

    assert depth(guard) == MAX_DEPTH
    assert parse_guard(str(guard)) == guard


def test_a_tree_too_long_is_refused() -> None:
    """What prints longer than the parser reads cannot be built."""
    with pytest.raises(InvalidValue, match="characters long"):
        earliest(*[asked] * 600)


def test_walking_goes_from_left_to_right() -> None:
    """A walk yields a node and then what is below it, as it is written."""
    texts = [str(node) for node in walk(earliest(asked + hours(1), created))]

    assert texts == ["earliest(asked + 1h, created)", "asked + 1h", "asked", "1h", "created"]


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        ("created", set()),
        ("lesson.start + 1h", set()),
        ("proposed.start", set()),
        ("deadline - 1h", set()),
        ("notice > 1h and now > created", set()),
        ("asked", {"asked"}),
        ("entered", {"entered"}),
        ("earliest(entered(agreed), first_entered(agreed))", {"entered(agreed)", "first_entered(agreed)"}),
        ("not (joined(student) < lesson.first_start)", {"joined(student)", "lesson.first_start"}),
        ("if(did(accept) < asked, asked, created)", {"did(accept)", "asked"}),
        ("earliest(reviewed(tutor), reviewed(student), lesson.end)", {"reviewed(tutor)", "reviewed(student)"}),
        ("taught(tutor) < 20h and has(tutor, reviewed)", set()),
    ],
)
def test_the_anchors_a_timeline_must_keep(text: str, anchors: set[str]) -> None:
    """Only anchors that nothing else of a lesson answers are named."""
    assert anchors_read(read(text)) == anchors


def test_the_facts_a_guard_reads() -> None:
    """Count terms are the facts that must be supplied."""
    guard = parse_guard("count(late, student, within=90d) < 2 or count(late, tutor) > rounds")

    assert counts_read(guard) == {Count("late", "student", Calendar(days=90)), Count("late", "tutor")}


def test_time_taught_is_a_fact_like_a_count() -> None:
    """Time taught must be supplied too; whoever gathers it asks for its mark, its role and its window."""
    guard = parse_guard("taught(tutor) < 20h and (count(late, tutor) < 1 or 1h <= taught(student, within=90d))")

    assert counts_read(guard) == {Taught("tutor"), Taught("student", Calendar(days=90)), Count("late", "tutor")}
    gathered = {(tally.mark, tally.role, tally.within) for tally in counts_read(guard)}
    assert gathered == {
        ("taught", "tutor", None),
        ("taught", "student", Calendar(days=90)),
        ("late", "tutor", None),
    }


def test_the_permissions_a_guard_reads() -> None:
    """Terms about permissions are named wherever they stand, and are no counts."""
    guard = parse_guard("not has(tutor, meeting_provider) or (rounds < 5 and has(requester, can_request_sessions))")

    assert supplied_read(guard) == {Has("tutor", "meeting_provider"), Has("requester", "can_request_sessions")}
    assert counts_read(guard) == frozenset()
    assert supplied_read(parse_time("if(has(tutor, quick), asked, created)")) == {Has("tutor", "quick")}


def test_restrictions_and_acquaintance_are_supplied_like_permissions() -> None:
    """What is taken away from a tutor, and who met whom, is named among what must be supplied."""
    guard = parse_guard("not restricted(tutor, requests_blocked) and (met(student, tutor) or has(tutor, quick))")

    assert supplied_read(guard) == {
        Restricted("tutor", "requests_blocked"),
        Met("student", "tutor"),
        Has("tutor", "quick"),
    }
    assert counts_read(guard) == frozenset()


def test_a_guard_that_always_holds_is_no_condition() -> None:
    """So that equal tables are equal values, `true` is the same as nothing."""
    guard = notice >= hours(24)

    assert condition(guard) is guard
    assert condition(always) is None
    assert condition(None) is None


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ('reason == "ill"', True),
        ('"tutor" == blamed', True),
        ('if(blamed == "tutor", asked, created)', True),
        ("rounds < 5 and not has(tutor, reason)", False),
        ('"pay" != remedy', True),
        ('rounds < 5 and (notice < 1h or remedy == "split")', True),
        ('lesson.kind == "reason"', False),
        ('lesson.kind == "remedy" or restricted(tutor, hidden) or met(student, tutor)', False),
        ("asked", False),
    ],
)
def test_whether_only_a_command_can_answer(text: str, reads: bool) -> None:
    """The reason, whom it blames and the remedy come with a command, and nothing else does."""
    assert reads_command(read(text)) is reads


@pytest.mark.parametrize(
    ("node", "absent"),
    [
        (reviewed("tutor"), True),
        (reviewed("tutor") + hours(1), True),
        (blamed, True),
        (reason, True),
        (remedy, True),
        (deadline - hours(12), True),
        (Latest((deadline, entered)), False),
        (taught("tutor"), False),
        (has("tutor", "quick"), False),
        (restricted("tutor", "hidden"), False),
        (met("student", "tutor"), False),
    ],
)
def test_what_may_be_absent(node: Expression, absent: bool) -> None:
    """Reviews, blame, remedies and deadlines may be missing; time taught and what is supplied are always answered."""
    assert may_be_absent(node) is absent


def test_the_roles_an_expression_mentions() -> None:
    """Roles are named by anchors, counts, times taught, what is supplied, and texts that `blamed` is compared with."""
    guard = parse_guard(
        'reviewed(a) < now and count(late, b) < 1 and taught(c) < 1h and has(d, quick) and blamed != "e" '
        'and "f" == blamed and lesson.kind == "no role" and blamed == lesson.kind '
        "and restricted(g, hidden) and met(h, i)"
    )

    assert names_read(guard) == Names(roles=frozenset("abcdefghi"), marks=frozenset({"late"}))


def test_the_remedies_an_expression_mentions() -> None:
    """Remedies are named by the texts that `remedy` is compared with, on whichever side, and by no others."""
    guard = parse_guard('remedy == "pay" or "refnd" != remedy or reason == "split" or remedy == lesson.kind')

    assert names_read(guard) == Names(remedies=frozenset({"pay", "refnd"}))


def test_the_names_an_expression_mentions() -> None:
    """States, moves, roles and marks are told apart."""
    guard = parse_guard(
        "entered(agreed) < did(accept) and first_entered(asked_again) < joined(tutor) and count(late, student) < 1"
    )

    assert names_read(guard) == Names(
        states=frozenset({"agreed", "asked_again"}),
        moves=frozenset({"accept"}),
        roles=frozenset({"tutor", "student"}),
        marks=frozenset({"late"}),
    )


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("lesson.start", False),
        ("earliest(asked, proposed.start)", True),
        ("proposed.price > lesson.price", True),
        ("notice > 1h", False),
    ],
)
def test_whether_an_open_change_is_read(text: str, reads: bool) -> None:
    """The words of `proposed` mean something only beside an open change."""
    assert reads_proposed(read(text)) is reads


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("asked + 48h", False),
        ("asked + 1/3 lesson", False),
        ("asked + 2d", True),
        ("start_of_day(asked)", True),
        ("end_of_day(asked)", True),
        ("at_time(asked, 17:00)", True),
        ("if(notice > 2d, asked, created)", True),
        ("notice > 2h", False),
        ("notice > 2d", True),
        ("2d < notice", True),
        ("count(late, student, within=90d) < 1", True),
        ("count(late, student, within=90h) < 1", False),
        ("taught(tutor, within=90d) < 20h", True),
        ("taught(tutor, within=90h) < 20h", False),
        ("taught(tutor) < 20h", False),
    ],
)
def test_whether_a_zone_is_needed(text: str, needs: bool) -> None:
    """A zone is needed wherever days are counted, and not for the label of a count."""
    assert needs_zone(read(text)) is needs


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("notice >= 24h", "lesson.start - 24h"),
        ("notice > 24h", "lesson.start - 24h"),
        ("24h <= notice", "lesson.start - 24h"),
        ("notice > 2d", "lesson.start - 2d"),
        ("notice > 1/3 lesson", "lesson.start - 1/3 lesson"),
        ("1/3 lesson < notice", "lesson.start - 1/3 lesson"),
        ("now < lesson.start", "lesson.start"),
        ("now <= asked + 1h", "asked + 1h"),
        ("lesson.start > now", "lesson.start"),
        ("lesson.start >= now", "lesson.start"),
        ("now - created <= 14d", "created + 14d"),
        ("lesson.end - now > 1h", "lesson.end - 1h"),
        ("notice >= 24h and rounds < 5", "lesson.start - 24h"),
        ("notice >= 24h and (rounds < 5 and now < asked)", "earliest(lesson.start - 24h, asked)"),
        ("true", None),
        ("rounds < 5", None),
        ("rounds < 5 and true", None),
        ("notice < 24h", None),
        ("now > lesson.start", None),
        ("lesson.start < now", None),
        ("now == lesson.start", None),
        ("now < now + 1h", None),
        ("now < if(notice > 1h, asked, created)", None),
        ("asked < created", None),
        ("asked - created < 1h", None),
        ("notice > now - created", None),
        ("lesson.price > 20", None),
        ("notice >= 24h or true", None),
        ("not (notice < 24h)", None),
        ("has(tutor, quick)", None),
        ("taught(tutor) < 20h", None),
        ("has(tutor, quick) and notice >= 24h", "lesson.start - 24h"),
    ],
)
def test_the_instant_until_which_a_guard_holds(text: str, until: str | None) -> None:
    """A guard that the passing of time alone turns false names that instant; others name none."""
    found = holds_until(parse_guard(text))

    assert (None if found is None else str(found)) == until


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("notice >= 2d", "lesson.start - 2d >= now"),
        ("2d <= notice", "lesson.start - 2d >= now"),
        ("now - created <= 14d", "now <= created + 14d"),
        ("lesson.end - now > 1d", "lesson.end - 1d > now"),
        ("lesson.end - created > 1d", "lesson.end - 1d > created"),
        ("now - now > 1d", "now - 1d > now"),
        ("notice >= 24h", "lesson.start - 24h >= now"),
        ("lesson.duration > 1h", None),
        ("rounds < 5", None),
    ],
)
def test_elapsed_time_is_measured_from_what_is_not_now(text: str, meaning: str | None) -> None:
    """A duration beside an elapsed time moves the side that is not `now`, and the left one if neither is."""
    comparison = parse_guard(text)
    assert isinstance(comparison, Comparison)
    found = between_instants(comparison)

    assert (None if found is None else str(found)) == meaning


def test_kinds_are_told_by_every_part() -> None:
    """Each part knows what kind of value it has."""
    kinds = {lesson.start.kind, hours(1).kind, (asked - now).kind, notice.kind, lesson.price.kind, reason.kind}

    assert kinds == {"instant", "duration", "money", "text"}
    assert Always().kind == "guard"
    assert (blamed.kind, taught("tutor").kind, has("tutor", "quick").kind) == ("text", "duration", "guard")
    assert (remedy.kind, restricted("tutor", "hidden").kind, met("student", "tutor").kind) == ("text", "guard", "guard")
    assert (rounds.kind, Number(1).kind, Count("late", "student").kind) == ("count", "count", "count")
    assert isinstance(if_(always, asked, created), If)


def test_every_refusal_is_the_librarys_own() -> None:
    """Misuse raises a TutorcoreError that is also the fitting builtin."""
    with pytest.raises(TutorcoreError):
        hours(-1)
    with pytest.raises(ValueError, match="not below zero"):
        hours(-1)
