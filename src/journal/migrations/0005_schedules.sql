-- Recurring charges. A schedule's terms are sealed; how far it has come stands in columns, because it
-- changes with every occurrence and is written for many schedules at once. Times and ids are as in the
-- first step.

CREATE TABLE schedules (
    number INTEGER PRIMARY KEY,       -- the order in which schedules were recorded
    id BLOB NOT NULL,                 -- sch_…; sorts by time
    merchant TEXT NOT NULL,           -- whose it is; never changes
    account TEXT NOT NULL,            -- the account of its token
    token BLOB NOT NULL,              -- tok_… that it charges
    customer TEXT,                    -- the caller's customer
    merchant_reference TEXT NOT NULL, -- the caller's own reference
    status TEXT NOT NULL,             -- where it stands, in the words of the contract
    warn_at INTEGER,                  -- when a card that expires is to be announced; null for never
    next_at INTEGER,                  -- when it is looked at next; null while nothing can fall due
    next_number INTEGER,              -- of the next occurrence; null when there is none
    next_date TEXT,                   -- its local day, 2026-11-21
    next_planned_at INTEGER,          -- when it falls
    next_due_at INTEGER,              -- when it is charged
    parked INTEGER NOT NULL,          -- 1 while the next occurrence waits for an open one to end
    open INTEGER NOT NULL,            -- occurrences that were taken and have not ended
    version INTEGER NOT NULL,         -- grows by one with each change, progress included
    record BLOB NOT NULL              -- the terms, sealed
) STRICT;

CREATE UNIQUE INDEX schedules_by_id ON schedules (id);
CREATE INDEX schedules_by_merchant ON schedules (merchant, id);
CREATE INDEX schedules_by_token ON schedules (token, id);
CREATE INDEX schedules_by_customer ON schedules (merchant, customer, id) WHERE customer IS NOT NULL;
CREATE INDEX schedules_by_reference ON schedules (merchant_reference, id);
CREATE INDEX schedules_due ON schedules (account, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX schedules_to_warn ON schedules (account, warn_at) WHERE warn_at IS NOT NULL;

-- Rows are added in the order in which occurrences are taken, so that those of one moment lie side by
-- side; only the small index by schedule is spread out. The record is not sealed: it has amounts,
-- times and ids of ours, nothing of customers and cards, and changing the keys need not walk through
-- the largest table of all.

CREATE TABLE occurrences (
    place INTEGER PRIMARY KEY,        -- the order in which occurrences were taken
    schedule INTEGER NOT NULL,        -- schedules.number of the schedule that it is of
    number INTEGER NOT NULL,          -- which one of that schedule, from 1
    account TEXT NOT NULL,            -- the account of that schedule
    status TEXT NOT NULL,             -- where it stands
    open INTEGER,                     -- 1 until it has ended, else null
    next_at INTEGER,                  -- when it is looked at next; null for never
    version INTEGER NOT NULL,         -- grows by one with each change
    record TEXT NOT NULL              -- the occurrence, as JSON
) STRICT;

CREATE UNIQUE INDEX occurrences_by_schedule ON occurrences (schedule, number);
CREATE INDEX occurrences_open ON occurrences (schedule, number) WHERE open = 1;
CREATE INDEX occurrences_due ON occurrences (account, next_at) WHERE next_at IS NOT NULL;

CREATE TABLE declines (
    number INTEGER PRIMARY KEY,       -- the order in which they were noted
    card BLOB NOT NULL,               -- keyed hash of what tells the card from others
    at INTEGER NOT NULL               -- when it was declined
) STRICT;

CREATE INDEX declines_by_card ON declines (card, at);
CREATE INDEX declines_by_time ON declines (at);

CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, -- its place in the log; never given twice
    id BLOB NOT NULL,                 -- evt_…
    merchant TEXT NOT NULL,           -- whose log it is in
    kind TEXT NOT NULL,               -- what became true
    at INTEGER NOT NULL,              -- when
    record BLOB NOT NULL              -- the event, sealed: its link opens a page for paying
) STRICT;

CREATE INDEX events_by_merchant ON events (merchant, sequence);
