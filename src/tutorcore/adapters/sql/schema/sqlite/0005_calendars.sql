-- What people's clocks were to show at the start that a proposal names, as it was understood when it was proposed: by which
-- zone, how much later than UTC (`shift`, in microseconds), and of which version of the time zone database.
CREATE TABLE tutorcore_wall_times (
    lesson TEXT NOT NULL,
    proposal INTEGER NOT NULL,
    party TEXT NOT NULL,
    starts INTEGER NOT NULL,
    zone TEXT NOT NULL,
    shift INTEGER NOT NULL,
    tzdata TEXT NOT NULL,
    PRIMARY KEY (lesson, proposal, party)
) STRICT, WITHOUT ROWID;

CREATE INDEX tutorcore_wall_times_by_start ON tutorcore_wall_times (starts);

-- What parties' outside calendars say, as JSON.
CREATE TABLE tutorcore_busy (
    party TEXT PRIMARY KEY,
    busy TEXT NOT NULL
) STRICT;
