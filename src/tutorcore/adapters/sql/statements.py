"""Every statement of the SQL storage, in portable SQL with named parameters.

Knows tables and columns; knows neither connections nor what the values mean. Nothing here is only understood by one
database: inserting what may be there is ON CONFLICT, limits are numbers, and the columns are always named.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from tutorcore.lessons.projections import Mark, Reminded
from tutorcore.lessons.records import BriefRecord, Record

NO_LIMIT: Final = 2**63 - 1


def _listed(columns: Iterable[str], before: str = "") -> str:
    return ", ".join(f"{before}{column}" for column in columns)


_AUDIT = (
    "cause", "recorded_at", "key", "digest", "verb", "actor", "lesson", "at", "first_version", "last_version",
    "refusal", "facts", "subject",
)  # fmt: skip
_VERSION = ("cause", "recorded_at", *Record._fields)
_HEAD = (*BriefRecord._fields, "number", "state", "is_over", "starts", "ends", "due")
_CLAIM = ("lesson", "proposal", "party", "starts", "ends", "slot")
_WALL_TIME = ("lesson", "proposal", "party", "starts", "zone", "shift", "tzdata")
_CLEARING = ("lesson", "number", "tutor", "currency", "amount", "due")
_MARK = Mark._fields
_REMINDER = Reminded._fields
_ENTRY = ("cause", "recorded_at", "kind", "currency", "effective_at", "ref", "source", "corrects")
_MESSAGE = ("cause", "recorded_at", "kind", "lesson", "number", "audience", "at")
_ROW = ("sequence", *_MESSAGE, "attempts", "retry_at", "done")
_DELIVERY = ("sequence", "recipient", "failure")
_PARTY = ("id", "zone", "grants", "permissions")
_WITHDRAWAL = (
    "id", "tutor", "state", "applied", "currency", "amount", "fee", "asked", "closed", "reason", "fee_back", "worth",
    "worth_currency",
)  # fmt: skip

SCHEMA_VERSION = "SELECT max(version) FROM tutorcore_schema"
ADD_SCHEMA_VERSION = "INSERT INTO tutorcore_schema (version) VALUES (:version)"

# Causes and answers

LAST_CAUSE = "SELECT cause, recorded_at FROM tutorcore_audit ORDER BY sequence DESC LIMIT 1"
ADD_CAUSE = "INSERT INTO tutorcore_audit (cause, recorded_at) VALUES (:cause, :recorded_at)"
ADD_AUDIT = (
    f"INSERT INTO tutorcore_audit ({_listed(_AUDIT)}) VALUES ({_listed(_AUDIT, ':')}) ON CONFLICT (key) DO NOTHING"
)
ANSWER = f"SELECT {_listed(_AUDIT)} FROM tutorcore_audit WHERE key = :key"
_AUDIT_LINES = f"SELECT {_listed(_AUDIT)} FROM tutorcore_audit WHERE verb IS NOT NULL"
AUDIT = f"{_AUDIT_LINES} ORDER BY cause, sequence"
AUDIT_OF_LESSON = f"{_AUDIT_LINES} AND lesson = :lesson ORDER BY cause, sequence"

# Parties and policies

PARTY = f"SELECT {_listed(_PARTY)} FROM tutorcore_parties WHERE id = :id"
PARTIES = f"SELECT {_listed(_PARTY)} FROM tutorcore_parties ORDER BY id"
PUT_PARTY = (
    f"INSERT INTO tutorcore_parties ({_listed(_PARTY)}) VALUES ({_listed(_PARTY, ':')})"
    " ON CONFLICT (id) DO UPDATE SET zone = excluded.zone, grants = excluded.grants, permissions = excluded.permissions"
)
SCHEDULE = "SELECT schedule FROM tutorcore_schedules WHERE party = :party"
PUT_SCHEDULE = (
    "INSERT INTO tutorcore_schedules (party, schedule) VALUES (:party, :schedule)"
    " ON CONFLICT (party) DO UPDATE SET schedule = excluded.schedule"
)
DROP_SCHEDULE = "DELETE FROM tutorcore_schedules WHERE party = :party"
BUSY = "SELECT busy FROM tutorcore_busy WHERE party = :party"
PUT_BUSY = (
    "INSERT INTO tutorcore_busy (party, busy) VALUES (:party, :busy)"
    " ON CONFLICT (party) DO UPDATE SET busy = excluded.busy"
)
DROP_BUSY = "DELETE FROM tutorcore_busy WHERE party = :party"
HAS_POLICY = "SELECT 1 FROM tutorcore_policies WHERE hash = :hash"
POLICIES = "SELECT hash FROM tutorcore_policies ORDER BY hash"
POLICY = "SELECT process FROM tutorcore_policies WHERE hash = :hash"
ADD_POLICY = (
    "INSERT INTO tutorcore_policies (hash, name, process) VALUES (:hash, :name, :process) ON CONFLICT (hash) DO NOTHING"
)

# Lessons

ADD_LESSON = (
    f"INSERT INTO tutorcore_lessons ({_listed(_HEAD)}) VALUES ({_listed(_HEAD, ':')}) ON CONFLICT (id) DO NOTHING"
)
MOVE_LESSON = (
    "UPDATE tutorcore_lessons SET number = :number, state = :state, is_over = :is_over, starts = :starts,"
    " ends = :ends, due = :due WHERE id = :id AND number = :number - 1"
)
LAST_NUMBER = "SELECT number FROM tutorcore_lessons WHERE id = :id"
ADD_VERSION = f"INSERT INTO tutorcore_versions ({_listed(_VERSION)}) VALUES ({_listed(_VERSION, ':')})"

_WHOLE = f"{_listed(BriefRecord._fields, 'l.')}, {_listed(Record._fields, 'v.')}"
_LAST_VERSIONS = (
    f"SELECT {_WHOLE} FROM tutorcore_lessons AS l"
    " JOIN tutorcore_versions AS v ON v.lesson = l.id AND v.number = l.number"
)
_RECORDED = f"SELECT {_WHOLE}, v.sequence, v.cause, v.recorded_at FROM tutorcore_versions AS v"
_IN_ANY_ROLE = (
    "(l.tutor = :party OR l.student = :party OR (l.payer = :party AND l.payer <> l.student)"
    " OR (l.requester = :party AND l.requester <> l.student))"
)

LESSON = f"{_LAST_VERSIONS} WHERE l.id = :id"
HISTORY = f"{_RECORDED} JOIN tutorcore_lessons AS l ON l.id = v.lesson WHERE v.lesson = :id ORDER BY v.number"
CAUSED_BY = (
    f"{_RECORDED} JOIN tutorcore_lessons AS l ON l.id = v.lesson"
    " JOIN tutorcore_audit AS a ON a.cause = v.cause WHERE a.key = :key ORDER BY v.sequence"
)


@lru_cache(maxsize=4)
def lessons(of_party: bool, of_kind: bool) -> str:
    """Return the statement for the last versions of all lessons, of one party's, of one kind (over or not), or both."""
    conditions = [_IN_ANY_ROLE] * of_party + ["l.is_over = :over"] * of_kind
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"{_LAST_VERSIONS}{where} ORDER BY l.starts, l.id"


