-- Paying an award: from what is owed to what the bank has credited.

CREATE TABLE payment (
	award        TEXT PRIMARY KEY REFERENCES award (id),
	person       TEXT NOT NULL,
	usd          BIGINT NOT NULL, -- cents
	reported     TEXT NOT NULL,   -- the day in Japan on which the paid person's earliest report came in (C-20)
	state        TEXT NOT NULL CHECK (state IN ('approved', 'info_requested', 'info_received', 'screened', 'rate_set', 'in_run',
		'sent', 'credited', 'returned', 'waived', 'dissolved', 'refused', 'refund_asked', 'donated')),
	currency     TEXT NOT NULL,   -- empty until the account is known
	asked_at     BIGINT NOT NULL, -- 0 before the message stood in the account
	strict_day   TEXT NOT NULL,   -- one month by the Civil Code
	extended_day TEXT NOT NULL,   -- moved to a bank day
	last_day     TEXT NOT NULL,   -- the later of the month and thirty days: on this day the right may lapse
	rate_day     TEXT NOT NULL,
	rate         TEXT NOT NULL,
	rate_hash    TEXT NOT NULL,   -- of the snapshot that the rate came from
	gross        BIGINT NOT NULL, -- in the smallest unit of the currency
	run          TEXT NOT NULL,
	updated_at   BIGINT NOT NULL,
	version      BIGINT NOT NULL
);
CREATE INDEX payment_state ON payment (state, award);
CREATE INDEX payment_person ON payment (person, award);
CREATE INDEX payment_run ON payment (run, award);

-- What was written to the account, and when it was read there: a right ends on no other evidence.
CREATE TABLE payment_message (
	award   TEXT NOT NULL REFERENCES payment (award),
	round   BIGINT NOT NULL, -- asked_at of the request it belongs to
	kind    TEXT NOT NULL,   -- request, 14, 3 or 0: days before the last
	at      BIGINT NOT NULL,
	read_at BIGINT NOT NULL,
	PRIMARY KEY (award, round, kind)
);

-- What takes a right away is proposed by one and decided by a named person (D-9).
CREATE TABLE payment_proposal (
	id          TEXT PRIMARY KEY,
	award       TEXT NOT NULL REFERENCES payment (award),
	event       TEXT NOT NULL,
	clause      TEXT NOT NULL,
	reason      TEXT NOT NULL,
	proposed_by TEXT NOT NULL,
	proposed_at BIGINT NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('proposed', 'in_force', 'refused')),
	decided_by  TEXT NOT NULL,
	decided_at  BIGINT NOT NULL,
	answer      TEXT NOT NULL
);
CREATE UNIQUE INDEX payment_proposal_open ON payment_proposal (award) WHERE state = 'proposed';

-- One data key for each person, wrapped by a key of the server. Without the row nothing of theirs opens.
CREATE TABLE person_key (
	person  TEXT PRIMARY KEY,
	wrapped BYTEA NOT NULL
);

CREATE TABLE payee (
	person     TEXT PRIMARY KEY,
	number     BIGINT NOT NULL UNIQUE, -- the bank file has room for ten digits
	sealed     BYTEA NOT NULL,
	masked     TEXT NOT NULL,
	currency   TEXT NOT NULL,
	answer     TEXT NOT NULL, -- of the name match: yes, review, or no
	cleared_by TEXT NOT NULL, -- who looked at a match that is not yes
	updated_at BIGINT NOT NULL,
	revision   BIGINT NOT NULL
);

CREATE TABLE tax_category (
	id       TEXT PRIMARY KEY,
	person   TEXT NOT NULL,
	from_day TEXT NOT NULL,
	category TEXT NOT NULL,
	head     TEXT NOT NULL, -- the legal ground, in the words of who set it
	treaty   TEXT NOT NULL, -- percent, or empty
	form_day TEXT NOT NULL, -- when the treaty form was handed in
	set_by   TEXT NOT NULL,
	set_at   BIGINT NOT NULL
);
CREATE INDEX tax_category_person ON tax_category (person, from_day, id);

