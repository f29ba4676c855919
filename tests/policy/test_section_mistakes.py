"""The sections around an ordinary lesson: what is wrong in one, or between two, is shown at its word."""

from __future__ import annotations

import pytest

from tutorcore.errors import Mistake, Mistakes
from tutorcore.policy import content_hash, dump_process, load_policy, load_process

FULL = """\
id       = "full"
extends  = "lesson/1"
zone     = "tutor"
currency = "EUR"

[request]
by        = ["student"]
bookable  = true
hold      = "when_paid"
instant   = "has(tutor, instant_booking) and notice >= 24h"
answers   = ["accept", "decline", "propose"]
answer_by = "earliest(asked + 48h, lesson.start)"
silence   = { becomes = "expired", mark = "missed_request" }
decline   = { needs = ["reason"] }
withdraw  = { by = ["student", "payer"] }

[request.payment]
by      = ["payer"]
pay_by  = "asked + 15m"
silence = { becomes = "payment_expired", fault = "none" }

[request.propose]
may_change = ["start", "price"]
answers    = ["accept", "propose"]
answer_by  = "lesson.start - 1h"
silence    = { becomes = "lapsed" }

[agree]
when = "has(tutor, meeting_provider)"

[meeting]
create = "when_agreed"
failed = { becomes = "no_meeting", mark = "unready", fault = "tutor" }

[attend]
by   = ["student", "tutor", "system"]
from = "lesson.start - 10m"

[change]
as         = "beside"
by         = ["student", "tutor"]
may_change = ["start", "duration"]
answer_by  = "earliest(asked + 24h, proposed.start)"
slot       = "firm"
silence    = { fault = "none" }
decline    = { needs = ["reason"] }
locks      = "notice < 12h"
otherwise  = "original_stands"
override   = { by = ["operator"], needs = ["reason", "details"] }

[[cancel.cases]]
by     = ["student"]
when   = "notice >= 24h and lesson.kind != 'trial'"
locked = true

[[cancel.cases]]
by     = ["student"]
charge = true
mark   = "late_cancel"

[[cancel.cases]]
by          = ["tutor", "admin"]
mark        = "let_down"
fault       = "tutor"
becomes     = "let_down"
in_progress = true

[cancel.charge]
by        = ["tutor"]
settle    = { choices = ["0%", "50%", { tutor = "1h", student = "rest" }] }
answer_by = "asked + 72h"
silence   = { settle = { student = "100%" } }
becomes   = "cancelled_late"

[no_show.student]
by           = ["tutor"]
from         = "lesson.start + 1/3 lesson"
until        = "lesson.end + 1d"
when         = "joined(tutor) <= lesson.start + 5m"
contradicted = "joined(student) < lesson.start + 1/3 lesson"
answer_by    = "entered + 24h"
contested_by = ["student", "payer"]
needs        = ["details"]
settle       = { tutor = "50%", student = "rest" }
mark         = "absent"

[no_show.tutor]
from = "lesson.start + 15m"

[[no_show.tutor.cases]]
when = "not (joined(student) < now)"

[[no_show.tutor.cases]]
settle = { student = "100%" }
mark   = "missed_attendance"

[dispute]
by        = ["operator"]
settle    = "as_given"
answer_by = "asked + 30d"
silence   = { becomes = "resolved", fault = "none" }
marks     = { tutor = "missed_attendance", student = "absent" }

[complete]
by      = ["student"]
silence = { at = "lesson.end + 3d", becomes = "completed" }

[review]
by    = ["student", "tutor"]
until = "lesson.end + 14d"
blind = true

[notify]
also_actor = ["request", "accept"]

[[notify.reminders]]
state = "in_progress"
at    = "lesson.end - 5m"
to    = ["tutor"]

[[notify.reminders]]
state = "requested"
at    = "deadline - 2h"
to    = ["tutor", "student"]

[fees]
slab_on = "price"
rates   = [
  { when = "taught(tutor) < 20h", below = "50", rate = "5%" },
  { below = "100", rate = "10%" },
  { rate = "20%" },
]
"""


def edited(*edits: tuple[str, str]) -> str:
    """Return the full file with each edit made at its one place."""
    text = FULL
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def mistakes(text: str) -> list[Mistake]:
    """Return the mistakes of a file that cannot be used."""
    with pytest.raises(Mistakes) as caught:
        load_policy(text, "mine.toml")
    return [mistake for mistake in caught.value.exceptions if isinstance(mistake, Mistake)]


def word(mistake: Mistake) -> str:
    """Return what the carets of a mistake stand under."""
    line, marks = mistake.excerpt.split("\n")
    return line[marks.index("^") : len(marks)]


PAYMENT = FULL[FULL.index("[request.payment]") : FULL.index("[request.propose]")]
DISPUTE = FULL[FULL.index("[dispute]") : FULL.index("[complete]")]

