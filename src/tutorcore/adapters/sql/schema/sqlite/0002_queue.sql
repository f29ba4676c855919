-- An outbox that relays take from, reminders to come, schedules and permissions of parties, meetings of lessons, and
-- marks that count for more than one.

-- JSON, like the grants.
ALTER TABLE tutorcore_parties ADD COLUMN permissions TEXT NOT NULL DEFAULT '[]';

CREATE TABLE tutorcore_schedules (
    party TEXT PRIMARY KEY,
    schedule TEXT NOT NULL
) STRICT;

-- JSON, or nothing where there is no meeting.
ALTER TABLE tutorcore_versions ADD COLUMN meeting TEXT;

ALTER TABLE tutorcore_marks ADD COLUMN amount INTEGER NOT NULL DEFAULT 1;

CREATE TABLE tutorcore_reminders (
    lesson TEXT NOT NULL,
    position INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    audience TEXT NOT NULL,
    PRIMARY KEY (lesson, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX tutorcore_reminders_due ON tutorcore_reminders (at);

-- So far there were only notices, and nobody kept here which of them had been delivered.
ALTER TABLE tutorcore_outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'told';
ALTER TABLE tutorcore_outbox ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tutorcore_outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tutorcore_outbox ADD COLUMN retry_at INTEGER;
ALTER TABLE tutorcore_outbox ADD COLUMN done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1));

UPDATE tutorcore_outbox SET at = coalesce(
    (
        SELECT v.at FROM tutorcore_versions AS v
        WHERE v.lesson = tutorcore_outbox.lesson AND v.number = tutorcore_outbox.number
    ),
    recorded_at
);

CREATE INDEX tutorcore_outbox_undone ON tutorcore_outbox (kind, sequence) WHERE done = 0;
CREATE INDEX tutorcore_outbox_undone_of_lesson ON tutorcore_outbox (lesson, sequence) WHERE done = 0;
