-- When a charge or a session last used a token. It stands beside the sealed record and not in it: a
-- use is no change of the token, and charges of one token at the same time must not meet a conflict.
-- Null means never, or not since this column is there.

ALTER TABLE tokens ADD COLUMN used_at INTEGER;