# What is written instead of what, and the mistake: its path, what it says, the word that is marked, a suggestion.
REQUEST = [
    (
        "who asks answers too",
        [("bookable  = true\n", 'answered_by = ["tutor", "student"]\n')],
        "request.answered_by[1]",
        "student is who asks",
        '"student"',
        None,
    ),
    (
        "who asks answers by default",
        [
            (
                'by        = ["student"]\nbookable  = true\nhold      = "when_paid"',
                'by = ["tutor"]\nhold = "when_paid"',
            ),
            ('by         = ["student", "tutor"]\nmay_change', 'by         = ["tutor"]\nmay_change'),
        ],
        "request.answered_by[0]",
        "tutor is who asks",
        "[request]",
        None,
    ),
    (
        "who asks does not pay",
        [
            (
                'by        = ["student"]\nbookable  = true\nhold      = "when_paid"',
                'by = ["admin"]\nhold = "when_asked"',
            ),
            ('by         = ["student", "tutor"]\nmay_change', 'by         = ["tutor"]\nmay_change'),
            ('instant   = "has(tutor, instant_booking) and notice >= 24h"\n', ""),
            (
                PAYMENT,
                "",
            ),
        ],
        "request.hold",
        "is when_asked, but only the paying side can pay: some of payer, requester, student",
        '"when_asked"',
        None,
    ),
    (
        "who asks at once does not pay",
        [
            ('by        = ["student"]\nbookable', 'by = ["admin"]\nbookable'),
            ('by         = ["student", "tutor"]\nmay_change', 'by         = ["tutor"]\nmay_change'),
        ],
        "request.instant",
        "agrees and pays at once, but only the paying side can pay",
        '"has(tutor, instant_booking) and notice >= 24h"',
        None,
    ),
    (
        "who pays does not",
        [('by      = ["payer"]', 'by      = ["payer", "admin"]')],
        "request.payment.by",
        "only the paying side can pay",
        '["payer", "admin"]',
        None,
    ),
    ("nobody pays", [('by      = ["payer"]', "by      = []")], "request.payment.by", "names nobody", "[]", None),
    (
        "no time to pay",
        [('pay_by  = "asked + 15m"\n', "")],
        "request.payment.pay_by",
        "is missing",
        "[request.payment]",
        None,
    ),
    (
        "paid in a section that is not there",
        [
            (
                PAYMENT,
                "",
            )
        ],
        "request.hold",
        'is "when_paid" if and only if a section [request.payment] says who pays by when',
        '"when_paid"',
        None,
    ),
    (
        "held otherwise than paid",
        [('hold      = "when_paid"', 'hold      = "when_agreed"')],
        "request.hold",
        'is "when_paid" if and only if',
        '"when_agreed"',
        None,
    ),
    (
        "paid without saying so",
        [('hold      = "when_paid"\n', "")],
        "request",
        'is "when_paid" if and only if',
        "[request]",
        None,
    ),
    (
        "always at once",
        [('"has(tutor, instant_booking) and notice >= 24h"', '"true"')],
        "request.instant",
        "always holds, so nobody would ever be asked",
        '"true"',
        None,
    ),
    (
        "a condition among others",
        [("has(tutor, instant_booking) and notice >= 24h", "notice >= 24h and count(late, tutor) < 2")],
        "request.instant",
        "unknown mark 'late'",
        '"notice >= 24h and count(late, tutor) < 2"',
        None,
    ),
    (
        "a role without permissions",
        [("has(tutor, instant_booking)", "has(tuttor, instant_booking)")],
        "request.instant",
        "unknown role 'tuttor'",
        '"has(tuttor, instant_booking) and notice >= 24h"',
        "tutor",
    ),
    ("not yes or no", [("bookable  = true", 'bookable  = "yes"')], "request.bookable", "true or false", '"yes"', None),
    (
        "no answers",
        [('answers   = ["accept", "decline", "propose"]', "answers   = []")],
        "request.answers",
        "names nothing",
        "[]",
        None,
    ),
    (
        "one answer twice",
        [('answers   = ["accept", "decline", "propose"]', 'answers   = ["accept", "propose", "accept"]')],
        "request.answers[2]",
        "'accept' is named twice",
        '"accept"',
        None,
    ),
    (
        "nobody can agree",
        [
            ('answers   = ["accept", "decline", "propose"]', 'answers   = ["decline", "propose"]'),
            ('answers    = ["accept", "propose"]', 'answers    = ["propose"]'),
            ('instant   = "has(tutor, instant_booking) and notice >= 24h"\n', ""),
        ],
        "request.answers",
        "without 'accept' nobody can ever agree",
        '["decline", "propose"]',
        None,
    ),
    (
        "counter-offers that nobody can make",
        [('answers   = ["accept", "decline", "propose"]', 'answers   = ["accept", "decline"]')],
        "request.propose",
        "means nothing while 'propose' is not among request.answers",
        "[request.propose]",
        None,
    ),
    (
        "nothing to change",
        [('may_change = ["start", "price"]', "may_change = []")],
        "request.propose.may_change",
        "names nothing",
        "[]",
        None,
    ),
    (
        "no answers to a counter-offer",
        [('answers    = ["accept", "propose"]', "answers    = []")],
        "request.propose.answers",
        "names nothing",
        "[]",
        None,
    ),
    (
        "nobody withdraws",
        [('withdraw  = { by = ["student", "payer"] }', "withdraw  = { by = [] }")],
        "request.withdraw.by",
        "names nobody",
        "[]",
        None,
    ),
    (
        "a split that nobody is asked for",
        [('decline   = { needs = ["reason"] }', 'decline   = { needs = ["split"] }')],
        "request.decline.needs[0]",
        "expected one of 'reason', 'details'",
        '"split"',
        None,
    ),
    (
        "a mark on nobody",
        [('decline   = { needs = ["reason"] }', 'decline   = { mark = "refusal" }')],
        "request.decline.mark",
        "a mark falls on a person of the lesson; name whom in fault",
        '"refusal"',
        None,
    ),
    (
        "a mark on an office that is silent",
        [("bookable  = true", 'answered_by = ["admin", "tutor"]')],
        "request.silence.mark",
        "a mark falls on a person of the lesson",
        '"missed_request"',
        None,
    ),
    (
        "a mark on whoever has the turn, who may be an office",
        [
            (
                'withdraw  = { by = ["student", "payer"] }',
                'withdraw = { mark = "gone", fault = "holder" }\nanswered_by = ["admin", "tutor"]',
            ),
            ('silence   = { becomes = "expired", mark = "missed_request" }', ""),
        ],
        "request.withdraw.mark",
        "a mark falls on a person of the lesson",
        '"gone"',
        None,
    ),
    (
        "a mark of two words",
        [('mark = "missed_request"', 'mark = "Missed request"')],
        "request.silence.mark",
        "'Missed request' cannot name a mark",
        '"Missed request"',
        None,
    ),
    (
        "a mark that is counted otherwise",
        [('mark = "missed_request"', 'mark = "taught"')],
        "request.silence.mark",
        "'taught' cannot name a mark",
        '"taught"',
        None,
    ),
    (
        "a mark without a name",
        [('mark = "missed_request"', 'mark = ""')],
        "request.silence.mark",
        "'' cannot name a mark",
        '""',
        None,
    ),
    (
        "a mark that is a number",
        [('mark = "missed_request"', "mark = 7")],
        "request.silence.mark",
        "is 7; expected a text",
        "7",
        '"7"',
    ),
    (
        "an ending of two words",
        [('becomes = "lapsed"', 'becomes = "it lapsed"')],
        "request.propose.silence.becomes",
        "'it lapsed' cannot name a state",
        '"it lapsed"',
        None,
    ),
    (
        "an ending that is a change",
        [('becomes = "lapsed"', 'becomes = "change_by_tutor"')],
        "request.propose.silence.becomes",
        "'change_by_tutor' is where a lesson goes on",
        '"change_by_tutor"',
        None,
    ),
    (
        "an ending that is unpaid",
        [('becomes = "payment_expired"', 'becomes = "unpaid"')],
        "request.payment.silence.becomes",
        "'unpaid' is where a lesson goes on",
        '"unpaid"',
        None,
    ),
    (
        "an ending without a name",
        [('becomes = "lapsed"', 'becomes = ""')],
        "request.propose.silence.becomes",
        "'' cannot name a state",
        '""',
        None,
    ),
    (
        "an ending that is a number",
        [('becomes = "lapsed"', "becomes = 7")],
        "request.propose.silence.becomes",
        "is 7; expected a text",
        "7",
        '"7"',
    ),
    (
        "a split that silence cannot say",
        [('silence    = { becomes = "lapsed" }', 'silence    = { settle = "as_given" }')],
        "request.propose.silence.settle",
        "nobody is there to say the split; write the shares",
        '"as_given"',
        None,
    ),
    (
        "unknown key in a payment",
        [("pay_by  =", 'due = "x"\npay_by  =')],
        "request.payment.due",
        "unknown key",
        "due",
        None,
    ),
    (
        "unknown key of agreeing",
        [("[agree]\n", '[agree]\nwhile = "true"\n')],
        "agree.while",
        "unknown key",
        "while",
        "when",
    ),
    (
        "no condition of agreeing",
        [('[agree]\nwhen = "has(tutor, meeting_provider)"', "[agree]")],
        "agree.when",
        "is missing",
        "[agree]",
        None,
    ),
    (
        "agreeing late perhaps",
        [('when = "has(tutor, meeting_provider)"', 'late = "yes"')],
        "agree.late",
        "true or false",
        '"yes"',
        None,
    ),
    (
        "agreeing at an instant",
        [('when = "has(tutor, meeting_provider)"', 'when = "lesson.start"')],
        "agree.when",
        "a condition is expected",
        "lesson.start",
        None,
    ),
]

