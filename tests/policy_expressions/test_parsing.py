"""What texts say, how they print, and where errors point."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest

from tutorcore.errors import InvalidType, TutorcoreError
from tutorcore.policy.analysis import Names
from tutorcore.policy.expressions import MAX_LENGTH, Always, Amount, Comparison, Number
from tutorcore.policy.expressions import Calendar as CalendarDuration
from tutorcore.policy.expressions import Exact as ExactDuration
from tutorcore.policy.parsing import ExpressionError, parse_duration, parse_guard, parse_time
from tutorcore.policy.words import (
    all_of,
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("created", created),
        ("asked", asked),
        ("entered", entered),
        ("entered(agreed)", entered("agreed")),
        ("first_entered(agreed)", first_entered("agreed")),
        ("did(accept)", did("accept")),
        ("joined(student)", joined("student")),
        ("reviewed(student)", reviewed("student")),
        ("reviewed(tutor) + 14d", reviewed("tutor") + days(14)),
        ("if(has(tutor, quick), asked, created)", if_(has("tutor", "quick"), asked, created)),
        ("lesson.start", lesson.start),
        ("lesson.end", lesson.end),
        ("lesson.first_start", lesson.first_start),
        ("proposed.start", proposed.start),
        ("proposed.end", proposed.end),
        ("asked + 90s", asked + seconds(90)),
        ("asked + 30m", asked + minutes(30)),
        ("asked + 48h", asked + hours(48)),
        ("asked + 1h 30m", asked + ExactDuration(1, 30)),
        ("lesson.end + 2d", lesson.end + days(2)),
        ("lesson.end - 1w", lesson.end - weeks(1)),
        ("lesson.end + 3mo", lesson.end + months(3)),
        ("lesson.start + 1/3 lesson", lesson.start + fraction("1/3")),
        ("lesson.start + 33% lesson", lesson.start + fraction("33%")),
        ("asked + 1d + 2h", asked + days(1) + hours(2)),
        ("earliest(asked + 48h, lesson.start)", earliest(asked + hours(48), lesson.start)),
        ("latest(asked, entered, created)", latest(asked, entered, created)),
        ("earliest(earliest(asked, created), entered)", earliest(earliest(asked, created), entered)),
        ("start_of_day(lesson.start)", start_of_day(lesson.start)),
        ("end_of_day(lesson.start)", end_of_day(lesson.start)),
        ("at_time(lesson.start - 1d, 17:00)", at_time(lesson.start - days(1), "17:00")),
        ("if(rounds < 5, asked, created)", if_(rounds < 5, asked, created)),
        ("if(now < lesson.start, asked, created)", if_(now < lesson.start, asked, created)),
    ],
)
def test_a_time_is_read_and_printed(text: str, expected: object) -> None:
    """Every anchor, function and duration is read as the builders make it, and prints as it was written."""
    parsed = parse_time(text)

    assert parsed == expected
    assert str(parsed) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", Always()),
        ("notice >= 24h", notice >= hours(24)),
        ("notice > 24h", notice > hours(24)),
        ("24h <= notice", hours(24) <= notice),
        ("24h < notice", hours(24) < notice),
        ("now - created <= 48h", now - created <= hours(48)),
        ("now - (asked + 2h) < 1d", now - (asked + hours(2)) < days(1)),
        ("asked + 2h - created < 1h", asked + hours(2) - created < hours(1)),
        ("now < lesson.start", now < lesson.start),
        ('lesson.kind == "trial"', equals(lesson.kind, "trial")),
        ('reason != "ill"', differs(reason, "ill")),
        ("proposed.kind == lesson.kind", equals(proposed.kind, lesson.kind)),
        ("rounds < 5", rounds < 5),
        ("5 > rounds", Comparison(Number(5), ">", rounds)),
        ("lesson.price >= 20.00", lesson.price >= "20.00"),
        ("lesson.price >= 20", lesson.price >= 20),
        ("20.00 <= proposed.price", Comparison(Amount(Decimal("20.00")), "<=", proposed.price)),
        ("proposed.price > lesson.price", proposed.price > lesson.price),
        ("lesson.duration >= 30m", lesson.duration >= minutes(30)),
        ("proposed.duration == lesson.duration", equals(proposed.duration, lesson.duration)),
        ("count(late_cancel, student) < 2", count("late_cancel", "student") < 2),
        ("count(late_cancel, student, within=90d) < 2", count("late_cancel", "student", days(90)) < 2),
        (
            "not (joined(student) < lesson.start + 1/3 lesson)",
            not_(joined("student") < lesson.start + fraction("1/3")),
        ),
        ('blamed == "tutor"', equals(blamed, "tutor")),
        ("taught(tutor) < 20h", taught("tutor") < hours(20)),
        ("20h > taught(tutor)", hours(20) > taught("tutor")),
        ("taught(student, within=90d) >= 1h 30m", taught("student", days(90)) >= ExactDuration(1, 30)),
        ("has(tutor, meeting_provider)", has("tutor", "meeting_provider")),
        ("not has(tutor, meeting_provider)", not_(has("tutor", "meeting_provider"))),
        ("restricted(tutor, requests_blocked)", restricted("tutor", "requests_blocked")),
        ("not restricted(tutor, locked)", not_(restricted("tutor", "locked"))),
        ("met(student, tutor)", met("student", "tutor")),
        ('remedy == "reschedule"', equals(remedy, "reschedule")),
        (
            "has(requester, can_request_sessions) and notice >= 24h",
            all_of(has("requester", "can_request_sessions"), notice >= hours(24)),
        ),
        ("not true", not_(Always())),
        ("not (not true)", not_(not_(Always()))),
        ("true and rounds < 5 and true", all_of(Always(), rounds < 5, Always())),
        ("(true or true) and true", all_of(any_of(Always(), Always()), Always())),
        ("(true and true) or true", any_of(all_of(Always(), Always()), Always())),
    ],
)
def test_a_guard_is_read_and_printed(text: str, expected: object) -> None:
    """Every comparison and connective is read as the builders make it, and prints as it was written."""
    parsed = parse_guard(text)

    assert parsed == expected
    assert str(parsed) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("( asked+48h )", "asked + 48h"),
        ("asked + (48h)", "asked + 48h"),
        ("earliest( asked ,lesson.start )", "earliest(asked, lesson.start)"),
        ("asked\n  + 48h", "asked + 48h"),
        ("at_time(asked, 9:05)", "at_time(asked, 09:05)"),
        ("asked + 048h", "asked + 48h"),
        ("asked + 0h", "asked + 0s"),
        ("asked + 0mo", "asked + 0d"),
        ("asked + 2/6 lesson", "asked + 1/3 lesson"),
        ("asked + 1/2 lesson", "asked + 50% lesson"),
        ("asked + 12.50% lesson", "asked + 12.5% lesson"),
        ("asked + 6.05% lesson", "asked + 6.05% lesson"),
        ("asked + 100% lesson", "asked + 100% lesson"),
        ("asked + 0% lesson", "asked + 0% lesson"),
        ("if(not rounds<5 and true, asked, created)", "if(not (rounds < 5) and true, asked, created)"),
        ("if(true and true or true, asked, created)", "if((true and true) or true, asked, created)"),
        ("if(not(has( tutor,quick )), asked, created)", "if(not has(tutor, quick), asked, created)"),
        ("if(1d<notice or (has(tutor,quick)), asked, created)", "if(1d < notice or has(tutor, quick), asked, created)"),
        (
            "if(taught( tutor,within = 1w 2d )<90m, asked, created)",
            "if(taught(tutor, within=1w 2d) < 90m, asked, created)",
        ),
        ("if(lesson.kind == 'trial', asked, created)", 'if(lesson.kind == "trial", asked, created)'),
        ("if(lesson.price<020.50, asked, created)", "if(lesson.price < 20.50, asked, created)"),
        (
            "if(count( late,student,within = 1w 2d )<1, asked, created)",
            "if(count(late, student, within=1w 2d) < 1, asked, created)",
        ),
    ],
)
def test_texts_have_one_canonical_form(text: str, canonical: str) -> None:
    """However a time is spaced, wrapped or abbreviated, it prints in one form, and that form prints itself."""
    parsed = parse_time(text)

    assert str(parsed) == canonical
    assert str(parse_time(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("48h", hours(48)),
        ("1h 30m 5s", ExactDuration(1, 30, 5)),
        ("1mo 2w 3d", CalendarDuration(1, 2, 3)),
        ("1/3 lesson", fraction("1/3")),
    ],
)
def test_a_duration_is_read_by_itself(text: str, expected: object) -> None:
    """A duration alone is read as one."""
    assert parse_duration(text) == expected


def test_a_reminder_counts_from_its_deadline() -> None:
    """`deadline` is an anchor in reminders."""
    assert parse_time("deadline - 12h", where="reminder") == deadline - hours(12)


def test_a_time_in_a_guard_may_name_the_present() -> None:
    """`now` is an anchor where guards are read."""
    assert parse_time("now + 1h", where="guard") == now + hours(1)


KNOWN_ANCHORS = (
    "created, asked, entered, lesson.start, lesson.end, lesson.first_start, proposed.start, proposed.end, "
    "entered(state), first_entered(state), did(move), joined(role), reviewed(role)"
)
KNOWN_FUNCTIONS = "earliest(...), latest(...), start_of_day(...), end_of_day(...), at_time(...), if(...)"
DURATIONS = "90s, 30m, 48h (exact), 2d, 1w, 3mo (calendar), 1/3 lesson, 33% lesson"

TIME_ERRORS = [
    # Unreadable.
    ("", "", "expected a value, found the end", None),
    ("asked + ", "", "expected a value, found the end", None),
    ("asked $ 48h", "$", "unexpected '$'", None),
    ("asked + 48h)", ")", "expected the expression to end here, found ')'", None),
    ("asked lesson.start", "lesson.start", "expected the expression to end here, found 'lesson.start'", None),
    ("(asked + 48h", "", "expected ')' to close the parenthesis, found the end", None),
    ("asked \u2212 48h", "\u2212", "unexpected '\u2212'", "-"),
    ("\u2013 48h", "\u2013", "expected a value, found '\u2013'", "-"),
    ("and", "and", "expected a value, found 'and'", None),
    # Names.
    ("askd + 48h", "askd", f"unknown name 'askd'; known: {KNOWN_ANCHORS}, {KNOWN_FUNCTIONS}", "asked"),
    ("asked + lesson", "lesson", f"unknown name 'lesson'; known: {KNOWN_ANCHORS}, {KNOWN_FUNCTIONS}", "lesson.end"),
    ("xyzzy", "xyzzy", f"unknown name 'xyzzy'; known: {KNOWN_ANCHORS}, {KNOWN_FUNCTIONS}", None),
    ("joined", "joined", "'joined' needs its role: joined(role)", None),
    ("earliest", "earliest", "'earliest' is a function and needs its parentheses", None),
    ("asked(x)", "asked", "'asked' takes nothing in parentheses", None),
    ("joined()", ")", "expected a role, found ')'", None),
    ("joined(lesson.start)", "lesson.start", "expected a role, found 'lesson.start'", None),
    ("did(accept, x)", ",", "expected ')' to close did(, found ','", None),
    ("did(" + "a" * 65 + ")", "did(" + "a" * 65 + ")", None, None),
    # Not known, and not known here.
    (
        "next_weekday(lesson.start)",
        "next_weekday",
        "'next_weekday' is not known; known: earliest, latest, start_of_day, end_of_day, at_time, if, entered, "
        "first_entered, did, joined, reviewed",
        None,
    ),
    ("earlest(asked, created)", "earlest", None, "earliest"),
    ("lesson.start - 1 business day", "business", f"business time is not known; durations are {DURATIONS}", None),
    ("now + 1h", "now", "'now' is known only in guards; 'entered' and 'asked' say when the window opened", None),
    ("deadline - 1h", "deadline", "'deadline' is known only in reminders", None),
    ("notice", "notice", "'notice' is known only in guards", None),
    ("true", "true", "'true' is known only in guards", None),
    ("count(late, student)", "count", "'count' is known only in guards", None),
    ("taught(tutor)", "taught", "'taught' is known only in guards", None),
    ("has(tutor, quick)", "has", "'has' is known only in guards", None),
    ("restricted(tutor, hidden)", "restricted", "'restricted' is known only in guards", None),
    ("met(student, tutor)", "met", "'met' is known only in guards", None),
    ("remedy", "remedy", "'remedy' is known only in guards", None),
    ("hours(tutor)", "hours", None, None),
    ("blamed", "blamed", "'blamed' is known only in guards", None),
    ("reviewed", "reviewed", "'reviewed' needs its role: reviewed(role)", None),
    ("reviewd(tutor)", "reviewd", None, "reviewed"),
    ('joined("student")', '"student"', "expected a role, found '\"student\"'", "student"),
    ("did('two words')", "'two words'", None, None),
    ("if(true, now, asked)", "now", None, None),
    # Durations.
    ("asked + 48", "48", "'48' is a plain number; a duration is expected here", "48h"),
    ("asked + 1.5", "1.5", "'1.5' is a plain number; a duration is expected here", None),
    ("asked + 48hours", "48hours", "unknown unit 'hours'; known: h, m, s, mo, w, d", "48h"),
    ("asked + 48x", "48x", "unknown unit 'x'; known: h, m, s, mo, w, d", None),
    ("asked + 48 hours", "48 hours", "a duration is written in one word", "48h"),
    ("asked + 48 h", "48 h", "a duration is written in one word", "48h"),
    ("asked + 1.5h", "1.5h", "durations are whole numbers; write 1h 30m or 90m", None),
    ("asked + 30m 1h", "1h", "units stand once each, the larger first: 1h 30m, 1mo 2w 3d", None),
    ("asked + 1h 1h", "1h", "units stand once each, the larger first: 1h 30m, 1mo 2w 3d", None),
    ("asked + 1d 2h", "2h", "exact and calendar units do not mix in one duration; add them one after the other", None),
    ("asked + 900000h", "900000h", "duration is '900000h'; expected at most ten years", None),
    ("asked + 200mo", "200mo", "duration is '200mo'; expected at most ten years", None),
    ("asked + 1/3", "1/3", "a fraction is a part of the lesson", "1/3 lesson"),
    ("asked + 33%", "33%", "a fraction is a part of the lesson", "33% lesson"),
    ("asked + 1/0 lesson", "1/0", "expected a fraction of two whole numbers such as 1/3", None),
    ("asked + 1.5/3 lesson", "1.5/3", "expected a fraction of two whole numbers such as 1/3", None),
    ("asked + 1/x lesson", "1/x", "expected a fraction of two whole numbers such as 1/3", None),
    ("asked + 4/3 lesson", "4/3 lesson", "part of the lesson is '4/3'; expected a fraction from 0 to 1", None),
    # Kinds.
    ("48h", "48h", "'48h' is a duration; an instant is expected here", None),
    ("5", "5", "'5' is a plain number; an instant is expected here", None),
    ("'x'", "'x'", "'\"x\"' is a text; an instant is expected here", None),
    ("asked - created", "asked - created", "'asked - created' is a duration; an instant is expected here", None),
    ("asked + created", "created", "two instants cannot be added; their difference is the time between them", None),
    (
        "48h + 2h",
        "48h",
        "only an instant can be moved; a longer duration is written in one piece: 1h 30m",
        None,
    ),
    ("asked + 'x'", "'x'", "'\"x\"' is a text; a duration is expected here", None),
    ("asked < created", "asked < created", "'asked < created' is a condition; an instant is expected here", None),
    ("earliest(asked, 48h)", "48h", "'48h' is a duration; an instant is expected here", None),
    ("earliest(asked)", "earliest", "'earliest' needs two or more instants", None),
    ("earliest(asked created)", "created", "expected ')' to close earliest(, found 'created'", None),
    ("start_of_day(asked, created)", ",", "expected ')' to close start_of_day(, found ','", None),
    ("if(asked, asked, created)", "asked", "'asked' is an instant; a condition is expected here", None),
    ("if(true)", ")", "expected ',' and the instant if so, found ')'", None),
    ("if(true, asked)", ")", "expected ',' and the instant if not, found ')'", None),
    # Times of day.
    ("17:00", "17:00", "a time of day is known only in at_time(instant, 17:00)", None),
    ("at_time(asked)", ")", "expected ',' and a time of day such as 17:00, found ')'", None),
    ("at_time(asked, 17)", "17", "expected a time of day such as 17:00, found '17'", None),
    ("at_time(asked, 24:00)", "24:00", "time of day is '24:00'; expected 00:00 to 23:59", None),
    ("at_time(asked, 17:60)", "17:60", "time of day is '17:60'; expected 00:00 to 23:59", None),
    ("at_time(asked, 17:00:00)", ":", "unexpected ':'", None),
]

GUARD_ERRORS = [
    ("notice >= ", "", "expected a value, found the end", None),
    ("notice", "notice", "'notice' is a duration; a condition is expected here", None),
    ("5", "5", "'5' is a plain number; a condition is expected here", None),
    ("notice = 24h", "=", "one '=' compares nothing", "=="),
    ("notice >= 24h && true", "&&", "unexpected '&&'", "and"),
    ("true || true", "||", "unexpected '||'", "or"),
    ("!true", "!", "expected a value, found '!'", "not"),
    ("notice \u2265 24h", "\u2265", "unexpected '\u2265'", ">="),
    ("notice >= 24h and", "", "expected a value, found the end", None),
    ("notice and true", "notice", "'notice' is a duration; a condition is expected here", None),
    ("true or rounds", "rounds", "'rounds' is a count; a condition is expected here", None),
    ("not notice", "notice", "'notice' is a duration; a condition is expected here", None),
    ("not not 5", "5", "'5' is a plain number; a condition is expected here", None),
    ("created < asked < entered", "<", "comparisons do not chain; join two with 'and'", None),
    ("(rounds < 5) == true", "(rounds < 5)", None, None),
    ("deadline > now", "deadline", "'deadline' is known only in reminders", None),
    ("notic >= 24h", "notic", None, "notice"),
    ("count", "count", "'count' is a function and needs its parentheses", None),
    ("notice(x) > 1h", "notice", "'notice' takes nothing in parentheses", None),
    ("coutn(a, b) > 1", "coutn", None, "count"),
    # Kinds of the two sides.
    ("notice >= 24", "24", "'24' is a plain number beside a duration", "24h"),
    ("now < 24", "24", "'24' is a plain number beside an instant", None),
    (
        "notice >= lesson.start",
        "lesson.start",
        "expected a duration on both sides: notice is a duration, lesson.start an instant",
        None,
    ),
    ("asked < 48h", "48h", "expected an instant on both sides: asked is an instant, 48h a duration", None),
    ("rounds < 5.5", "5.5", "a count is a whole number", None),
    ("rounds < 9999999999", "9999999999", "number is 9999999999; expected at most 1000000000", None),
    ("1 < 2", "2", "expected at least one side that is a fact, not two written values", None),
    ("1.5 < 2", "2", "expected at least one side that is a fact, not two written values", None),
    ("24h < 2d", "2d", "expected at least one side that is a fact, not two written values", None),
    ("lesson.price > 1.0000001", "1.0000001", None, None),
    ('lesson.kind < "trial"', "<", "expected texts to be compared with == or !=", None),
    ("lesson.kind == trial", "trial", "unknown name 'trial'; a text stands in quotes", '"trial"'),
    ('lesson.kind == "trial', '"', "a text that begins with a quote must end with one", None),
    ('lesson.kind == "a\\b"', '"a\\b"', None, None),
    (
        "lesson.duration >= 1d",
        "1d",
        "expected 1d to be compared with notice or a difference of two instants; a length is compared with hours",
        None,
    ),
    (
        "1d < lesson.duration",
        "1d",
        "expected 1d to be compared with notice or a difference of two instants; a length is compared with hours",
        None,
    ),
    ("notice + 1h > 2h", "notice", None, None),
    ("asked + notice > now", "notice", f"an instant is moved by a written duration: {DURATIONS}", None),
    # count().
    ("count(5, student) < 2", "5", "expected the name of a mark, found '5'", None),
    ("count(late) < 2", ")", "expected ',' and a role, found ')'", None),
    ("count(late, ) < 2", ")", "expected a role, found ')'", None),
    ("count(late, student, 90d) < 2", "90d", "expected within=90d, found '90d'", None),
    ("count(late, student, since=90d) < 2", "since", "count has one option, within=90d", "within"),
    ("count(late, student, within 90d) < 2", "90d", "expected '=' after within, found '90d'", None),
    ("count(late, student, within=x) < 2", "x", f"expected a duration, found 'x'; known: {DURATIONS}", None),
    ("count(late, student, within=90) < 2", "90", "expected a duration such as 90d", None),
    ("count(late, student, within=33% lesson) < 2", "33% lesson", "expected a duration such as 90d", None),
    # taught().
    ("taught", "taught", "'taught' is a function and needs its parentheses", None),
    ("taught() < 20h", ")", "expected a role, found ')'", None),
    ("taught('tutor') < 20h", "'tutor'", None, "tutor"),
    ("taught(late, student) < 20h", "student", "taught has one option, within=90d", "within"),
    ("taught(tutor, within=90) < 20h", "90", "expected a duration such as 90d", None),
    ("taught(tutor) < 20", "20", "'20' is a plain number beside a duration", "20h"),
    ("taught(tutor)", "taught(tutor)", "'taught(tutor)' is a duration; a condition is expected here", None),
    ("taught(tutor) < 2d", "2d", "expected an exact duration such as 20h beside taught(tutor)", None),
    ("2d > taught(tutor)", "2d", "expected an exact duration such as 20h beside taught(tutor)", None),
    ("taught(tutor) > 33% lesson", "33% lesson", "expected an exact duration such as 20h beside taught(tutor)", None),
    ("notice > taught(tutor)", "notice", "expected an exact duration such as 20h beside taught(tutor)", None),
    ("taught(a) > taught(b)", "taught(b)", "expected an exact duration such as 20h beside taught(a)", None),
    (
        "taught(tutor) < lesson.start",
        "lesson.start",
        "expected a duration on both sides: taught(tutor) is a duration, lesson.start an instant",
        None,
    ),
    ("asked + taught(tutor) > now", "taught(tutor)", f"an instant is moved by a written duration: {DURATIONS}", None),
    ("hours(tutor) < 20h", "hours", None, "taught"),
    ("taugt(tutor) < 20h", "taugt", None, "taught"),
    # has().
    ("has", "has", "'has' is a function and needs its parentheses", None),
    ("has()", ")", "expected a role, found ')'", None),
    ("has(tutor)", ")", "expected ',' and a permission such as meeting_provider, found ')'", None),
    ("has(tutor, )", ")", "expected a permission, found ')'", None),
    ('has(tutor, "quick")', '"quick"', "expected a permission, found '\"quick\"'", "quick"),
    ('has(tutor, "quick start")', '"quick start"', None, None),
    (
        "has(tutor, Quick)",
        "Quick",
        "permission is 'Quick'; expected a name of small letters, digits and '_' such as meeting_provider",
        None,
    ),
    ("has(tutor, meeting.provider)", "meeting.provider", "expected a permission, found 'meeting.provider'", None),
    ("has(tutor, quick, within=90d)", ",", "expected ')' to close has(, found ','", None),
    (
        "has(tutor, quick) == true",
        "has(tutor, quick)",
        "'has(tutor, quick)' is a condition; conditions are joined by and, or, not, never compared",
        None,
    ),
    # restricted().
    ("restricted(tutor)", ")", "expected ',' and a restriction such as requests_blocked, found ')'", None),
    ("restricted(tutor, )", ")", "expected a restriction, found ')'", None),
    ('restricted(tutor, "hidden")', '"hidden"', None, "hidden"),
    (
        "restricted(tutor, hiden)",
        "hiden",
        "unknown restriction 'hiden'; known: hidden, existing_only, requests_blocked, wallet_frozen, locked",
        "hidden",
    ),
    ("restricted(tutor, hidden, 7d)", ",", "expected ')' to close restricted(, found ','", None),
    ("restrictd(tutor, hidden)", "restrictd", None, "restricted"),
    # met().
    ("met(tutor)", ")", "expected ',' and another role, found ')'", None),
    ("met(, tutor)", ",", "expected a role, found ','", None),
    ("met(tutor, tutor)", "met(tutor, tutor)", "other is 'tutor'; expected another role than tutor", None),
    ("met", "met", "'met' is a function and needs its parentheses", None),
    # The remedy that a command names.
    ("remdy == 'pay'", "remdy", None, "remedy"),
    ("remedy == pay", "pay", "unknown name 'pay'; a text stands in quotes", '"pay"'),
    ("remedy >= 'pay'", ">=", "expected texts to be compared with == or !=", None),
    # Whom a command blames.
    ("blamd == 'tutor'", "blamd", None, "blamed"),
    ("blamed == tutor", "tutor", "unknown name 'tutor'; a text stands in quotes", '"tutor"'),
    ("blamed < 'tutor'", "<", "expected texts to be compared with == or !=", None),
]


def _points_at(error: ExpressionError, text: str, word: str) -> bool:
    return text[error.start : error.end] == word and (word != "" or error.start == len(text))


@pytest.mark.parametrize(("text", "word", "message", "suggestion"), TIME_ERRORS)
def test_an_error_in_a_time_points_at_the_word(
    text: str, word: str, message: str | None, suggestion: str | None
) -> None:
    """An error about a time names the word, says what is wrong with it, and suggests where it can."""
    with pytest.raises(ExpressionError) as caught:
        parse_time(text)

    assert _points_at(caught.value, text, word)
    assert message is None or caught.value.message == message
    assert caught.value.suggestion == suggestion


@pytest.mark.parametrize(("text", "word", "message", "suggestion"), GUARD_ERRORS)
def test_an_error_in_a_guard_points_at_the_word(
    text: str, word: str, message: str | None, suggestion: str | None
) -> None:
    """An error about a guard names the word, says what is wrong with it, and suggests where it can."""
    with pytest.raises(ExpressionError) as caught:
        parse_guard(text)

    assert _points_at(caught.value, text, word)
    assert message is None or caught.value.message == message
    assert caught.value.suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "word"), [("48", "48"), ("asked", "asked"), ("48h 2x", "2x"), ("48h,", ","), ("", "")]
)
def test_an_error_in_a_duration_points_at_the_word(text: str, word: str) -> None:
    """A text that is no duration is refused with the word at fault."""
    with pytest.raises(ExpressionError) as caught:
        parse_duration(text)

    assert _points_at(caught.value, text, word)


def test_an_unknown_name_in_a_reminder_is_told_of_the_deadline() -> None:
    """In a reminder the known anchors include `deadline`."""
    with pytest.raises(ExpressionError) as caught:
        parse_time("deadlin - 1h", where="reminder")

    assert caught.value.suggestion == "deadline"


def test_an_error_shows_the_text_with_carets() -> None:
    """Printed, an error is its message, its suggestion, the text, and carets under the word."""
    with pytest.raises(ExpressionError) as caught:
        parse_time("earliest(askd + 48h, lesson.start)")

    message, text, carets = str(caught.value).splitlines()
    assert message.endswith("; did you mean 'asked'?")
    assert text == "    earliest(askd + 48h, lesson.start)"
    assert carets == "             ^^^^"


def test_an_error_at_the_end_has_one_caret_past_the_text() -> None:
    """What is missing is marked behind the last character."""
    with pytest.raises(ExpressionError) as caught:
        parse_time("asked +")

    assert caught.value.excerpt == "    asked +\n           ^"


def test_an_error_far_into_a_text_shows_its_surroundings_on_one_line() -> None:
    """A long text is cut, and a line break is shown as a space."""
    text = "earliest(" + "asked,\n" * 50 + "wrong, asked)"
    with pytest.raises(ExpressionError) as caught:
        parse_time(text)

    shown, carets = caught.value.excerpt.splitlines()
    at = carets.index("^")
    assert len(shown) <= 104
    assert shown[at : at + 5] == "wrong"
    assert carets.count("^") == 5


def test_a_word_wider_than_the_excerpt_is_marked_as_far_as_it_is_shown() -> None:
    """Carets never reach past the text that is shown."""
    text = "asked + " + "x" * 300
    with pytest.raises(ExpressionError) as caught:
        parse_time(text)

    shown, carets = caught.value.excerpt.splitlines()
    assert len(carets) == len(shown)


def test_an_error_is_a_value_error_of_the_library_with_its_facts_and_can_be_copied() -> None:
    """An ExpressionError is a ValueError and a TutorcoreError, and survives pickling with every field."""
    error = ExpressionError("askd", 0, 4, "unknown name", "asked")
    copied = pickle.loads(pickle.dumps(error))

    assert isinstance(error, ValueError)
    assert isinstance(error, TutorcoreError)
    assert (copied.text, copied.start, copied.end, copied.message, copied.suggestion) == (
        "askd",
        0,
        4,
        "unknown name",
        "asked",
    )


def test_what_is_not_a_text_is_refused() -> None:
    """A number or None is not parsed."""
    with pytest.raises(InvalidType, match="expected a text"):
        parse_time(48)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000 + "asked" + ")" * 1000,
        "earliest(" * 400 + "asked",
        "start_of_day(" * 20 + "asked" + ")" * 20,
        "asked" + " + 1h" * 100,
    ],
)
def test_a_time_nested_too_deeply_is_an_error(text: str) -> None:
    """Neither parentheses nor functions nor sums can exhaust the stack."""
    with pytest.raises(ExpressionError, match=r"nested too deeply|nested \d+ deep"):
        parse_time(text)


@pytest.mark.parametrize("text", ["not " * 900 + "true", "(" * 1900 + "true" + ")" * 1900])
def test_a_guard_nested_too_deeply_is_an_error(text: str) -> None:
    """Neither denials nor parentheses can exhaust the stack."""
    with pytest.raises(ExpressionError, match="nested too deeply"):
        parse_guard(text)


def test_nesting_is_counted_along_a_path_not_over_the_whole() -> None:
    """Many shallow parts are not deep."""
    text = " and ".join(["not (rounds < 5)", "(true)", "count(late, student) < 2"] * 40)

    assert parse_guard(str(parse_guard(text))) == parse_guard(text)


def test_a_text_too_long_is_an_error() -> None:
    """A text longer than the limit is not read at all."""
    with pytest.raises(ExpressionError, match=f"at most {MAX_LENGTH} characters; this one has {MAX_LENGTH + 1}"):
        parse_time("x" * (MAX_LENGTH + 1))


def test_an_expression_that_would_print_too_long_is_an_error() -> None:
    """What cannot be printed within the limit is refused, since it could not be read back."""
    text = "rounds<5" + " and rounds<5" * 290
    with pytest.raises(ExpressionError, match="characters long"):
        parse_guard(text)


NAMES = Names(
    states=frozenset({"agreed"}),
    moves=frozenset({"accept"}),
    roles=frozenset({"student", "tutor"}),
    marks=frozenset({"late_cancel"}),
    remedies=frozenset({"pay", "split"}),
)


@pytest.mark.parametrize(
    ("text", "word", "message", "suggestion"),
    [
        ("entered(agred) < now", "agred", "unknown state 'agred'; known: agreed", "agreed"),
        ("first_entered(xyz) < now", "xyz", "unknown state 'xyz'; known: agreed", None),
        ("did(acept) < now", "acept", "unknown move 'acept'; known: accept", "accept"),
        ("joined(studnt) < now", "studnt", "unknown role 'studnt'; known: student, tutor", "student"),
        ("count(late, tutor) < 1", "late", "unknown mark 'late'; known: late_cancel", None),
        ("count(late_cancel, parent) < 1", "parent", "unknown role 'parent'; known: student, tutor", None),
        ("reviewed(tuter) < now", "tuter", "unknown role 'tuter'; known: student, tutor", "tutor"),
        ("taught(parent) < 20h", "parent", "unknown role 'parent'; known: student, tutor", None),
        ("has(quick, tutor)", "quick", "unknown role 'quick'; known: student, tutor", None),
        ('blamed == "tuter"', '"tuter"', "unknown role 'tuter'; known: student, tutor", '"tutor"'),
        ("restricted(parent, hidden)", "parent", "unknown role 'parent'; known: student, tutor", None),
        ("met(parent, tutor)", "parent", "unknown role 'parent'; known: student, tutor", None),
        ("met(student, tuter)", "tuter", "unknown role 'tuter'; known: student, tutor", "tutor"),
        ('remedy == "splitt"', '"splitt"', "unknown remedy 'splitt'; known: pay, split", '"split"'),
        ("'nothing' != remedy", "'nothing'", "unknown remedy 'nothing'; known: pay, split", None),
        ("'nobody' != blamed", "'nobody'", "unknown role 'nobody'; known: student, tutor", None),
    ],
)
def test_names_are_checked_where_they_are_known(text: str, word: str, message: str, suggestion: str | None) -> None:
    """With the process's names at hand, an unknown one is an error that points at it."""
    with pytest.raises(ExpressionError) as caught:
        parse_guard(text, names=NAMES)

    assert _points_at(caught.value, text, word)
    assert caught.value.message == message
    assert caught.value.suggestion == suggestion


def test_known_names_are_accepted() -> None:
    """With the process's names at hand, those are read."""
    text = (
        "entered(agreed) < did(accept) and count(late_cancel, tutor) < 1 and taught(tutor) < 20h "
        'and has(tutor, quick) and blamed == "student" and lesson.kind == "trial" '
        'and restricted(tutor, hidden) and met(student, tutor) and remedy == "pay" and "split" != remedy'
    )

    assert str(parse_guard(text, names=NAMES)) == text
