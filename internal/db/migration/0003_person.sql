-- People who sign in, what they prove it with, and what participants declared and wish.
-- Nothing here is a count: every id is random.

CREATE TABLE person (
	id               TEXT PRIMARY KEY,
	kind             TEXT NOT NULL CHECK (kind IN ('participant', 'staff')),
	mail             TEXT NOT NULL,          -- as they wrote it
	mail_key         TEXT NOT NULL UNIQUE,   -- folded for look-up, after withdrawal the id, which is no address
	mail_verified_at BIGINT NOT NULL,
	name             TEXT NOT NULL,          -- as they spell it
	lang             TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
	zone             TEXT NOT NULL,          -- IANA name, or empty for the program's
	roles            TEXT NOT NULL,          -- separated by spaces, read in Go
	state            TEXT NOT NULL CHECK (state IN ('pending', 'active', 'disabled', 'withdrawn')),
	handle           BYTEA NOT NULL UNIQUE,  -- WebAuthn user handle, says nothing about the person
	created_at       BIGINT NOT NULL,
	last_login_at    BIGINT NOT NULL,
	version          BIGINT NOT NULL
);
CREATE INDEX person_kind ON person (kind, id);

-- One row. A change of who holds which role bumps it first, so that two such changes take turns
-- and "one administrator remains" is decided on what is there.
CREATE TABLE staff_lock (
	id      BIGINT PRIMARY KEY CHECK (id = 1),
	version BIGINT NOT NULL
);

-- One-time links sent by mail. Only the hash of the token is here.
CREATE TABLE person_link (
	hash       BYTEA PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	purpose    TEXT NOT NULL CHECK (purpose IN ('sign_up', 'invite', 'reset', 'mail')),
	mail       TEXT NOT NULL,
	mail_key   TEXT NOT NULL,
	person     TEXT NOT NULL,          -- empty when there is no account yet
	roles      TEXT NOT NULL,
	lang       TEXT NOT NULL,
	asks_code  BOOLEAN NOT NULL,       -- a reset wants a second factor where the person has one
	invited_by TEXT NOT NULL,          -- empty for the first administrator
	created_at BIGINT NOT NULL,
	ends       BIGINT NOT NULL
);
CREATE INDEX person_link_mail ON person_link (mail_key, purpose);
CREATE INDEX person_link_person ON person_link (person);
CREATE INDEX person_link_ends ON person_link (ends);

CREATE TABLE passkey (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	credential BYTEA NOT NULL UNIQUE,
	name       TEXT NOT NULL,
	data       TEXT NOT NULL,          -- the credential record as JSON, public key inside
	sign_count BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL
);
CREATE INDEX passkey_person ON passkey (person);

-- A passkey ceremony between its two steps: short-lived, used once, by whichever node gets the answer.
CREATE TABLE passkey_ceremony (
	id      TEXT PRIMARY KEY,
	purpose TEXT NOT NULL CHECK (purpose IN ('enter', 'add', 'sign_in', 'step_up')),
	bound   TEXT NOT NULL,             -- the session or link it belongs to, empty for signing in
	handle  BYTEA NOT NULL,            -- the user handle a new passkey is made for
	data    TEXT NOT NULL,             -- the challenge and what goes with it, as JSON
	ends    BIGINT NOT NULL
);
CREATE INDEX passkey_ceremony_ends ON passkey_ceremony (ends);

CREATE TABLE password (
	person     TEXT PRIMARY KEY REFERENCES person (id),
	hash       TEXT NOT NULL,          -- argon2id, PHC string
	changed_at BIGINT NOT NULL
);

CREATE TABLE totp (
	person     TEXT PRIMARY KEY REFERENCES person (id),
	secret     BYTEA NOT NULL,         -- sealed with the server's key
	last_step  BIGINT NOT NULL,        -- no code of this step or an earlier one is taken again
	changed_at BIGINT NOT NULL
);

CREATE TABLE recovery_code (
	person TEXT NOT NULL REFERENCES person (id),
	hash   BYTEA NOT NULL,
	PRIMARY KEY (person, hash)
);

CREATE TABLE session (
	hash       BYTEA PRIMARY KEY,      -- of the token in the cookie
	id         TEXT NOT NULL UNIQUE,   -- what a list and the audit trail show
	person     TEXT NOT NULL REFERENCES person (id),
	created_at BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL,
	proven_at  BIGINT NOT NULL,        -- when a credential was last shown
	ends       BIGINT NOT NULL,
	address    TEXT NOT NULL,          -- shortened to /24 or /48
	agent      TEXT NOT NULL           -- a browser's name, not its whole header
);
CREATE INDEX session_person ON session (person);
CREATE INDEX session_ends ON session (ends);