AROUND = [
    (
        "meeting at another time",
        [('create = "when_agreed"', 'create = "when_asked"')],
        "meeting.create",
        "expected one of 'when_agreed'",
        '"when_asked"',
        "when_agreed",
    ),
    (
        "nobody's turn",
        [('mark = "unready", fault = "tutor"', 'fault = "holder"')],
        "meeting.failed.fault",
        "it is nobody's turn here; name whom, or blame nobody",
        '"holder"',
        None,
    ),
    (
        "a mark on nobody for want of a meeting",
        [('mark = "unready", fault = "tutor"', 'mark = "unready"')],
        "meeting.failed.mark",
        "a mark falls on a person",
        '"unready"',
        None,
    ),
    ("joining from when", [('from = "lesson.start - 10m"\n', "")], "attend.from", "is missing", "[attend]", None),
    ("nobody joins", [('by   = ["student", "tutor", "system"]', "by   = []")], "attend.by", "names nobody", "[]", None),
    (
        "joining by the calendar",
        [
            ('zone     = "tutor"\n', ""),
            ("lesson.start - 10m", "lesson.start - 1d"),
            ("lesson.end + 1d", "lesson.end"),
            ("asked + 30d", "asked + 720h"),
            ("lesson.end + 3d", "lesson.end + 72h"),
            ("lesson.end + 14d", "lesson.end + 336h"),
        ],
        "attend.from",
        "has to name a zone",
        '"lesson.start - 1d"',
        None,
    ),
    (
        "who never joins",
        [('by   = ["student", "tutor", "system"]', 'by   = ["student"]')],
        "no_show.student.when",
        "nothing in this table records joined(tutor)",
        '"joined(tutor) <= lesson.start + 5m"',
        None,
    ),
    (
        "unknown way to change",
        [('as         = "beside"', 'as         = "besides"')],
        "change.as",
        "expected one of 'beside', 'request_again'",
        '"besides"',
        "beside",
    ),
    (
        "nothing may change",
        [('may_change = ["start", "duration"]', "may_change = []")],
        "change.may_change",
        "names nothing",
        "[]",
        None,
    ),
    (
        "one may change twice",
        [('by         = ["student", "tutor"]\nmay', 'by         = ["student", "tutor", "student"]\nmay')],
        "change.by[2]",
        "'student' is named twice",
        '"student"',
        None,
    ),
    (
        "asked again, and the original stands",
        [('as         = "beside"', 'as         = "request_again"')],
        "change.otherwise",
        'is "original_dies" if and only if as = "request_again"',
        '"original_stands"',
        None,
    ),
    (
        "asked again, and the original stands by default",
        [('as         = "beside"', 'as         = "request_again"'), ('otherwise  = "original_stands"\n', "")],
        "change",
        'is "original_dies" if and only if as = "request_again"',
        "[change]",
        None,
    ),
    *[
        (
            f"asked again with {key}",
            [('as         = "beside"', 'as         = "request_again"'), ("original_stands", "original_dies")],
            f"change.{key}",
            "belongs to a change beside",
            marked,
            None,
        )
        for key, marked in (
            ("answer_by", '"earliest(asked + 24h, proposed.start)"'),
            ("slot", '"firm"'),
            ("locks", '"notice < 12h"'),
            ("silence", '{ fault = "none" }'),
            ("decline", '{ needs = ["reason"] }'),
        )
    ],
    (
        "a change that lapses into something",
        [('silence    = { fault = "none" }', 'silence    = { becomes = "expired" }')],
        "change.silence.becomes",
        "unknown key",
        "becomes",
        None,
    ),
    (
        "a change that blames somebody in particular",
        [('silence    = { fault = "none" }', 'silence    = { fault = "tutor" }')],
        "change.silence.fault",
        "expected one of 'holder', 'none'",
        '"tutor"',
        None,
    ),
    (
        "a change declined with a mark",
        [('decline    = { needs = ["reason"] }', 'decline    = { mark = "x" }')],
        "change.decline.mark",
        "unknown key",
        "mark",
        None,
    ),
    (
        "asked again by who did not ask",
        [('as         = "beside"', 'as         = "request_again"'), ("original_stands", "original_dies")],
        "change.by[1]",
        "tutor does not ask; who may impose a change stands in override",
        '"tutor"',
        None,
    ),
    (
        "locked by nothing",
        [('locks      = "notice < 12h"\n', "")],
        "cancel.cases[0].locked",
        "means nothing unless change.locks says which changes lock a lesson",
        "true",
        None,
    ),
    (
        "charging without a section",
        [("[cancel.charge]\n", "[cancel.charges]\n")],
        "cancel.cases[1].charge",
        "a section [cancel.charge] has to say who decides",
        "true",
        None,
    ),
    (
        "a section that charges nothing",
        [("charge = true\n", "")],
        "cancel.charge",
        "no case says charge = true",
        "[cancel.charge]",
        None,
    ),
    (
        "charged and settled",
        [("charge = true", 'charge = true\nsettle = { tutor = "rest" }')],
        "cancel.cases[1].settle",
        "is said by the section [cancel.charge]",
        '{ tutor = "rest" }',
        None,
    ),
    (
        "charged and named",
        [("charge = true", 'charge = true\nbecomes = "late"')],
        "cancel.cases[1].becomes",
        "is said by the section [cancel.charge]",
        '"late"',
        None,
    ),
    ("nobody charges", [('by        = ["tutor"]', "by        = []")], "cancel.charge.by", "names nobody", "[]", None),
    (
        "charged without a choice",
        [
            (
                'settle    = { choices = ["0%", "50%", { tutor = "1h", student = "rest" }] }',
                'settle    = { tutor = "50%", student = "rest" }',
            )
        ],
        "cancel.charge.settle",
        "expected the choices, such as",
        '{ tutor = "50%", student = "rest" }',
        None,
    ),
    (
        "charged without shares",
        [('settle    = { choices = ["0%", "50%", { tutor = "1h", student = "rest" }] }\n', "")],
        "cancel.charge.settle",
        "expected the choices",
        "[cancel.charge]",
        None,
    ),
    (
        "a choice of too much",
        [('["0%", "50%"', '["0%", "500%"')],
        "cancel.charge.settle.choices[1]",
        "0% to 100%",
        '"500%"',
        None,
    ),
    (
        "no time to charge",
        [('answer_by = "asked + 72h"\n', "")],
        "cancel.charge.answer_by",
        "is missing",
        "[cancel.charge]",
        None,
    ),
    (
        "silence that charges as given",
        [('silence   = { settle = { student = "100%" } }', 'silence   = { settle = "as_given" }')],
        "cancel.charge.silence.settle",
        "nobody is there to say the split",
        '"as_given"',
        None,
    ),
    (
        "silence that becomes something",
        [('silence   = { settle = { student = "100%" } }', 'silence   = { becomes = "x" }')],
        "cancel.charge.silence.becomes",
        "unknown key",
        "becomes",
        None,
    ),
    (
        "a charge that goes on",
        [('becomes   = "cancelled_late"', 'becomes   = "charge_open"')],
        "cancel.charge.becomes",
        "is where a lesson goes on",
        '"charge_open"',
        None,
    ),
    (
        "a case after a catch-all",
        [
            (
                'charge = true\nmark   = "late_cancel"',
                'charge = true\n\n[[cancel.cases]]\nby = ["student"]\nwhen = "notice > 1h"',
            )
        ],
        "cancel.cases[2]",
        "never decides: a case without a condition comes before it for student",
        "[[cancel.cases]]",
        None,
    ),
    (
        "in progress perhaps",
        [("in_progress = true", "in_progress = 1")],
        "cancel.cases[2].in_progress",
        "true or false",
        "1",
        None,
    ),
]