DUE = "SELECT id FROM tutorcore_lessons WHERE due <= :now ORDER BY due, id LIMIT :limit"
PARTIES_AT_ONCE: Final = 8


@lru_cache(maxsize=PARTIES_AT_ONCE)
def due_of(parties: int) -> str:
    """Return the statement for what is due in the lessons of so many parties, `:party0`, `:party1`... in any role.

    Each party and role is a seek of its own in an index, which is three times as fast as IN lists. A lesson comes once
    for each of its roles that is asked for.
    """
    roles = (
        "tutor = {0}",
        "student = {0}",
        "payer = {0} AND payer <> student",
        "requester = {0} AND requester <> student",
    )
    conditions = [role.format(f":party{number}") for number in range(parties) for role in roles]
    return " UNION ALL ".join(
        f"SELECT due, id FROM tutorcore_lessons WHERE {condition} AND due <= :now" for condition in conditions
    )


# Claims

_OVERLAPPING = (
    "FROM tutorcore_claims WHERE party = :party AND starts > :reach AND starts < :ends AND ends > :starts"
    " AND lesson <> :lesson"
)
CLAIMS_OF_LESSON = f"SELECT {_listed(_CLAIM)} FROM tutorcore_claims WHERE lesson = :lesson"


@lru_cache(maxsize=8)
def claims(of_party: bool, since: bool, until: bool) -> str:
    """Return the statement for all claims or one party's, of all times or of those after or before an instant."""
    conditions = ["party = :party"] * of_party
    conditions += ["starts > :reach AND ends > :since"] * since + ["starts < :until"] * until
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_listed(_CLAIM)} FROM tutorcore_claims{where} ORDER BY starts, party, lesson, proposal"


