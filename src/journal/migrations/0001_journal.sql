-- The journal's first shape. What is sealed (src/journal/seal.rs) is complete in itself; the other
-- columns are copies of what is searched for. Times are nanoseconds since 1970 UTC, ids the 16
-- bytes behind their text. Rows have numbers of their own (not ids as keys of the table), because
-- SQLite keeps rows of more than a kilobyte in one page only then.

CREATE TABLE payments (
    number INTEGER PRIMARY KEY,       -- the order in which payments were recorded
    id BLOB NOT NULL,                 -- pay_…; sorts by time
    merchant TEXT NOT NULL,           -- whose it is; never changes
    account TEXT NOT NULL,            -- where it is made; never changes
    merchant_reference TEXT NOT NULL, -- the caller's own reference; never changes
    token BLOB,                       -- tok_… that was charged; never changes
    session BLOB,                     -- ses_… that it belongs to; never changes
    created_at INTEGER NOT NULL,      -- when it was recorded; never changes
    state TEXT NOT NULL,              -- where it stands, in the words of the contract
    next_at INTEGER,                  -- when its provider is asked next; null for never
    unfinished INTEGER,               -- 1 while a request may be on its way, else null
    version INTEGER NOT NULL,         -- grows by one with each change
    record BLOB NOT NULL              -- the payment, sealed
) STRICT;

CREATE UNIQUE INDEX payments_by_id ON payments (id);
CREATE INDEX payments_by_merchant ON payments (merchant, id);
CREATE INDEX payments_by_reference ON payments (merchant_reference, id);
CREATE INDEX payments_by_token ON payments (token, id) WHERE token IS NOT NULL;
CREATE INDEX payments_by_session ON payments (session, id) WHERE session IS NOT NULL;
CREATE INDEX payments_due ON payments (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX payments_unfinished ON payments (id) WHERE unfinished = 1;

CREATE TABLE sessions (
    number INTEGER PRIMARY KEY,       -- the order in which sessions were recorded
    id BLOB NOT NULL,                 -- ses_…
    record BLOB NOT NULL              -- the session with its order, sealed
) STRICT;

CREATE UNIQUE INDEX sessions_by_id ON sessions (id);

CREATE TABLE tokens (
    number INTEGER PRIMARY KEY,       -- the order in which tokens were recorded
    id BLOB NOT NULL,                 -- tok_…; sorts by time
    merchant TEXT NOT NULL,           -- whose it is; never changes
    account TEXT NOT NULL,            -- which account can charge it; never changes
    customer TEXT,                    -- the caller's customer
    status TEXT NOT NULL,             -- active, unusable or deleted
    digest BLOB,                      -- keyed digest of its values; null when deleted
    version INTEGER NOT NULL,         -- grows by one with each change
    record BLOB NOT NULL              -- the token with its values, sealed
) STRICT;

CREATE UNIQUE INDEX tokens_by_id ON tokens (id);
CREATE UNIQUE INDEX tokens_by_digest ON tokens (digest) WHERE digest IS NOT NULL;
CREATE INDEX tokens_by_merchant ON tokens (merchant, id);
CREATE INDEX tokens_by_customer ON tokens (merchant, customer, id) WHERE customer IS NOT NULL;

CREATE TABLE claims (
    number INTEGER PRIMARY KEY,       -- the order in which keys were taken
    merchant TEXT NOT NULL,           -- whose key it is
    request_id TEXT NOT NULL,         -- the key, as its caller made it
    fingerprint BLOB NOT NULL,        -- keyed hash of the whole request
    subject TEXT NOT NULL,            -- what it stands for: a kind and one or two ids
    at INTEGER NOT NULL               -- when it was taken
) STRICT;

CREATE UNIQUE INDEX claims_by_key ON claims (merchant, request_id);

CREATE TABLE history (
    payment BLOB NOT NULL,            -- pay_… whose story it is
    version INTEGER NOT NULL,         -- the version of the payment that the notes came with
    notes TEXT NOT NULL,              -- what happened, oldest first, as JSON; nothing secret
    PRIMARY KEY (payment, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    number INTEGER PRIMARY KEY,       -- of a key that records may be sealed with
    proof BLOB NOT NULL               -- a text sealed with it: another key would not open it
) STRICT;

CREATE TABLE probe (
    body BLOB NOT NULL                -- written and taken away again, to see whether writing works
) STRICT;