ABSENCES = [
    (
        "who did not come claims",
        [('by           = ["tutor"]', 'by           = ["tutor", "student"]')],
        "no_show.student.by[1]",
        "student is who did not come; somebody else claims it",
        '"student"',
        None,
    ),
    (
        "nobody claims",
        [('by           = ["tutor"]', "by           = []")],
        "no_show.student.by",
        "names nobody",
        "[]",
        None,
    ),
    (
        "nobody contests",
        [('contested_by = ["student", "payer"]', "contested_by = []")],
        "no_show.student.contested_by",
        "names nobody",
        "[]",
        None,
    ),
    (
        "claimed from when",
        [('from = "lesson.start + 15m"\n', "")],
        "no_show.tutor.from",
        "is missing",
        "[no_show.tutor]",
        None,
    ),
    (
        "nobody of that name",
        [
            ("[no_show.tutor]", "[no_show.payer]"),
            ("[[no_show.tutor.cases]]\nwhen", "[[no_show.payer.cases]]\nwhen"),
            ("[[no_show.tutor.cases]]\nsettle", "[[no_show.payer.cases]]\nsettle"),
        ],
        "no_show.payer",
        "unknown key",
        "payer",
        None,
    ),
    (
        "contested when it cannot be",
        [('answer_by    = "entered + 24h"\n', "")],
        "no_show.student.contested_by",
        "means nothing without answer_by",
        '["student", "payer"]',
        None,
    ),
    (
        "always contradicted",
        [('"joined(student) < lesson.start + 1/3 lesson"', '"true"')],
        "no_show.student.contradicted",
        "always holds, so every claim would be a dispute",
        '"true"',
        None,
    ),
    (
        "never open",
        [('until        = "lesson.end + 1d"', 'until        = "lesson.start + 1/3 lesson"')],
        "no_show.student.until",
        "it never can",
        '"lesson.start + 1/3 lesson"',
        None,
    ),
    (
        "cases and shares",
        [('from = "lesson.start + 15m"', 'from = "lesson.start + 15m"\nsettle = { student = "100%" }')],
        "no_show.tutor.settle",
        "stands beside cases; each case says its own",
        '{ student = "100%" }',
        None,
    ),
    (
        "cases and a mark",
        [('from = "lesson.start + 15m"', 'from = "lesson.start + 15m"\nmark = "x"')],
        "no_show.tutor.mark",
        "stands beside cases",
        '"x"',
        None,
    ),
    (
        "a case after the last",
        [('when = "not (joined(student) < now)"', 'settle = { student = "100%" }')],
        "no_show.tutor.cases[0]",
        "a case without a condition hides those after it",
        "[[no_show.tutor.cases]]",
        None,
    ),
    (
        "no last case",
        [('mark   = "missed_attendance"', 'when = "rounds < 2"')],
        "no_show.tutor.cases[1]",
        "the last case is for everything else and has no condition",
        "[[no_show.tutor.cases]]",
        None,
    ),
    (
        "shares in some cases",
        [('[[no_show.tutor.cases]]\nsettle = { student = "100%" }', '[[no_show.tutor.cases]]\nsettle = "as_given"')],
        "no_show.tutor.cases[1].settle",
        "in every case, or in none",
        '"as_given"',
        None,
    ),
    (
        "an unknown key of a case",
        [('when = "not (joined(student) < now)"', 'when = "not (joined(student) < now)"\nby = ["tutor"]')],
        "no_show.tutor.cases[0].by",
        "unknown key",
        "by",
        None,
    ),
    (
        "cases and a fault",
        [('from = "lesson.start + 15m"', 'from = "lesson.start + 15m"\nfault = "none"')],
        "no_show.tutor.fault",
        "stands beside cases; each case says its own",
        '"none"',
        None,
    ),
    (
        "somebody else to blame",
        [('mark         = "absent"', 'mark         = "absent"\nfault = "tutor"')],
        "no_show.student.fault",
        "expected one of 'student', 'none'",
        '"tutor"',
        None,
    ),
    (
        "a mark and nobody to blame",
        [('mark         = "absent"', 'mark         = "absent"\nfault = "none"')],
        "no_show.student.mark",
        "falls on nobody where nobody is to blame",
        '"absent"',
        None,
    ),
    (
        "a contestable split",
        [('settle       = { tutor = "50%", student = "rest" }', 'settle       = "as_given"')],
        "no_show.student.settle",
        "a claim that may be contested ends by itself",
        '"as_given"',
        None,
    ),
    (
        "contestable splits in cases",
        [
            ('from = "lesson.start + 15m"', 'from = "lesson.start + 15m"\nanswer_by = "asked + 1h"'),
            ('[[no_show.tutor.cases]]\nsettle = { student = "100%" }', '[[no_show.tutor.cases]]\nsettle = "as_given"'),
        ],
        "no_show.tutor.cases[1].settle",
        "a claim that may be contested ends by itself",
        '"as_given"',
        None,
    ),
    (
        "from by the calendar",
        [('[no_show.tutor]\nfrom = "lesson.start + 15m"', '[no_show.tutor]\nfrom = "entered(agred) + 15m"')],
        "no_show.tutor.from",
        "unknown state 'agred'",
        '"entered(agred) + 15m"',
        "agreed",
    ),
    (
        "after everything is over",
        [('by      = ["student"]\nsilence = { at = "lesson.end + 3d"', 'silence = { at = "lesson.end"')],
        "no_show.student.until",
        "a lesson is complete at its end (complete.silence.at), so nothing can be claimed after it",
        '"lesson.end + 1d"',
        None,
    ),
    *[
        (
            f"from {start}, when everything is over",
            [
                ('by      = ["student"]\nsilence = { at = "lesson.end + 3d"', 'silence = { at = "lesson.end"'),
                ('until        = "lesson.end + 1d"\n', ""),
                ('from = "lesson.start + 15m"', f'from = "{start}"'),
            ],
            "no_show.tutor.from",
            "nothing can be claimed after it",
            f'"{start}"',
            None,
        )
        for start in ("lesson.end", "lesson.end + 5m")
    ],
    (
        "a dispute that ends as it may",
        [('settle    = "as_given"', 'settle    = { student = "100%" }')],
        "dispute.settle",
        "a dispute is decided case by case",
        '{ student = "100%" }',
        None,
    ),
    (
        "a dispute without choices",
        [('settle    = "as_given"', "settle    = { choices = [] }")],
        "dispute.settle.choices",
        "is no list of splits",
        "[]",
        None,
    ),
    (
        "a misspelt split",
        [('settle    = "as_given"', 'settle    = "as_gven"')],
        "dispute.settle",
        "expected shares such as",
        '"as_gven"',
        "as_given",
    ),
    ("nobody decides", [('by        = ["operator"]', "by        = []")], "dispute.by", "names nobody", "[]", None),
    (
        "a mark on an office that decides nothing",
        [('becomes = "resolved", fault = "none"', 'mark = "undecided", fault = "holder"')],
        "dispute.silence.mark",
        "a mark falls on a person",
        '"undecided"',
        None,
    ),
    (
        "a mark on an office",
        [('student = "absent" }', 'operator = "absent" }')],
        "dispute.marks.operator",
        "unknown key; known here: 'payer', 'requester', 'student', 'tutor'",
        "operator",
        None,
    ),
    (
        "a mark for the blamed of two words",
        [('student = "absent" }', 'student = "not there" }')],
        "dispute.marks.student",
        "'not there' cannot name a mark",
        '"not there"',
        None,
    ),
    (
        "a mark that is no text",
        [('student = "absent" }', "student = 1 }")],
        "dispute.marks.student",
        "is 1; expected a text",
        "1",
        '"1"',
    ),
    (
        "nothing leads to a dispute",
        [
            ('contradicted = "joined(student) < lesson.start + 1/3 lesson"\n', ""),
            ('answer_by    = "entered + 24h"\ncontested_by = ["student", "payer"]\n', ""),
        ],
        "dispute",
        "nothing leads to a dispute: no [problem], and no claim in no_show has answer_by or contradicted",
        "[dispute]",
        None,
    ),
]