DROP_CLAIM = (
    "DELETE FROM tutorcore_claims"
    " WHERE party = :party AND starts = :starts AND lesson = :lesson AND proposal = :proposal"
)
ADD_CLAIM = (
    f"INSERT INTO tutorcore_claims ({_listed(_CLAIM)})"
    f" SELECT {_listed(_CLAIM, ':')} WHERE NOT EXISTS (SELECT 1 {_OVERLAPPING})"
)
OBSTACLE = f"SELECT {_listed(_CLAIM)} {_OVERLAPPING} ORDER BY starts, lesson, proposal LIMIT 1"

# What clocks were to show

PUT_WALL_TIME = (
    f"INSERT INTO tutorcore_wall_times ({_listed(_WALL_TIME)}) VALUES ({_listed(_WALL_TIME, ':')})"
    " ON CONFLICT (lesson, proposal, party) DO UPDATE SET"
    f" {_listed(f'{column} = excluded.{column}' for column in _WALL_TIME[3:])}"
)


@lru_cache(maxsize=4)
def wall_times(of_lesson: bool, since: bool) -> str:
    """Return the statement for all wall times, those of one lesson, those from an instant on, or both."""
    conditions = ["lesson = :lesson"] * of_lesson + ["starts >= :since"] * since
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_listed(_WALL_TIME)} FROM tutorcore_wall_times{where} ORDER BY starts, lesson, proposal, party"


# The ledger

ADD_ENTRY = f"INSERT INTO tutorcore_entries ({_listed(_ENTRY)}) VALUES ({_listed(_ENTRY, ':')}) RETURNING number"
ADD_LEG = (
    "INSERT INTO tutorcore_legs (entry, position, account, currency, amount)"
    " VALUES (:entry, :position, :account, :currency, :amount)"
)
TAKE = (
    "UPDATE tutorcore_balances SET balance = balance - :amount"
    " WHERE account = :account AND currency = :currency AND balance >= :amount"
)
GIVE = (
    "INSERT INTO tutorcore_balances (account, currency, balance) VALUES (:account, :currency, :amount)"
    " ON CONFLICT (account, currency) DO UPDATE SET balance = tutorcore_balances.balance + excluded.balance"
)
BALANCE = "SELECT balance FROM tutorcore_balances WHERE account = :account AND currency = :currency"
SUM = "SELECT coalesce(sum(amount), 0) FROM tutorcore_legs WHERE account = :account AND currency = :currency"
SUMS = (
    "SELECT account, currency, sum(amount) FROM tutorcore_legs"
    " GROUP BY account, currency HAVING sum(amount) <> 0 ORDER BY account, currency"
)
_ENTRIES = (
    f"SELECT e.number, {_listed(_ENTRY, 'e.')}, g.account, g.amount"
    " FROM tutorcore_entries AS e JOIN tutorcore_legs AS g ON g.entry = e.number"
)
ENTRIES = f"{_ENTRIES} ORDER BY e.number, g.position"
ENTRIES_OF_ACCOUNT = (
    f"{_ENTRIES} WHERE e.number IN (SELECT entry FROM tutorcore_legs WHERE account = :account)"
    " ORDER BY e.number, g.position"
)

# Clearings and marks

