"""Policies to try everything on: some that people know, and others in which little is as it is there.

Those others are not presets: each is there for what it makes happen, and says so. Together they reach every kind of
row, every way to be past a deadline, odd shares, odd cents, currencies with no, one, two and three decimals.
"""

from __future__ import annotations

from tutorcore.policy.codec import load_policy, load_preset
from tutorcore.policy.process import Process

DEAR = """
# italki, but an agreed price can be changed, a third of the price can be lost, and earnings wait for a fortnight.
extends = "italki"
id      = "dear"
version = "1"

[change]
by         = ["student", "tutor"]
may_change = ["start", "duration", "price", "details"]
answer_by  = "earliest(asked + 30h, lesson.start - 1h, proposed.start)"

[[cancel.cases]]
by     = ["student"]
when   = "notice > 24h"
settle = { student = "100%" }

[[cancel.cases]]
by     = ["student"]
needs  = ["reason"]
settle = { tutor = "1/3", student = "rest" }
mark   = "late_cancel"

[[cancel.cases]]
by     = ["tutor", "operator"]
needs  = ["reason"]
settle = { student = "rest" }
mark   = "late_cancel"
fault  = "tutor"

[fees]
commission = "33.3%"
rounding   = "half_down"

[payout]
clears_after = "336h"
"""

LATER = """
# Nothing is held and no time is taken before there is an agreement; the last day to answer is one of the platform's.
extends  = "lesson/1"
id       = "later"
version  = "1"
zone     = "platform"
currency = "JPY"

[request]
by          = ["student", "payer"]
when        = "notice >= 48h"
hold        = "when_agreed"
slot        = "none"
answered_by = ["tutor", "admin"]
answers     = ["accept", "decline", "propose"]
answer_by   = "earliest(asked + 72h, start_of_day(lesson.start))"
silence     = { becomes = "declined", settle = { student = "rest" }, mark = "missed_request" }
decline     = { becomes = "declined", settle = { student = "rest" }, needs = ["reason"] }

[request.propose]
may_change = ["start", "price"]
answers    = ["accept", "decline", "propose"]
answer_by  = "earliest(asked + 1d, start_of_day(lesson.start))"
silence    = { becomes = "expired", settle = { student = "rest" } }

[change]
by         = ["student"]
may_change = ["start", "price"]
answer_by  = "earliest(asked + 12h, start_of_day(lesson.start))"
slot       = "none"
override   = { by = ["operator", "admin"], needs = ["reason"] }

[[cancel.cases]]
by     = ["student", "payer"]
when   = "notice >= 72h"
needs  = ["reason"]
settle = { student = "100%" }

[[cancel.cases]]
by     = ["student"]
settle = { platform = "1/7", tutor = "1/7", student = "rest" }

[complete]
by      = ["student", "payer"]
settle  = { tutor = "rest" }
silence = { at = "lesson.end + 1h", becomes = "completed" }

[fees]
commission = "12.5%"
rounding   = "up"
"""

QUOTA = """
# italki, but one late cancellation in thirty days is free to whoever answers in time, and a tutor who let three
# requests lapse within a week gets no more.
extends = "italki"
id      = "quota"
version = "1"

[request]
when = "count(missed_request, tutor, within=168h) < 3"

[request.propose]
silence = { becomes = "expired", settle = { student = "rest" }, mark = "slow" }

[[cancel.cases]]
by     = ["student", "tutor"]
when   = "notice > 24h"
settle = { student = "100%" }

[[cancel.cases]]
by     = ["student"]
when   = "count(late_cancel, student, within=30d) < 1 and count(slow, student, within=2d) < 1"
settle = { student = "100%" }
mark   = "late_cancel"

[[cancel.cases]]
by     = ["student"]
settle = { tutor = "rest" }
mark   = "late_cancel"

[[cancel.cases]]
by     = ["tutor"]
when   = "count(missed_request, tutor, within=7d) < 1"
settle = { student = "100%" }
"""