ENDS = [
    (
        "claims that nobody decides",
        [(DISPUTE, "")],
        "no_show.student.answer_by",
        "a section [dispute] has to say who decides, by when",
        '"entered + 24h"',
        None,
    ),
    (
        "contradictions that nobody decides",
        [(DISPUTE, "")],
        "no_show.student.contradicted",
        "a section [dispute] has to say who decides, by when",
        '"joined(student) < lesson.start + 1/3 lesson"',
        None,
    ),
    (
        "silence before the end",
        [("lesson.end + 3d", "lesson.end - 5m")],
        "complete.silence.at",
        "lies before the end of the lesson",
        '"lesson.end - 5m"',
        None,
    ),
    (
        "silence at the start",
        [("lesson.end + 3d", "lesson.start")],
        "complete.silence.at",
        "lies before the end of the lesson",
        '"lesson.start"',
        None,
    ),
    (
        "nobody can confirm",
        [("lesson.end + 3d", "lesson.end")],
        "complete.by",
        "nobody can confirm what silence completes at the very end",
        '["student"]',
        None,
    ),
    (
        "confirmed twice",
        [('by      = ["student"]\nsilence = { at', 'by      = ["student", "student"]\nsilence = { at')],
        "complete.by[1]",
        "'student' is named twice",
        '"student"',
        None,
    ),
    (
        "given at the end",
        [("[complete]\n", '[complete]\nsettle = "as_given"\n')],
        "complete.settle",
        "nobody is there to say the split",
        '"as_given"',
        None,
    ),
    *[
        (
            f"{path} counted as taught",
            [(old, new)],
            path,
            "'completed' is where lessons end that took place",
            '"completed"',
            None,
        )
        for old, new, path in (
            ('becomes = "expired"', 'becomes = "completed"', "request.silence.becomes"),
            ('decline   = { needs = ["reason"] }', 'decline   = { becomes = "completed" }', "request.decline.becomes"),
            ("withdraw  = { by", 'withdraw  = { becomes = "completed", by', "request.withdraw.becomes"),
            ('becomes = "lapsed"', 'becomes = "completed"', "request.propose.silence.becomes"),
            ('becomes = "payment_expired"', 'becomes = "completed"', "request.payment.silence.becomes"),
            ('becomes = "no_meeting"', 'becomes = "completed"', "meeting.failed.becomes"),
            ('becomes     = "let_down"', 'becomes     = "completed"', "cancel.cases[2].becomes"),
            ('becomes   = "cancelled_late"', 'becomes   = "completed"', "cancel.charge.becomes"),
        )
    ],
    (
        "completed as a no-show",
        [('becomes = "completed"', 'becomes = "student_no_show"')],
        "complete.silence.becomes",
        "'student_no_show' is where a no-show leads; choose a name such as 'completed'",
        '"student_no_show"',
        None,
    ),
    (
        "never shown",
        [('until = "lesson.end + 14d"\n', "")],
        "review.blind",
        "needs until: what one side says would stay hidden for ever",
        "true",
        None,
    ),
    (
        "hidden from nobody",
        [('by    = ["student", "tutor"]', 'by    = ["student"]')],
        "review.blind",
        "only the student reviews, so there is nobody to wait for",
        "true",
        None,
    ),
    (
        "an office reviews",
        [('by    = ["student", "tutor"]', 'by    = ["operator"]')],
        "review.by[0]",
        "expected one of 'student', 'tutor', 'payer', 'requester'",
        '"operator"',
        None,
    ),
    ("nobody reviews", [('by    = ["student", "tutor"]', "by    = []")], "review.by", "names nobody", "[]", None),
    (
        "an unknown verb",
        [('also_actor = ["request", "accept"]', 'also_actor = ["request", "acept"]')],
        "notify.also_actor[1]",
        "unknown verb 'acept'; known under these sections: request, pay, withdraw, accept",
        '"acept"',
        "accept",
    ),
    (
        "a verb of a section that is not there",
        [('also_actor = ["request", "accept"]', 'also_actor = ["split"]')],
        "notify.also_actor[0]",
        "unknown verb 'split'",
        '"split"',
        None,
    ),
    (
        "a verb twice",
        [('also_actor = ["request", "accept"]', 'also_actor = ["accept", "accept"]')],
        "notify.also_actor[1]",
        "'accept' is named twice",
        '"accept"',
        None,
    ),
    (
        "a verb that tells nobody",
        [('also_actor = ["request", "accept"]', 'also_actor = ["join"]')],
        "notify.also_actor[0]",
        "'join' tells nobody",
        '"join"',
        None,
    ),
    (
        "a verb of an office",
        [('also_actor = ["request", "accept"]', 'also_actor = ["resolve"]')],
        "notify.also_actor[0]",
        "'resolve' is done by nobody of the lesson",
        '"resolve"',
        None,
    ),
    (
        "a verb that is no list",
        [('also_actor = ["request", "accept"]', 'also_actor = "accept"')],
        "notify.also_actor",
        "is 'accept'; expected a list",
        '"accept"',
        '["accept"]',
    ),
    (
        "an unknown state",
        [('state = "in_progress"', 'state = "in_progres"')],
        "notify.reminders[0].state",
        "unknown state 'in_progres'",
        '"in_progres"',
        "in_progress",
    ),
    (
        "an ending",
        [('state = "in_progress"', 'state = "completed"')],
        "notify.reminders[0].state",
        "'completed' is an ending; there is nothing to be reminded of",
        '"completed"',
        None,
    ),
    (
        "no state",
        [('state = "in_progress"\n', "")],
        "notify.reminders[0].state",
        "is missing",
        "[[notify.reminders]]",
        None,
    ),
    (
        "no instant",
        [('at    = "lesson.end - 5m"\n', "")],
        "notify.reminders[0].at",
        "is missing",
        "[[notify.reminders]]",
        None,
    ),
    (
        "nobody reminded",
        [('at    = "lesson.end - 5m"\nto    = ["tutor"]', 'at    = "lesson.end - 5m"\nto    = []')],
        "notify.reminders[0].to",
        "names nobody",
        "[]",
        None,
    ),
    (
        "one reminded twice",
        [('to    = ["tutor", "student"]', 'to    = ["tutor", "tutor"]')],
        "notify.reminders[1].to[1]",
        "'tutor' is named twice",
        '"tutor"',
        None,
    ),
    (
        "an office reminded",
        [('to    = ["tutor", "student"]', 'to    = ["operator"]')],
        "notify.reminders[1].to[0]",
        "expected one of 'student'",
        '"operator"',
        None,
    ),
    (
        "a reminder of a change that is not open",
        [('at    = "lesson.end - 5m"', 'at    = "proposed.start - 5m"')],
        "notify.reminders[0].at",
        "proposed.* means something only",
        '"proposed.start - 5m"',
        None,
    ),
    (
        "a reminder for some",
        [('at    = "lesson.end - 5m"', 'at    = "if(has(tutor, forgets), lesson.end, lesson.start)"')],
        "notify.reminders[0].at",
        "has(tutor, forgets) is known only as somebody acts",
        '"if(has(tutor, forgets), lesson.end, lesson.start)"',
        None,
    ),
    (
        "an unknown key of a reminder",
        [('state = "in_progress"', 'state = "in_progress"\nby = ["tutor"]')],
        "notify.reminders[0].by",
        "unknown key",
        "by",
        None,
    ),
    (
        "an unknown key beside reminders",
        [("[notify]\n", "[notify]\nalso = 1\n")],
        "notify.also",
        "unknown key; known here: 'also_actor', 'reminders'",
        "also",
        None,
    ),
    (
        "a rate for a permission",
        [('when = "taught(tutor) < 20h"', 'when = "has(tutor, cheap)"')],
        "fees.rates[0].when",
        "has(tutor, cheap) counts when somebody acts; nobody does here",
        '"has(tutor, cheap)"',
        None,
    ),
    (
        "a rate for an unknown mark",
        [('when = "taught(tutor) < 20h"', 'when = "count(lat, tutor) < 2"')],
        "fees.rates[0].when",
        "unknown mark 'lat'",
        '"count(lat, tutor) < 2"',
        None,
    ),
]

