-- Payments can be searched for by the caller's customer. Records are sealed, so what older payments
-- have here cannot be written by this step: it notes up to which row the store has to fill it in
-- when it is opened next, with its keys.

ALTER TABLE payments ADD COLUMN customer TEXT; -- the caller's customer; never changes

CREATE INDEX payments_by_customer ON payments (merchant, customer, id) WHERE customer IS NOT NULL;

CREATE TABLE backfills (
    name TEXT PRIMARY KEY,            -- what is to be filled in
    until INTEGER NOT NULL            -- the last row that still has to be looked at
) STRICT;

INSERT INTO backfills SELECT 'payments.customer', max(number) FROM payments HAVING count(*) > 0;