OWN = """
# A table of an integrator's own: other states, other verbs, rounds that end, asides, deadlines that are past when born.
schema   = 1
id       = "own"
version  = "1"
extends  = "process/1"
zone     = "student"
currency = "KWD"

[fees]
commission = "7.77%"
rounding   = "half_up"

[payout]
clears_after = "36h"

[opening]
verb  = "ask"
by    = ["requester", "student"]
when  = "notice >= 30m"
to    = "asked"
terms = "propose"
hold  = "cover"

[state.asked]
waits_for = "tutor"
slot      = "tentative"

[state.asked.on.take]
by    = ["tutor", "admin"]
to    = "booked"
terms = "accept"
hold  = "exact"

[state.asked.on.counter]
by    = ["tutor"]
when  = "rounds < 4"
to    = "countered"
terms = "propose"

[state.asked.on.refuse]
by     = ["tutor"]
needs  = ["reason"]
to     = "refused"
settle = { student = "rest" }

[state.asked.on.remark]
by = ["tutor", "requester"]
to = "stay"

[[state.asked.timeout]]
at      = "earliest(asked + 30h, at_time(lesson.start - 1d, 18:00))"
to      = "lapsed"
fault   = "holder"
if_past = "fire"
settle  = { student = "rest" }
mark    = "missed_request"

[[state.asked.timeout]]
at     = "earliest(lesson.start, asked + 30h)"
to     = "refused"
settle = { student = "rest" }

[state.countered]
waits_for = "requester"

[state.countered.on.take]
by    = ["requester", "payer"]
to    = "booked"
terms = "accept"
hold  = "exact"

[state.countered.on.counter]
by         = ["requester"]
when       = "rounds < 4 and proposed.price <= lesson.price"
to         = "asked"
terms      = "propose"
may_change = ["start", "price", "kind"]
hold       = "cover"

[state.countered.on.refuse]
by     = ["requester"]
to     = "refused"
settle = { student = "rest" }

[[state.countered.timeout]]
at      = "lesson.start - 2h"
to      = "lapsed"
fault   = "holder"
if_past = "skip"
settle  = { student = "rest" }

[[state.countered.timeout]]
at     = "lesson.start"
to     = "lapsed"
settle = { student = "rest" }

[state.booked]
slot   = "firm"
agreed = true

[[state.booked.on.shift]]
by    = ["student"]
when  = "rounds < 7"
to    = "shift_of_student"
terms = "propose"
hold  = "cover"

[[state.booked.on.shift]]
by    = ["tutor"]
when  = "proposed.start >= lesson.start"
to    = "shift_of_tutor"
terms = "propose"

[[state.booked.on.drop]]
by = ["student"]
to = "dropped"
cases = [
  { when = "notice >= 24h or now < did(take) + 1h", settle = { student = "100%" } },
  { when = "lesson.kind == 'trial'", settle = { platform = "50%", student = "50%" } },
  { settle = { tutor = "1/3", platform = "1/7", student = "rest" }, mark = "late_cancel", fault = "student" },
]

[[state.booked.on.drop]]
by     = ["tutor", "admin"]
needs  = ["reason"]
to     = "dropped"
settle = { student = "rest" }
mark   = "late_cancel"
fault  = "tutor"

[state.booked.on.force]
by    = ["operator"]
needs = ["reason"]
to    = "booked"
terms = "propose"
may_change = ["start", "duration"]
hold  = "exact"

[state.booked.on.here]
by    = ["student", "tutor"]
when  = "now >= lesson.start - 10m"
until = "lesson.start + 1/3 lesson"
to    = "stay"

[[state.booked.timeout]]
at = "lesson.end"
to = "held"

[state.shift_of_student]
waits_for = "tutor"
beside    = true
slot      = "tentative"

[state.shift_of_student.on.take]
by    = ["tutor"]
to    = "back"
terms = "accept"
hold  = "exact"

[state.shift_of_student.on.shift]
by    = ["tutor"]
when  = "rounds < 7"
to    = "shift_of_tutor"
terms = "propose"

[state.shift_of_student.on.refuse]
by = ["tutor"]
to = "back"

[state.shift_of_student.on.retract]
by = ["student"]
to = "back"

[[state.shift_of_student.timeout]]
at    = "earliest(asked + 10h, lesson.start, proposed.start - 1h)"
to    = "back"
fault = "holder"

[state.shift_of_tutor]
waits_for = "student"
beside    = true
slot      = "none"

[state.shift_of_tutor.on.take]
by    = ["student"]
to    = "back"
terms = "accept"
hold  = "exact"

[state.shift_of_tutor.on.shift]
by    = ["student"]
when  = "rounds < 7"
to    = "shift_of_student"
terms = "propose"
hold  = "cover"

[state.shift_of_tutor.on.refuse]
by = ["student"]
to = "back"

[[state.shift_of_tutor.timeout]]
at      = "latest(asked + 5h, lesson.start - 72h)"
to      = "back"
fault   = "holder"
if_past = "fire"

[state.held]
waits_for = "payer"

[state.held.on.approve]
by     = ["payer", "requester"]
to     = "paid"
settle = { tutor = "rest" }

[state.held.on.complain]
by    = ["student", "payer"]
when  = "not (did(here) < lesson.start + 1/3 lesson)"
until = "lesson.end + 12h"
needs = ["reason"]
to    = "disputed"

[state.held.on.wait]
by   = ["payer"]
when = "now < entered(held) + 20h"
to   = "stay"

[[state.held.timeout]]
at = "latest(lesson.end + 24h, did(wait) + 36h)"
to = "paid"
cases = [
  { when = "did(here) < lesson.end", settle = { tutor = "rest" } },
  { settle = { tutor = "2/3", student = "rest" } },
]

[state.disputed]
waits_for = "admin"

[state.disputed.on.rule]
by     = ["admin", "agent"]
needs  = ["reason"]
to     = "paid"
settle = { tutor = "1/3", platform = "1/3", student = "1/3" }

[[state.disputed.timeout]]
at     = "entered + 7d"
to     = "refunded"
settle = { student = "rest" }

[state.paid]
over = true

[state.paid.on.remark]
by    = ["student", "tutor"]
until = "entered(paid) + 14d"
to    = "stay"

[state.refunded]
over = true

[state.refused]
over = true

[state.lapsed]
over = true

[state.dropped]
over = true
"""