# Every clock of a profile: what is written there, and its path.
EVERY_CLOCK = [
    ('pay_by  = "asked + 15m"', "request.payment.pay_by"),
    ('answer_by = "earliest(asked + 48h, lesson.start)"', "request.answer_by"),
    ('answer_by  = "lesson.start - 1h"', "request.propose.answer_by"),
    ('answer_by  = "earliest(asked + 24h, proposed.start)"', "change.answer_by"),
    ('answer_by = "asked + 72h"', "cancel.charge.answer_by"),
    ('answer_by    = "entered + 24h"', "no_show.student.answer_by"),
    ('answer_by = "asked + 30d"', "dispute.answer_by"),
    ('at = "lesson.end + 3d"', "complete.silence.at"),
]

# A reason or a number that a clock would have to know before anybody acts.
CLOCKS = [
    ("count(missed_request, tutor) < 2", "count(missed_request, tutor) is known only as somebody acts"),
    ("taught(tutor) < 2h", "taught(tutor) is known only as somebody acts"),
    ("has(tutor, vip)", "has(tutor, vip) is known only as somebody acts"),
    ('reason == \\"ill\\"', "reason is known only as somebody acts"),
    ('blamed == \\"tutor\\"', "blamed is known only as somebody acts"),
]

KINDS = [*REQUEST, *AROUND, *ABSENCES, *ENDS]


@pytest.mark.parametrize(
    ("edits", "path", "said", "marked", "suggestion"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS]
)
def test_a_mistake_of_a_section_is_shown_at_its_word(
    edits: list[tuple[str, str]], path: str, said: str, marked: str, suggestion: str | None
) -> None:
    """One thing wrong gives one mistake there: the path, what is wrong, the word itself, and the nearest right one."""
    broken = edited(*edits)

    found = [each for each in mistakes(broken) if each.path == path and said in str(each)]

    assert len(found) == 1, [str(each) for each in mistakes(broken)]
    assert (word(found[0]), found[0].suggestion) == (marked, suggestion)
    assert broken.splitlines()[found[0].line - 1] == found[0].excerpt.splitlines()[0]


@pytest.mark.parametrize(("guard", "said"), CLOCKS)
def test_no_clock_depends_on_what_somebody_says_or_on_facts(guard: str, said: str) -> None:
    """A deadline is found as its state is entered, so it cannot ask what is looked up only for somebody who acts."""
    at = f"if({guard}, lesson.start, lesson.start - 24h)"

    (mistake,) = mistakes(edited(("earliest(asked + 48h, lesson.start)", at)))

    assert (mistake.path, word(mistake)) == ("request.answer_by", f'"{at}"')
    assert said in mistake.message


@pytest.mark.parametrize(("written", "path"), EVERY_CLOCK)
@pytest.mark.parametrize(
    "at", ["did(review) + 1h", "joined(tutor) + 1h", "latest(did(review), reviewed(student))", "entered(locked) + 1h"]
)
def test_a_clock_that_may_never_come_is_none(written: str, path: str, at: str) -> None:
    """Silence has to be enough: a deadline is reckoned from what has surely happened by the time that it runs."""
    key = written[: written.index("=")]

    (mistake,) = mistakes(edited((written, f'{key}= "{at}"')))

    assert (mistake.path, word(mistake)) == (path, f'"{at}"')
    assert mistake.message == f"may never come: {at} is reckoned from what need not happen"


@pytest.mark.parametrize(
    ("number", "at"),
    [
        (0, "did(request) + 15m"),
        (1, "first_entered(unpaid) + 48h"),
        (1, "did(pay) + 48h"),
        (2, "earliest(did(review), lesson.start)"),
        (2, "entered(requested) + 48h"),
        (3, "first_entered(agreed) + 48h"),
        (4, "did(cancel) + 48h"),
        (5, "did(claim_no_show) + 48h"),
        (5, "entered(in_progress) + 48h"),
        (6, "entered(disputed) + 720h"),
        (7, "if(notice < 1h, entered(delivered) + 3d, first_entered(in_progress) + 3d)"),
    ],
)
def test_a_clock_is_reckoned_from_what_every_way_there_passes(number: int, at: str) -> None:
    """What a lesson must have done or entered to stand in a state is there, and may be counted from."""
    written, _ = EVERY_CLOCK[number]

    process = load_policy(edited((written, f'{written[: written.index("=")]}= "{at}"')))

    assert at in [str(timeout.at) for state in process.states for timeout in state.timeouts]


def test_the_file_that_is_edited_here_is_sound_and_says_everything() -> None:
    """Without an edit it loads, and written out as a table it reads back equal."""
    process = load_policy(FULL)

    again = load_process(dump_process(process))

    assert again == process
    assert content_hash(again) == content_hash(process)
    assert {"unpaid", "proposed", "locked", "charge_open", "student_no_show_claimed", "disputed"} < {
        state.name for state in process.states
    }


@pytest.mark.parametrize(
    ("edits", "state", "expected"),
    [
        # Nobody need confirm.
        ([('by      = ["student"]\nsilence = { at', "by      = []\nsilence = { at")], "delivered", None),
        ([], "delivered", "student"),
    ],
)
def test_a_list_of_nobody_means_what_it_says_where_nobody_is_needed(
    edits: list[tuple[str, str]], state: str, expected: str | None
) -> None:
    """`by = []` in [complete] says that nobody confirms, which is also how an inherited list is taken back."""
    assert load_policy(edited(*edits)).state(state).waits_for == expected


@pytest.mark.parametrize(
    ("cells", "blamed"),
    [
        ("", "student"),
        ('mark = "absent"', "student"),
        ('fault = "student"', "student"),
        ('fault = "none"', None),
    ],
)
def test_an_absence_is_the_fault_of_who_did_not_come_unless_it_is_nobodys(cells: str, blamed: str | None) -> None:
    """Whoever did not come is to blame, marked or not; a policy may say that nobody is."""
    process = load_policy(edited(('mark         = "absent"', cells)))

    assert process.state("student_no_show_claimed").timeouts[0].effects.cases[0].fault == blamed


def test_a_change_may_always_lock() -> None:
    """`locks = "true"` is not the same as no `locks`: whatever is changed is locked then."""
    process = load_policy(edited(('"notice < 12h"', '"true"')))

    assert [move.to for move in process.state("change_by_tutor").moves if move.verb == "accept"] == ["locked"]


def test_a_case_may_be_for_who_is_in_progress_only_if_nothing_hides_it() -> None:
    """Cases for other roles, or after conditions, decide for somebody; they are no mistake."""
    text = edited(
        ('by          = ["tutor", "admin"]', 'by          = ["tutor", "student"]'),
    )

    assert len([move for move in load_policy(text).state("agreed").moves if move.verb == "cancel"]) == 3


def test_an_empty_list_of_cases_is_no_case() -> None:
    """`cases = []` takes back inherited cases, and the claim says its own shares again."""
    text = (
        'extends = "itutor"\nid = "mine"\nno_show.tutor = { cases = [], settle = { student = "100%" }, mark = "gone" }'
    )

    (case,) = load_policy(text).state("tutor_no_show_claimed").timeouts[0].effects.cases

    assert (str(case.settle), case.mark, case.fault) == ("student 100%", "gone", "tutor")