CREATE TABLE api_token (
	hash       BYTEA PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	person     TEXT NOT NULL REFERENCES person (id),
	name       TEXT NOT NULL,
	scopes     TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	ends       BIGINT NOT NULL,
	used_at    BIGINT NOT NULL
);
CREATE INDEX api_token_person ON api_token (person);

-- Networks a person has signed in from: an attacker elsewhere cannot slow these down.
CREATE TABLE person_place (
	person  TEXT NOT NULL REFERENCES person (id),
	address TEXT NOT NULL,
	seen_at BIGINT NOT NULL,
	PRIMARY KEY (person, address)
);

-- Password tries in a row, by a hash of the mail address, so that an address without an account has one too.
CREATE TABLE sign_in_backoff (
	account  BYTEA PRIMARY KEY,
	failures BIGINT NOT NULL,
	until    BIGINT NOT NULL,
	at       BIGINT NOT NULL
);
CREATE INDEX sign_in_backoff_at ON sign_in_backoff (at);

-- What only a participant has: article 2 of the terms.
CREATE TABLE participant (
	person  TEXT PRIMARY KEY REFERENCES person (id),
	country TEXT NOT NULL,             -- ISO 3166-1 alpha-2
	born    TEXT NOT NULL,             -- YYYY-MM-DD
	version BIGINT NOT NULL
);

-- Answers to article 2, one row an answer, never changed. The newest of a clause counts.
CREATE TABLE declaration (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	clause     TEXT NOT NULL,
	answer     TEXT NOT NULL CHECK (answer IN ('yes', 'no', 'ask', 'admitted', 'refused')),
	text       TEXT NOT NULL,          -- version of the wording that was answered
	lang       TEXT NOT NULL,
	decided_by TEXT NOT NULL,          -- for admitted and refused
	reason     TEXT NOT NULL,
	at         BIGINT NOT NULL
);
CREATE INDEX declaration_person ON declaration (person, clause, id);

-- Agreements to a version of the terms, never changed: pseudonymous, kept after withdrawal.
CREATE TABLE acceptance (
	id     TEXT PRIMARY KEY,
	person TEXT NOT NULL REFERENCES person (id),
	terms  TEXT NOT NULL,
	hash   TEXT NOT NULL,
	lang   TEXT NOT NULL,
	how    TEXT NOT NULL CHECK (how IN ('tick', 'submission')),
	at     BIGINT NOT NULL,
	UNIQUE (person, terms, hash, lang, how)
);

-- Consent to be credited: name, alias and photo each by its own.
CREATE TABLE credit_consent (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	part       TEXT NOT NULL CHECK (part IN ('name', 'alias', 'photo')),
	value      TEXT NOT NULL,          -- what exactly would be posted, for a photo its hash
	text       TEXT NOT NULL,          -- version of the wording that was agreed to
	lang       TEXT NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'refused', 'revoked', 'taken_down')),
	asked_at   BIGINT NOT NULL,
	decided_at BIGINT NOT NULL,
	decided_by TEXT NOT NULL,
	reason     TEXT NOT NULL,
	version    BIGINT NOT NULL
);
CREATE INDEX credit_consent_person ON credit_consent (person, part, id);
CREATE INDEX credit_consent_state ON credit_consent (state, id);

-- Who had an accepted report in which year. Filled by the report side.
CREATE TABLE fame (
	report TEXT NOT NULL,
	person TEXT NOT NULL REFERENCES person (id),
	year   BIGINT NOT NULL,            -- of the Japanese calendar date
	at     BIGINT NOT NULL,
	PRIMARY KEY (report, person)
);
CREATE INDEX fame_year ON fame (year, at);
CREATE INDEX fame_person ON fame (person);

-- Useful outside the terms: the separate list of special contributors.
CREATE TABLE special_contributor (
	person   TEXT NOT NULL REFERENCES person (id),
	year     BIGINT NOT NULL,
	reason   TEXT NOT NULL,
	named_by TEXT NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (year, person)
);

CREATE TABLE withdrawal (
	person   TEXT PRIMARY KEY REFERENCES person (id),
	asked_at BIGINT NOT NULL,
	done_at  BIGINT NOT NULL
);
CREATE INDEX withdrawal_open ON withdrawal (done_at, asked_at);