PAID = """
# Paid before the tutor hears of it, trials booked at once. What is changed late is locked, and what a late cancellation
# or an absent student costs is for the tutor to say. Who did not come may be disputed, and no meeting is no lesson.
extends  = "lesson/1"
id       = "paid"
version  = "1"
zone     = "student"
currency = "EUR"

[request]
by        = ["requester", "student"]
bookable  = true
instant   = 'lesson.kind == "trial" and notice >= 2h'
hold      = "when_paid"
answers   = ["accept", "decline", "propose"]
answer_by = "earliest(asked + 24h, lesson.start)"
withdraw  = { becomes = "withdrawn", by = ["requester", "payer"] }

[request.payment]
pay_by  = "earliest(asked + 6h, lesson.start)"
silence = { becomes = "never_paid" }

[request.propose]
may_change = ["start", "price"]
answer_by  = "earliest(asked + 24h, lesson.start)"

[agree]
when = "count(late_cancel, student) < 3"

[change]
by         = ["student", "tutor"]
may_change = ["start", "duration"]
answer_by  = "earliest(asked + 12h, lesson.start, proposed.start)"
when       = "rounds < 6"
locks      = "proposed.start - now < 48h"
override   = { by = ["operator"] }

[[cancel.cases]]
by     = ["student", "tutor"]
when   = "notice >= 24h"
settle = { student = "100%" }

[[cancel.cases]]
by     = ["student", "payer"]
mark   = "late_cancel"
fault  = "student"
locked = true
charge = true

[[cancel.cases]]
by          = ["tutor", "operator"]
needs       = ["reason"]
in_progress = true
locked      = true
becomes     = "called_off"

[cancel.charge]
settle    = { choices = ["0%", "50%", "100%"] }
answer_by = "asked + 48h"
silence   = { settle = { tutor = "1/3", student = "rest" } }

[attend]
from = "lesson.start - 10m"

[meeting]
failed = { becomes = "no_meeting" }

[no_show.student]
from         = "lesson.start + 5m"
until        = "lesson.end + 12h"
contradicted = "joined(student) < lesson.end"
settle       = "as_given"

[no_show.tutor]
from         = "lesson.start + 5m"
answer_by    = "asked + 12h"
contested_by = ["tutor", "admin"]
needs        = ["reason"]
mark         = "missed_attendance"

[dispute]
by        = ["operator", "admin"]
answer_by = "asked + 7d"
settle    = { choices = [{ student = "100%" }, "50%", { tutor = "1/3", platform = "1/7", student = "rest" }] }
silence   = { becomes = "resolved", settle = { student = "50%", tutor = "rest" } }
marks     = { tutor = "missed_attendance", student = "false_claim" }

[complete]
by      = ["student", "payer"]
silence = { at = "lesson.end + 2d", becomes = "completed" }

[review]
by    = ["student", "tutor"]
until = "lesson.end + 14d"
blind = true

[[notify.reminders]]
state = "requested"
at    = "deadline - 1h"
to    = ["tutor"]

[[notify.reminders]]
state = "agreed"
at    = "lesson.start - 1d"
to    = ["student", "tutor"]

[[notify.reminders]]
state = "agreed"
at    = "lesson.start - 10m"
to    = ["student", "payer", "tutor"]

[[notify.reminders]]
state = "change_by_student"
at    = "deadline - 30m"
to    = ["tutor"]

[[notify.reminders]]
state = "in_progress"
at    = "joined(student) + 20m"
to    = ["student"]

[fees]
rates = [
  { when = "taught(tutor, within=30d) < 2h", rate = "0%" },
  { below = "10", rate = "33.3%" },
  { rate = "10%" },
]

[payout]
clears_after = "24h"
"""