def test_the_sections_of_a_missing_request_are_still_read() -> None:
    """A file without its request says so, and what is wrong elsewhere too."""
    text = (
        'id = "x"\nextends = "lesson/1"\ncurrency = "EUR"\n[agree]\nwhen = "true"\n'
        '[complete]\nsilence = { at = "lesson.end" }\n[change]\nby = ["tutor"]\nanswer_by = "soon"\n'
    )

    found = mistakes(text)

    assert [each.path for each in found] == ["", "change.answer_by"]
    assert found[0].message == "the section [request] is missing"


def test_silence_about_a_charge_or_a_dispute_has_its_usual_meaning() -> None:
    """Without a section of its own, silence gives everything back and marks nobody."""
    text = edited(
        ('silence   = { settle = { student = "100%" } }\n', ""),
        ('silence   = { becomes = "resolved", fault = "none" }\n', ""),
    )

    process = load_policy(text)

    for state, end in (("charge_open", "cancelled_late"), ("disputed", "resolved")):
        (silence,) = process.state(state).timeouts
        assert (silence.to, str(silence.effects.cases[0].settle), silence.fault) == (end, "student rest", "none")


def test_what_is_due_does_not_clear() -> None:
    """Where nothing is held nothing is paid out, so a wait before it is available means nothing."""
    text = 'extends = "educai"\nid = "mine"\n[payout]\nclears_after = "24h"'

    (mistake,) = mistakes(text)

    assert (mistake.path, word(mistake)) == ("payout.clears_after", '"24h"')
    assert "nothing is paid out" in mistake.message
    assert load_policy(text.replace("24h", "0s")).settles == "due"


# What follows the lesson: problems, refunds, and the account of the tutor.

AFTERWARDS = """
[problem]
by        = ["student", "tutor"]
from      = "lesson.start"
until     = "lesson.end + 3d"
proposes  = ["refund", "pay", "reschedule"]
answers   = ["accept", "decline", "propose"]
answer_by = "entered + 7d"
silence   = "accept"
needs     = ["reason"]
becomes   = "agreed_on"

[problem.reasons]
tutor_absent = { mark = "missed_attendance", fault = "tutor" }
quality      = {}

[problem.reschedule]
nobody     = { at = "entered + 7d", settle = { tutor = "50%", student = "rest" }, becomes = "no_time" }
silent     = { at = "earliest(asked + 7d, proposed.start)", mark = "no_show", becomes = "stood_up" }
may_change = ["start"]
when       = "proposed.start - now >= 24h"

[problem.evidence]
by    = ["student", "operator"]
until = "entered + 14d"

[refund]
by    = ["operator"]
until = "entered + 30d"
needs = ["reason", "details"]

[standing.missed_attendance]
ladder = [{ at = 1, effect = "hidden", lifted_by = "tutor" }]
"""

NEW_TIME = AFTERWARDS[AFTERWARDS.index("[problem.reschedule]") : AFTERWARDS.index("[problem.evidence]")]
UNTIL = 'until     = "lesson.end + 3d"'


def afterwards(*edits: tuple[str, str]) -> str:
    """Return the full file with what follows the lesson, with each edit made there or, failing that, in the rest."""
    text, rest = AFTERWARDS, list[tuple[str, str]]()
    for old, new in edits:
        if text.count(old) == 1:
            text = text.replace(old, new)
        else:
            rest.append((old, new))
    return edited(*rest) + text


@pytest.mark.parametrize(
    ("edits", "path", "said", "marked"),
    [
        ([('by        = ["student", "tutor"]', "by = []")], "problem.by", "names nobody", "[]"),
        ([('by        = ["student", "tutor"]', 'by = ["admin"]')], "problem.by[0]", "expected one of", '"admin"'),
        ([('from      = "lesson.start"\n', "")], "problem.from", "is missing", "[problem]"),
        (
            [('from      = "lesson.start"', 'from = "lesson.start - 1h"')],
            "problem.from",
            "lies before the start of the lesson",
            '"lesson.start - 1h"',
        ),
        (
            [('from      = "lesson.start"', 'from = "lesson.end + 3d"'), (UNTIL, "")],
            "problem.from",
            "complete by itself by then",
            '"lesson.end + 3d"',
        ),
        (
            [
                ('from      = "lesson.start"', 'from = "lesson.end"'),
                (UNTIL, ""),
                ('until        = "lesson.end + 1d"', 'until = "lesson.end"'),
                ('by      = ["student"]\nsilence = { at = "lesson.end + 3d"', 'silence = { at = "lesson.end"'),
            ],
            "problem.from",
            "complete at its end (complete.silence.at), so nothing can be reported after it",
            '"lesson.end"',
        ),
        (
            [(UNTIL, 'until = "lesson.end + 4d"')],
            "problem.until",
            "lies after complete.silence.at",
            '"lesson.end + 4d"',
        ),
        ([(UNTIL, 'until = "lesson.start"')], "problem.until", "comes no later than problem.from", '"lesson.start"'),
        (
            [('from      = "lesson.start"', 'from = "lesson.end + 5h"'), (UNTIL, 'until = "lesson.end + 2h"')],
            "problem.until",
            "comes no later than problem.from",
            '"lesson.end + 2h"',
        ),
        ([('answer_by = "entered + 7d"\n', "")], "problem.answer_by", "is missing", "[problem]"),
        (
            [('answer_by = "entered + 7d"', 'answer_by = "joined(tutor) + 1h"')],
            "problem.answer_by",
            "may never come",
            '"joined(tutor) + 1h"',
        ),
        ([('["refund", "pay", "reschedule"]', "[]")], "problem.proposes", "names nothing", "[]"),
        ([('"pay", "resch', '"pays", "resch')], "problem.proposes[1]", "expected one of", '"pays"'),
        ([('"pay", "resch', '"refund", "resch')], "problem.proposes[1]", "is named twice", '"refund"'),
        (
            [(NEW_TIME, "")],
            "problem.proposes",
            "'reschedule' needs a section [problem.reschedule]",
            '["refund", "pay", "reschedule"]',
        ),
        (
            [('["refund", "pay", "reschedule"]', '["refund"]')],
            "problem.reschedule",
            "means nothing while 'reschedule' is not among problem.proposes",
            "[problem.reschedule]",
        ),
        (
            [('["refund", "pay", "reschedule"]', '["reschedule"]')],
            "problem.answers",
            "a remedy in problem.proposes that can be put against another time",
            '["accept", "decline", "propose"]',
        ),
        (
            [('answers   = ["accept", "decline", "propose"]', 'answers = ["decline"]')],
            "problem.answers",
            "without 'accept' the two can only settle it by saying nothing",
            '["decline"]',
        ),
        ([('silence   = "accept"', 'silence = "decline"')], "problem.silence", "'accept', 'escalate'", '"decline"'),
        (
            [('needs     = ["reason"]', 'needs = ["details"]')],
            "problem.needs",
            "only some reasons may be given",
            '["details"]',
        ),
        ([('"agreed_on"', '"rescheduling"')], "problem.becomes", "is where a lesson goes on", '"rescheduling"'),
        ([('"agreed_on"', '"new_time_by_x"')], "problem.becomes", "is where a lesson goes on", '"new_time_by_x"'),
        ([('"agreed_on"', '"completed"')], "problem.becomes", "is where lessons end that took place", '"completed"'),
        ([('"stood_up"', '"completed"')], "problem.reschedule.silent.becomes", "would count as taught", '"completed"'),
        ([('"no_time"', '"completed"')], "problem.reschedule.nobody.becomes", "would count as taught", '"completed"'),
        (
            [('mark = "missed_attendance", fault = "tutor" }\nquality', 'mark = "missed_attendance" }\nquality')],
            "problem.reasons.tutor_absent.mark",
            "a mark falls on a person",
            '"missed_attendance"',
        ),
        ([("quality      = {}", "Bad = {}")], "problem.reasons.Bad", "cannot name a reason", "{}"),
        ([("quality      = {}", 'quality = { by = "x" }')], "problem.reasons.quality.by", "unknown key", "by"),
        (
            [("quality      = {}\n", ""), ('tutor_absent = { mark = "missed_attendance", fault = "tutor" }\n', "")],
            "problem.reasons",
            "names nothing; leave it out where any reason may be given",
            "[problem.reasons]",
        ),
        (
            [('nobody     = { at = "entered + 7d", settle', "nobody = { settle")],
            "problem.reschedule.nobody.at",
            "is missing",
            '{ settle = { tutor = "50%", student = "rest" }, becomes = "no_time" }',
        ),
        (
            [(NEW_TIME[NEW_TIME.index("nobody") : NEW_TIME.index("silent")], "")],
            "problem.reschedule",
            "nobody is missing; expected",
            "[problem.reschedule]",
        ),
        (
            [(NEW_TIME[NEW_TIME.index("silent") : NEW_TIME.index("may_change")], "")],
            "problem.reschedule",
            "silent is missing; expected",
            "[problem.reschedule]",
        ),
        (
            [('becomes = "no_time"', 'mark = "idle"')],
            "problem.reschedule.nobody.mark",
            "a mark falls on a person",
            '"idle"',
        ),
        (
            [('becomes = "no_time"', 'fault = "holder"')],
            "problem.reschedule.nobody.fault",
            "it is nobody's turn here",
            '"holder"',
        ),
        (
            [('nobody     = { at = "entered + 7d"', 'nobody = { at = "did(propose) + 7d"')],
            "problem.reschedule.nobody.at",
            "may never come",
            '"did(propose) + 7d"',
        ),
        (
            [('at = "earliest(asked + 7d, proposed.start)"', 'at = "did(decline) + 7d"')],
            "problem.reschedule.silent.at",
            "may never come",
            '"did(decline) + 7d"',
        ),
        (
            [('mark = "no_show", becomes', 'settle = { tutor = "rest" }, becomes')],
            "problem.reschedule.silent.settle",
            "unknown key",
            "settle",
        ),
        ([('may_change = ["start"]', "may_change = []")], "problem.reschedule.may_change", "names nothing", "[]"),
        ([('by    = ["student", "operator"]', "by = []")], "problem.evidence.by", "names nobody", "[]"),
        (
            [("[problem.evidence]\n", "[problem.evidence]\nfrom = 'now'\n")],
            "problem.evidence.from",
            "unknown key",
            "from",
        ),
        ([('by    = ["operator"]', "by = []")], "refund.by", "names nobody", "[]"),
        ([('by    = ["operator"]', 'by = ["tutor"]')], "refund.by[0]", "expected one of", '"tutor"'),
        ([('needs = ["reason", "details"]', 'needs = ["split"]')], "refund.needs[0]", "expected one of", '"split"'),
        (
            [("[standing.missed_attendance]", "[standing.missed_lesson]")],
            "standing.missed_lesson",
            "nothing in this table gives the mark 'missed_lesson'",
            "[standing.missed_lesson]",
        ),
    ],
)
def test_a_mistake_about_what_follows_the_lesson_is_shown_at_its_word(
    edits: list[tuple[str, str]], path: str, said: str, marked: str
) -> None:
    """One thing wrong gives one mistake at its word there, too."""
    broken = afterwards(*edits)

    found = [each for each in mistakes(broken) if each.path == path and said in str(each)]

    assert len(found) == 1, [str(each) for each in mistakes(broken)]
    assert word(found[0]) == marked
    assert len(mistakes(broken)) == 1


