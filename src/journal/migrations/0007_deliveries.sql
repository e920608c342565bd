-- Events on their way to merchants' own servers. What is sent is made from the event, so nothing of it is
-- here. Times and ids are as in the first step.

-- The addresses of the configuration, as they stand. One that is configured no more is kept: it goes on
-- where it was when it comes back.
CREATE TABLE endpoints (
    merchant TEXT NOT NULL,           -- whose events it gets
    name TEXT NOT NULL,               -- its name among the merchant's
    place INTEGER NOT NULL,           -- sequence of the last event that was looked at for it
    failing_since INTEGER,            -- time of the first failure since the last success; null without one
    failures INTEGER NOT NULL,        -- how many since then
    parked_at INTEGER,                -- since when it is only tried now and then; null when it is not
    probe_at INTEGER,                 -- when it is tried next while it is parked
    note TEXT,                        -- how its last try ended, in a few words of ours
    PRIMARY KEY (merchant, name)
) STRICT, WITHOUT ROWID;

-- One event for one address. Those that have ended are the log of deliveries, and are forgotten in time.
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY,       -- the order in which they were made
    merchant TEXT NOT NULL,           -- the address's merchant
    endpoint TEXT NOT NULL,           -- the address's name
    event BLOB NOT NULL,              -- evt_…
    kind TEXT NOT NULL,               -- the event's type
    sequence INTEGER NOT NULL,        -- the event's place in the log
    payment BLOB,                     -- pay_… whose events keep their order; null for none
    created_at INTEGER NOT NULL,      -- when it was made
    status TEXT NOT NULL,             -- PENDING, DELIVERED or FAILED
    attempts INTEGER NOT NULL,        -- how often it was tried
    tries INTEGER NOT NULL,           -- how many of these count towards giving up
    since INTEGER NOT NULL,           -- since when it could have gone: made, asked for again, taken up again
    last_at INTEGER,                  -- when it was last tried
    http_status INTEGER,              -- status of the last answer; null when there was none
    note TEXT,                        -- how the last try ended, in a few words of ours
    next_at INTEGER                   -- when it is tried next; null when it has ended
) STRICT;

CREATE UNIQUE INDEX deliveries_by_event ON deliveries (event, endpoint, merchant);
CREATE INDEX deliveries_by_merchant ON deliveries (merchant, number);
CREATE INDEX deliveries_by_endpoint ON deliveries (merchant, endpoint, number);
-- What is open, of an address and of a payment at an address, in the order of the log.
CREATE INDEX deliveries_open ON deliveries (merchant, endpoint, sequence) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_of_payment ON deliveries (merchant, endpoint, payment, sequence)
    WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (last_at) WHERE next_at IS NULL;