STERN = """
# Tutors apply for what they take out, pay for that and may spend it. What they miss counts in a row until they teach;
# and in points that fade, at most so many of a day, those of a month. Problems are the student's to report, and silence
# takes them to the dispute.
extends  = "lesson/1"
id       = "stern"
version  = "1"
zone     = "platform"
currency = "CRD"

[unit]
decimals = 2
peg      = "1 CRD = 1 EUR"

[request]
by        = ["student", "payer"]
hold      = "when_asked"
answers   = ["accept", "decline"]
answer_by = "earliest(asked + 12h, lesson.start)"
silence   = { becomes = "expired", settle = { student = "rest" }, mark = "missed_request" }
decline   = { becomes = "declined", settle = { student = "rest" } }

[[cancel.cases]]
by     = ["student", "operator"]
settle = { tutor = "10%", student = "rest" }
mark   = "late_cancel"
fault  = "student"

[[cancel.cases]]
by     = ["tutor"]
settle = { student = "100%" }
mark   = "late_cancel"

[problem]
by        = ["student"]
from      = "lesson.start + 5m"
until     = "lesson.end + 24h"
proposes  = ["refund", "split"]
answers   = ["accept"]
answer_by = "asked + 24h"
silence   = "escalate"

[problem.reasons]
tutor_absent = { mark = "missed_attendance", fault = "tutor" }
my_mistake   = { mark = "missed_attendance", fault = "student" }
quality      = {}

[dispute]
by        = ["operator", "agent"]
answer_by = "entered + 72h"
settle    = "as_given"
silence   = { becomes = "resolved", settle = { student = "rest" }, mark = "missed_attendance", fault = "tutor" }
marks     = { tutor = "missed_attendance", student = "false_claim" }

[complete]
by      = ["student"]
settle  = { tutor = "rest" }
silence = { at = "lesson.end + 25h", becomes = "completed" }

[refund]
by = ["operator", "agent"]

[fees]
commission = "7.5%"
rounding   = "half_up"

[payout]
clears_after = "60h"
apply        = "month_before"
minimum      = "0.05"
fee          = "0.02"
returned_fee = "kept"
spendable    = true

[standing.in_a_row]
marks     = ["missed_request", "missed_attendance"]
broken_by = ["taught"]
dismiss   = ["ill"]
ladder    = [
  { at = 1, effect = "existing_only", for = "26h" },
  { at = 2, effect = "hidden", for = "2d", lifted_by = "tutor" },
  { at = 3, effect = "hidden", lifted_by = "operator" },
]

[standing.points]
marks      = { missed_request = 1, late_cancel = 2, missed_attendance = 3 }
bundle     = { by = "day", zone = "Australia/Lord_Howe", counts = 4 }
within     = "1mo"
decay      = { points = 1, every = "5d" }
record     = ["so_it_was"]
handled_by = ["agent"]
ladder     = [
  { at = 1, effect = "notice" },
  { at = 3, effect = "wallet_frozen", for = "10d" },
  { at = 4, effect = "requests_blocked", for = "36h" },
  { at = 6, effect = "locked", lifted_by = "operator" },
  { at = 6, effect = "review" },
]
"""


def sample_policies() -> tuple[Process, ...]:
    """Return presets of each kind and the samples, each compiled from its text."""
    samples = (load_policy(text) for text in (DEAR, LATER, QUOTA, OWN, PAID))
    return (load_preset("italki"), *samples, load_preset("itutor"), load_preset("educai"), load_policy(STERN))
