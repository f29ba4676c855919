-- Everything a marketplace keeps. Instants are whole microseconds since 1970-01-01T00:00:00Z, amounts are minor units,
-- texts that hold several values are JSON. `recorded_at` is when the store learned of something; `at` is when it counts.

CREATE TABLE tutorcore_schema (
    version INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE tutorcore_parties (
    id TEXT PRIMARY KEY,
    zone TEXT NOT NULL,
    grants TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tutorcore_policies (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    process TEXT NOT NULL
) STRICT;

-- What was asked and what was answered. A row without a verb is a cause that answered nobody: it keeps the count.
CREATE TABLE tutorcore_audit (
    sequence INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    key TEXT UNIQUE,
    digest TEXT,
    verb TEXT,
    actor TEXT,
    lesson TEXT,
    at INTEGER,
    first_version INTEGER,
    last_version INTEGER,
    refusal TEXT,
    facts TEXT
) STRICT;

CREATE INDEX tutorcore_audit_by_lesson ON tutorcore_audit (lesson) WHERE lesson IS NOT NULL;

-- The head of each lesson: what never changes about it, the number of its last version, and what lessons are found by.
-- `due` is the timer table.
CREATE TABLE tutorcore_lessons (
    id TEXT PRIMARY KEY,
    policy TEXT NOT NULL REFERENCES tutorcore_policies (hash),
    zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    created INTEGER NOT NULL,
    tutor TEXT NOT NULL,
    student TEXT NOT NULL,
    payer TEXT NOT NULL,
    requester TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    is_over INTEGER NOT NULL CHECK (is_over IN (0, 1)),
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    due INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX tutorcore_lessons_due ON tutorcore_lessons (due) WHERE due IS NOT NULL;
CREATE INDEX tutorcore_lessons_of_tutor ON tutorcore_lessons (tutor, due);
CREATE INDEX tutorcore_lessons_of_student ON tutorcore_lessons (student, due);
-- Most students pay and ask for themselves; only the others need a row here.
CREATE INDEX tutorcore_lessons_of_payer ON tutorcore_lessons (payer, due) WHERE payer <> student;
CREATE INDEX tutorcore_lessons_of_requester ON tutorcore_lessons (requester, due) WHERE requester <> student;

CREATE TABLE tutorcore_versions (
    sequence INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    lesson TEXT NOT NULL REFERENCES tutorcore_lessons (id),
    number INTEGER NOT NULL CHECK (number > 0),
    at INTEGER NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    command TEXT,
    terms TEXT NOT NULL,
    change TEXT,
    rounds INTEGER NOT NULL,
    held INTEGER NOT NULL,
    legs TEXT NOT NULL,
    due INTEGER,
    why TEXT,
    timeline TEXT NOT NULL,
    facts TEXT,
    UNIQUE (lesson, number)
) STRICT;

CREATE INDEX tutorcore_versions_by_cause ON tutorcore_versions (cause);

CREATE TABLE tutorcore_entries (
    number INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    effective_at INTEGER NOT NULL,
    ref TEXT NOT NULL,
    source TEXT NOT NULL,
    corrects INTEGER REFERENCES tutorcore_entries (number)
) STRICT;

-- Debit is positive, credit negative; the legs of an entry sum to zero.
CREATE TABLE tutorcore_legs (
    entry INTEGER NOT NULL REFERENCES tutorcore_entries (number),
    position INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (entry, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX tutorcore_legs_by_account ON tutorcore_legs (account, currency, amount);

-- The natural balances of accounts with a limit. What the others hold is the sum of their legs.
CREATE TABLE tutorcore_balances (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance INTEGER NOT NULL CHECK (balance >= 0),
    PRIMARY KEY (account, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE tutorcore_clearings (
    lesson TEXT NOT NULL,
    number INTEGER NOT NULL,
    tutor TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (lesson, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX tutorcore_clearings_due ON tutorcore_clearings (due);
CREATE INDEX tutorcore_clearings_of_tutor ON tutorcore_clearings (tutor, due);

-- No claim is longer than seven days, so an overlapping one begins in a short range of the primary key.
CREATE TABLE tutorcore_claims (
    party TEXT NOT NULL,
    starts INTEGER NOT NULL,
    lesson TEXT NOT NULL,
    proposal INTEGER NOT NULL,
    ends INTEGER NOT NULL CHECK (ends > starts AND ends - starts <= 604800000000),
    slot TEXT NOT NULL CHECK (slot IN ('tentative', 'firm')),
    PRIMARY KEY (party, starts, lesson, proposal)
) STRICT, WITHOUT ROWID;

CREATE INDEX tutorcore_claims_of_lesson ON tutorcore_claims (lesson);

-- One person is in one place at a time, whoever writes.
CREATE TRIGGER tutorcore_claims_added BEFORE INSERT ON tutorcore_claims
WHEN EXISTS (
    SELECT 1 FROM tutorcore_claims AS other
    WHERE other.party = NEW.party AND other.starts > NEW.starts - 604800000000 AND other.starts < NEW.ends
    AND other.ends > NEW.starts AND other.lesson <> NEW.lesson
)
BEGIN
    SELECT RAISE(ABORT, 'tutorcore: overlapping claims');
END;

CREATE TRIGGER tutorcore_claims_changed BEFORE UPDATE ON tutorcore_claims
WHEN EXISTS (
    SELECT 1 FROM tutorcore_claims AS other
    WHERE other.party = NEW.party AND other.starts > NEW.starts - 604800000000 AND other.starts < NEW.ends
    AND other.ends > NEW.starts AND other.lesson <> NEW.lesson
    AND NOT (other.party = OLD.party AND other.starts = OLD.starts
             AND other.lesson = OLD.lesson AND other.proposal = OLD.proposal)
)
BEGIN
    SELECT RAISE(ABORT, 'tutorcore: overlapping claims');
END;

CREATE TABLE tutorcore_marks (
    party TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    lesson TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (party, name, at, lesson, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tutorcore_outbox (
    sequence INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    lesson TEXT NOT NULL,
    number INTEGER NOT NULL,
    audience TEXT NOT NULL
) STRICT;