def test_a_problem_needs_somebody_who_decides() -> None:
    """Either side may escalate, so a policy with problems has a dispute."""
    text = afterwards().replace(DISPUTE, "")
    for line in ('contradicted = "joined(student) < lesson.start + 1/3 lesson"\n', 'answer_by    = "entered + 24h"\n'):
        text = text.replace(line, "")
    text = text.replace('contested_by = ["student", "payer"]\n', "")

    (mistake,) = mistakes(text)

    assert (mistake.path, word(mistake)) == ("problem", "[problem]")
    assert "either side may escalate a problem" in mistake.message


def test_a_refund_needs_somebody_who_was_paid() -> None:
    """Where whatever happens the student's side gets everything back, there is nothing to correct."""
    text = """
id = "free"
extends = "lesson/1"
currency = "EUR"
refund = {}
complete = { settle = { student = "rest" }, silence = { at = "lesson.end" } }
request = { by = ["student"], answer_by = "lesson.start" }
"""

    (mistake,) = mistakes(text)

    assert mistake.path == "refund"
    assert "there is nothing to give back" in mistake.message
    assert load_policy(text.replace("refund = {}\n", "")).state("completed").moves == ()


@pytest.mark.parametrize(
    ("until", "silence"),
    [
        ("lesson.end + 3d", "lesson.end + 3d"),
        ("lesson.end + 1w", "lesson.end + 7d"),
        ("lesson.end + 72h", "lesson.end + 2d"),
        ("lesson.start + 9d", "lesson.end + 3d"),
        ("lesson.end + 1mo", "lesson.end + 40d"),
        ("lesson.end", "lesson.end + 3d"),
    ],
)
def test_only_what_lies_after_the_completion_for_sure_is_a_mistake(until: str, silence: str) -> None:
    """The same instant is none, nor are hours beside days, of which nobody can tell which come first."""
    text = afterwards((UNTIL, f'until = "{until}"'), ('{ at = "lesson.end + 3d"', f'{{ at = "{silence}"'))

    process = load_policy(text)

    assert str(process.state("in_progress").moves[0].until) == until


def test_the_sections_of_what_follows_have_their_usual_meaning() -> None:
    """What is left out: every remedy and answer, silence accepts, a reason is needed, an operator refunds."""
    left = (
        'proposes  = ["refund", "pay", "reschedule"]\n',
        'answers   = ["accept", "decline", "propose"]\n',
        'silence   = "accept"\n',
        'needs     = ["reason"]\n',
        'may_change = ["start"]\n',
        'by    = ["operator"]\n',
    )

    process = load_policy(afterwards(*((line, "") for line in left)))

    reports = [move for move in process.state("delivered").moves if move.verb == "report"]
    assert [move.effects.remedies for move in reports] == [("refund", "pay", "split"), ("reschedule",)] * 2
    assert process.state("problem_by_tutor").timeouts[0].effects.agrees
    assert {move.verb for move in process.state("problem_by_tutor").moves} >= {"accept", "decline", "propose_remedy"}
    assert {move.needs for move in reports} == {("reason",)}
    assert process.state("rescheduling").moves[0].effects.may_change == ("start", "duration")
    assert [move.by for move in process.state("completed").moves if move.verb == "refund"] == [("operator",)]


def test_the_file_with_what_follows_is_sound() -> None:
    """Without an edit it loads, says everything, and reads back equal, account rules and all."""
    process = load_policy(afterwards())

    assert load_process(dump_process(process)) == process
    assert {"problem_by_tutor", "rescheduling", "agreed_on", "no_time", "stood_up"} <= {
        state.name for state in process.states
    }
    assert [counter.name for counter in process.account.counters] == ["missed_attendance"]
