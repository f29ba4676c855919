-- Problems of lessons and what settlements have paid out, the standing of tutors, and withdrawals.

-- JSON, or nothing where there is no problem, or nothing has been settled.
ALTER TABLE tutorcore_versions ADD COLUMN problem TEXT;
ALTER TABLE tutorcore_versions ADD COLUMN settled TEXT;

-- Whom a command was about that was about no lesson: the tutor whose report, or whose money, it was.
ALTER TABLE tutorcore_audit ADD COLUMN subject TEXT;

-- The head of each tutor's standing: the number of the last one, and whether somebody has to look at it.
CREATE TABLE tutorcore_standings (
    tutor TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    has_open_reports INTEGER NOT NULL CHECK (has_open_reports IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX tutorcore_standings_open ON tutorcore_standings (tutor) WHERE has_open_reports = 1;

CREATE TABLE tutorcore_standing_versions (
    sequence INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    tutor TEXT NOT NULL REFERENCES tutorcore_standings (tutor),
    number INTEGER NOT NULL CHECK (number > 0),
    standing TEXT NOT NULL,
    UNIQUE (tutor, number)
) STRICT;

-- `begun` is when it was applied for or, where nobody applies, asked for.
CREATE TABLE tutorcore_withdrawals (
    id TEXT PRIMARY KEY,
    tutor TEXT NOT NULL,
    state TEXT NOT NULL,
    begun INTEGER NOT NULL,
    applied INTEGER,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    asked INTEGER,
    closed INTEGER,
    reason TEXT NOT NULL,
    fee_back INTEGER NOT NULL,
    worth INTEGER,
    worth_currency TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX tutorcore_withdrawals_of_tutor ON tutorcore_withdrawals (tutor, begun, id);
CREATE INDEX tutorcore_withdrawals_in_state ON tutorcore_withdrawals (state, begun, id);