ADD_CLEARING = (
    f"INSERT INTO tutorcore_clearings ({_listed(_CLEARING)}) VALUES ({_listed(_CLEARING, ':')})"
    " ON CONFLICT (lesson, number) DO NOTHING"
)
DUE_CLEARINGS = (
    f"SELECT {_listed(_CLEARING)} FROM tutorcore_clearings WHERE due <= :now ORDER BY due, lesson, number LIMIT :limit"
)
DUE_CLEARINGS_OF_TUTOR = (
    f"SELECT {_listed(_CLEARING)} FROM tutorcore_clearings WHERE tutor = :tutor AND due <= :now"
    " ORDER BY due, lesson, number"
)
DROP_CLEARING = (
    "DELETE FROM tutorcore_clearings WHERE lesson = :lesson AND number = :number AND tutor = :tutor"
    " AND currency = :currency AND amount = :amount AND due = :due"
)
ADD_MARK = (
    f"INSERT INTO tutorcore_marks ({_listed(_MARK)}) VALUES ({_listed(_MARK, ':')})"
    " ON CONFLICT (party, name, at, lesson, number) DO NOTHING"
)
COUNT_MARKS = (
    "SELECT coalesce(sum(amount), 0) FROM tutorcore_marks WHERE party = :party AND name = :name AND at <= :until"
)
COUNT_MARKS_SINCE = f"{COUNT_MARKS} AND at > :since"
# From the student's marks: mostly few, and none where a tutor of many lessons has not met the student yet.
HAS_MET = (
    "SELECT 1 FROM tutorcore_marks AS m WHERE m.party = :student AND m.name = :taught AND EXISTS"
    " (SELECT 1 FROM tutorcore_lessons AS l WHERE l.id = m.lesson AND l.tutor = :tutor AND l.student = :student)"
    " LIMIT 1"
)

# Reminders

ADD_REMINDER = f"INSERT INTO tutorcore_reminders ({_listed(_REMINDER)}) VALUES ({_listed(_REMINDER, ':')})"
REMINDERS_OF_LESSON = f"SELECT {_listed(_REMINDER)} FROM tutorcore_reminders WHERE lesson = :lesson"
DROP_REMINDERS_OF_LESSON = "DELETE FROM tutorcore_reminders WHERE lesson = :lesson"
DUE_REMINDERS = (
    f"SELECT {_listed(_REMINDER)} FROM tutorcore_reminders WHERE at <= :now ORDER BY at, lesson, position LIMIT :limit"
)
DUE_REMINDERS_OF_LESSON = f"{REMINDERS_OF_LESSON} AND at <= :now"
DROP_REMINDER = (
    "DELETE FROM tutorcore_reminders WHERE lesson = :lesson AND position = :position AND number = :number"
    " AND at = :at AND audience = :audience"
)

# Standings and withdrawals

ADD_STANDING_HEAD = (
    "INSERT INTO tutorcore_standings (tutor, number, has_open_reports) VALUES (:tutor, :number, :has_open_reports)"
    " ON CONFLICT (tutor) DO NOTHING"
)
MOVE_STANDING = (
    "UPDATE tutorcore_standings SET number = :number, has_open_reports = :has_open_reports"
    " WHERE tutor = :tutor AND number = :number - 1"
)
LAST_STANDING_NUMBER = "SELECT number FROM tutorcore_standings WHERE tutor = :tutor"
ADD_STANDING = (
    "INSERT INTO tutorcore_standing_versions (cause, recorded_at, tutor, number, standing)"
    " VALUES (:cause, :recorded_at, :tutor, :number, :standing)"
)
_LAST_STANDINGS = (
    "SELECT v.tutor, v.standing FROM tutorcore_standings AS s"
    " JOIN tutorcore_standing_versions AS v ON v.tutor = s.tutor AND v.number = s.number"
)
STANDING = f"{_LAST_STANDINGS} WHERE s.tutor = :tutor"
STANDINGS = f"{_LAST_STANDINGS} ORDER BY s.tutor"
STANDINGS_WITH_OPEN_REPORTS = f"{_LAST_STANDINGS} WHERE s.has_open_reports = 1 ORDER BY s.tutor"
STANDING_HISTORY = (
    "SELECT tutor, standing, cause, recorded_at FROM tutorcore_standing_versions WHERE tutor = :tutor ORDER BY number"
)
PUT_WITHDRAWAL = (
    f"INSERT INTO tutorcore_withdrawals (begun, {_listed(_WITHDRAWAL)}) VALUES (:begun, {_listed(_WITHDRAWAL, ':')})"
    f" ON CONFLICT (id) DO UPDATE SET begun = excluded.begun,"
    f" {_listed(f'{column} = excluded.{column}' for column in _WITHDRAWAL[1:])}"
)
WITHDRAWAL = f"SELECT {_listed(_WITHDRAWAL)} FROM tutorcore_withdrawals WHERE id = :id"


