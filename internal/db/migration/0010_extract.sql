-- What tax and company law want kept of a payment although its payee has left: name and address under a
-- key of the year, apart from the person's own, with an end of its own (R-53).

CREATE TABLE ledger_key (
	year    BIGINT PRIMARY KEY,
	wrapped BYTEA NOT NULL, -- by a key of the server's; empty once it was destroyed
	until   TEXT NOT NULL   -- the last day on which it is kept
);

CREATE TABLE payment_extract (
	run      TEXT NOT NULL,
	award    TEXT NOT NULL,
	person   TEXT NOT NULL,
	year     BIGINT NOT NULL REFERENCES ledger_key (year),
	day      TEXT NOT NULL,   -- of the payment
	currency TEXT NOT NULL,
	gross    BIGINT NOT NULL, -- in the smallest unit of the currency
	tax      BIGINT NOT NULL,
	net      BIGINT NOT NULL,
	base_jpy BIGINT NOT NULL, -- the gross in yen, as it was taxed
	tax_jpy  BIGINT NOT NULL,
	category TEXT NOT NULL,
	outcome  TEXT NOT NULL CHECK (outcome IN ('sent', 'returned')),
	sealed   BYTEA NOT NULL,  -- name, address, treaty, under the key of the year
	PRIMARY KEY (run, award)
);
CREATE INDEX payment_extract_day ON payment_extract (day, run, award);
CREATE INDEX payment_extract_net ON payment_extract (currency, net);
CREATE INDEX payment_extract_person ON payment_extract (person, year);
