-- Messages that have been delivered to some of those they are for, and those that never arrived.

-- What is over of the messages in the outbox: `recipient` is a channel and whom it reaches there, `failure` why it never
-- arrived, or nothing where it did.
CREATE TABLE tutorcore_deliveries (
    sequence INTEGER NOT NULL REFERENCES tutorcore_outbox (sequence),
    recipient TEXT NOT NULL,
    failure TEXT,
    PRIMARY KEY (sequence, recipient)
) STRICT, WITHOUT ROWID;

CREATE INDEX tutorcore_deliveries_failed ON tutorcore_deliveries (sequence) WHERE failure IS NOT NULL;
