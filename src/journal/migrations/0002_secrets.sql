-- What the store keeps for itself: secrets that are made once and outlive the keys they are sealed with.

CREATE TABLE secrets (
    name TEXT PRIMARY KEY,            -- what it is for
    record BLOB NOT NULL              -- the secret, sealed with the current key
) STRICT;