@lru_cache(maxsize=4)
def withdrawals(of_tutor: bool, in_state: bool) -> str:
    """Return the statement for all withdrawals, those of one tutor, those in one state, or both."""
    conditions = ["tutor = :tutor"] * of_tutor + ["state = :state"] * in_state
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_listed(_WITHDRAWAL)} FROM tutorcore_withdrawals{where} ORDER BY begun, id"


# The outbox

ENQUEUE = f"INSERT INTO tutorcore_outbox ({_listed(_MESSAGE)}) VALUES ({_listed(_MESSAGE, ':')})"


def _kinds(number: int) -> str:
    return _listed(f":kind{place}" for place in range(number))


def _settled(rows: str) -> str:
    """Return the statement for those rows with what is settled of each: one line for each delivery, or just one."""
    return (
        f"SELECT {_listed(_ROW, 'r.')}, d.recipient, d.failure FROM ({rows} ORDER BY sequence LIMIT :limit) AS r"
        " LEFT JOIN tutorcore_deliveries AS d ON d.sequence = r.sequence ORDER BY r.sequence"
    )


@lru_cache(maxsize=32)
def outbox(kinds: int | None, *, undone: bool, failed: bool) -> str:
    """Return the statement for the rows of any kind or of so many kinds, `:kind0`, `:kind1`..., in order.

    Perhaps only the undone ones, or those with a delivery that failed.
    """
    conditions = ["sequence > :after"] + ["done = 0"] * undone
    if failed:
        conditions.append(
            "sequence IN (SELECT sequence FROM tutorcore_deliveries WHERE failure IS NOT NULL AND sequence > :after)"
        )
    if kinds is not None:
        conditions.append(f"kind IN ({_kinds(kinds)})")
    return _settled(f"SELECT {_listed(_ROW)} FROM tutorcore_outbox WHERE {' AND '.join(conditions)}")


@lru_cache(maxsize=8)
def to_take(kinds: int) -> str:
    """Return the statement for what may be taken of so many kinds, `:kind0`, `:kind1`...: each lesson's first.

    Each kind is a scan of its own that is in order already, so that nothing beyond the limit is looked at.
    """
    free = (
        f"SELECT {_listed(_ROW, 'o.')} FROM tutorcore_outbox AS o"
        " WHERE o.done = 0 AND (o.retry_at IS NULL OR o.retry_at <= :now)"
        " AND NOT EXISTS (SELECT 1 FROM tutorcore_outbox AS e WHERE e.done = 0 AND e.lesson = o.lesson"
        f" AND e.sequence < o.sequence AND e.kind IN ({_kinds(kinds)}))"
    )
    scans = " UNION ALL ".join(f"{free} AND o.kind = :kind{place}" for place in range(kinds))
    return _settled(scans)


LEASE = "UPDATE tutorcore_outbox SET attempts = attempts + 1, retry_at = :retry_at WHERE sequence = :sequence"
RETRY = "UPDATE tutorcore_outbox SET retry_at = :retry_at WHERE sequence = :sequence AND done = 0"
FINISH = "UPDATE tutorcore_outbox SET done = 1 WHERE sequence = :sequence"
SETTLE = (
    f"INSERT INTO tutorcore_deliveries ({_listed(_DELIVERY)}) VALUES ({_listed(_DELIVERY, ':')})"
    " ON CONFLICT (sequence, recipient) DO NOTHING"
)
REOPEN = "UPDATE tutorcore_outbox SET attempts = 0, retry_at = NULL, done = 0 WHERE sequence = :sequence"
FORGET_FAILURES = "DELETE FROM tutorcore_deliveries WHERE sequence = :sequence AND failure IS NOT NULL"
HAS_ROW = "SELECT 1 FROM tutorcore_outbox WHERE sequence = :sequence"
