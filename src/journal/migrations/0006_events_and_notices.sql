-- What providers send by themselves, and the chain that a payment's story is. Times and ids are as in the
-- first step.

-- Hash of the entry and of all before it; null in entries of before this step.
ALTER TABLE history ADD COLUMN hash BLOB;

CREATE TABLE notices (
    number INTEGER PRIMARY KEY,       -- the order in which they came
    id BLOB NOT NULL,                 -- ntc_…; sorts by time
    account TEXT NOT NULL,            -- the account that it came for
    digest BLOB NOT NULL,             -- keyed hash of the account and what was told: news comes once
    status TEXT NOT NULL,             -- how far we have come with it
    payment BLOB,                     -- pay_… that it turned out to be about
    received_at INTEGER NOT NULL,     -- when it first came
    arrivals INTEGER NOT NULL,        -- how often it came
    attempts INTEGER NOT NULL,        -- how often acting upon it came to nothing
    next_at INTEGER,                  -- when it is acted upon; null when nothing is left to do
    record BLOB NOT NULL              -- the call itself, sealed
) STRICT;

CREATE UNIQUE INDEX notices_by_id ON notices (id);
CREATE UNIQUE INDEX notices_by_digest ON notices (digest);
CREATE INDEX notices_due ON notices (next_at) WHERE next_at IS NOT NULL;
-- What is left to a person, which is little.
CREATE INDEX notices_left ON notices (status, id) WHERE status IN ('unmatched', 'unknown', 'failed');

-- Whose a provider's id is, where a notice may name nothing else: ids of sessions and their payments, and
-- references of captures, voids and refunds.
CREATE TABLE handles (
    handle BLOB PRIMARY KEY,          -- keyed hash of the account, the kind and the id
    payment BLOB NOT NULL             -- pay_…
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX events_by_id ON events (id);

-- What has to be looked at: payments whose outcome is open, and those that a person has to decide.
CREATE INDEX payments_unsettled ON payments (merchant, id)
    WHERE next_at IS NOT NULL OR state = 'QUARANTINED';