-- Rates are never changed: a payment that used one can be computed again.
CREATE TABLE rate (
	kind         TEXT NOT NULL,
	day          TEXT NOT NULL,
	value        TEXT NOT NULL,
	hash         TEXT NOT NULL, -- of the file, or of what was typed
	entered_by   TEXT NOT NULL,
	entered_at   BIGINT NOT NULL,
	confirmed_by TEXT NOT NULL, -- empty while a typed rate waits for a second person
	PRIMARY KEY (kind, day)
);

CREATE TABLE sanction_file (
	list    TEXT NOT NULL,
	name    TEXT NOT NULL,
	data    BYTEA NOT NULL,
	hash    TEXT NOT NULL, -- of the list
	fetched BIGINT NOT NULL,
	PRIMARY KEY (list, name)
);

CREATE TABLE screening (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL,
	revision   BIGINT NOT NULL, -- of the payee's data
	at         BIGINT NOT NULL,
	outcome    TEXT NOT NULL,
	lists      TEXT NOT NULL, -- the hashes
	found      TEXT NOT NULL, -- hash of what was found, so that the same finding is cleared once
	sealed     BYTEA NOT NULL, -- the whole record, under the person's key
	decided_by TEXT NOT NULL,
	decided_at BIGINT NOT NULL,
	decision   TEXT NOT NULL CHECK (decision IN ('', 'cleared', 'refused')),
	note       TEXT NOT NULL
);
CREATE INDEX screening_person ON screening (person, id);

CREATE TABLE run (
	id          TEXT PRIMARY KEY,
	currency    TEXT NOT NULL,
	day         TEXT NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('proposed', 'checked', 'approved', 'locked', 'exported', 'sent', 'closed', 'cancelled')),
	proposed_by TEXT NOT NULL,
	proposed_at BIGINT NOT NULL,
	approved_by TEXT NOT NULL,
	approved_at BIGINT NOT NULL,
	locked_at   BIGINT NOT NULL,
	sent_at     BIGINT NOT NULL,
	originator  TEXT NOT NULL, -- JSON, as it was when the run was locked
	file_hash   TEXT NOT NULL,
	version     BIGINT NOT NULL
);
CREATE INDEX run_state ON run (state, id);

CREATE TABLE run_item (
	run      TEXT NOT NULL REFERENCES run (id),
	award    TEXT NOT NULL REFERENCES payment (award),
	person   TEXT NOT NULL,
	number   BIGINT NOT NULL,
	revision BIGINT NOT NULL, -- of the payee's data that was checked
	gross    BIGINT NOT NULL,
	tax      BIGINT NOT NULL,
	net      BIGINT NOT NULL,
	inputs   TEXT NOT NULL,  -- JSON: what the tax of the person's whole payment was computed from
	sealed   BYTEA NOT NULL, -- the account, under the person's key
	outcome  TEXT NOT NULL CHECK (outcome IN ('', 'credited', 'returned')),
	reason   TEXT NOT NULL,
	PRIMARY KEY (run, award)
);
CREATE INDEX run_item_award ON run_item (award, run);

-- The ledger. An entry is written once, under a key that says what happened to what; its postings
-- sum to zero in every currency.
CREATE TABLE ledger_entry (
	key   TEXT PRIMARY KEY,
	award TEXT NOT NULL,
	day   TEXT NOT NULL,
	at    BIGINT NOT NULL
);
CREATE INDEX ledger_entry_award ON ledger_entry (award, at);
CREATE INDEX ledger_entry_day ON ledger_entry (day);

CREATE TABLE ledger_posting (
	entry    TEXT NOT NULL REFERENCES ledger_entry (key),
	place    BIGINT NOT NULL,
	account  TEXT NOT NULL,
	currency TEXT NOT NULL,
	amount   BIGINT NOT NULL,
	PRIMARY KEY (entry, place)
);
CREATE INDEX ledger_posting_account ON ledger_posting (account, currency);
