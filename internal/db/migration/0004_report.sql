-- What a participant is writing. The body is what they typed, as JSON; it is never queried, and is the
-- report's once it was sent.
CREATE TABLE draft (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL,
	body       TEXT NOT NULL,
	version    BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	report     TEXT NOT NULL, -- the report it became, or empty: a form posted twice makes one report
	client_key TEXT NOT NULL  -- what a program calls it, or empty: a request sent twice continues one draft
);
CREATE INDEX draft_open ON draft (person, updated_at) WHERE report = '';
CREATE UNIQUE INDEX draft_client_key ON draft (person, client_key) WHERE client_key <> '';

CREATE TABLE draft_file (
	draft TEXT NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
	hash  TEXT NOT NULL,
	name  TEXT NOT NULL,
	size  BIGINT NOT NULL,
	at    BIGINT NOT NULL,
	PRIMARY KEY (draft, hash)
);

-- One vulnerability report. log_index is the order of receipt and the only proof of it.
CREATE TABLE report (
	id              TEXT PRIMARY KEY,
	log_index       BIGINT NOT NULL UNIQUE,
	received_at     BIGINT NOT NULL,
	clock_behind    BOOLEAN NOT NULL,
	terms           TEXT NOT NULL,
	reporter        TEXT NOT NULL,
	lang            TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
	title           TEXT NOT NULL,
	target          TEXT NOT NULL,
	in_scope        BOOLEAN NOT NULL,
	scope_clause    TEXT NOT NULL,
	class           TEXT NOT NULL,
	body            TEXT NOT NULL, -- the exact bytes that were committed to
	salt            BYTEA NOT NULL,
	vector_reported TEXT NOT NULL,
	vector          TEXT NOT NULL,
	score           BIGINT NOT NULL, -- tenths, -1 when nobody has rated it
	urgency         TEXT NOT NULL CHECK (urgency IN ('normal', 'raised', 'in_use')),
	eligibility     TEXT NOT NULL CHECK (eligibility IN ('open', 'yes', 'no')),
	state           TEXT NOT NULL CHECK (state IN ('received', 'needs_information', 'triaged', 'duplicate',
		'not_eligible', 'accepted', 'fixing', 'fixed', 'published', 'withdrawn')),
	asked_from      TEXT NOT NULL, -- the state to go back to when the reporter has answered
	original        TEXT NOT NULL, -- the root of a duplicate: a report or a known issue
	assignee        TEXT NOT NULL,
	turn            TEXT NOT NULL CHECK (turn IN ('desk', 'reporter', 'nobody')),
	turn_kind       TEXT NOT NULL,
	turn_due        BIGINT NOT NULL, -- 0 when no promise runs
	place           BIGINT NOT NULL, -- order in the queue: urgency first, then the promise that ends first
	updated_at      BIGINT NOT NULL,
	version         BIGINT NOT NULL
);
CREATE INDEX report_place ON report (place, log_index);
CREATE INDEX report_state ON report (state, place, log_index);
CREATE INDEX report_turn ON report (turn, place, log_index);
CREATE INDEX report_urgency ON report (urgency, place, log_index);
CREATE INDEX report_assignee ON report (assignee, place, log_index);
CREATE INDEX report_overdue ON report (turn, turn_due);
CREATE INDEX report_reporter ON report (reporter, log_index);
CREATE INDEX report_original ON report (original);

-- How many reports stand where, kept with every change: the counts of the queue's views are sums of
-- these few rows, so they add up and cost nothing.
CREATE TABLE report_count (
	state   TEXT NOT NULL,
	turn    TEXT NOT NULL,
	urgency TEXT NOT NULL,
	n       BIGINT NOT NULL,
	PRIMARY KEY (state, turn, urgency)
);

CREATE TABLE report_file (
	report TEXT NOT NULL REFERENCES report (id),
	n      BIGINT NOT NULL,
	hash   TEXT NOT NULL,
	name   TEXT NOT NULL,
	size   BIGINT NOT NULL,
	PRIMARY KEY (report, n)
);
CREATE INDEX report_file_hash ON report_file (hash);

-- What near-duplicates are found by. doc is a report or a known issue.
CREATE TABLE report_sketch (
	log_index BIGINT PRIMARY KEY,
	doc       TEXT NOT NULL,
	target    TEXT NOT NULL,
	class     TEXT NOT NULL,
	sketch    BYTEA NOT NULL
);

-- The conversation. An internal note and a public message differ by audience and by nothing else,
-- so no code path can show one for the other without saying so.
CREATE TABLE message (
	id          TEXT PRIMARY KEY,
	report      TEXT NOT NULL REFERENCES report (id),
	author      TEXT NOT NULL,
	author_kind TEXT NOT NULL CHECK (author_kind IN ('participant', 'staff', 'system')),
	audience    TEXT NOT NULL CHECK (audience IN ('public', 'internal')),
	body        TEXT NOT NULL,
	at          BIGINT NOT NULL,
	needs_reply BOOLEAN NOT NULL,
	answered_at BIGINT NOT NULL,
	read_at     BIGINT NOT NULL -- when the other side opened it in the account
);
CREATE INDEX message_report ON message (report, id);

-- Every decision cites a clause of the report's own terms. One that needs a second person stands
-- as proposed until somebody else, or the reporter, agrees.
CREATE TABLE decision (
	id           TEXT PRIMARY KEY,
	report       TEXT NOT NULL REFERENCES report (id),
	kind         TEXT NOT NULL,
	clause       TEXT NOT NULL,
	reason       TEXT NOT NULL,
	impact       TEXT NOT NULL, -- answer to "impact shown anyway?"
	would_change TEXT NOT NULL, -- what would change the decision
	from_value   TEXT NOT NULL,
	to_value     TEXT NOT NULL,
	one_fix      TEXT NOT NULL, -- answer to "would one fix fix both?"
	state        TEXT NOT NULL CHECK (state IN ('proposed', 'in_force', 'refused')),
	by_person    TEXT NOT NULL,
	at           BIGINT NOT NULL,
	confirmed_by TEXT NOT NULL,
	confirmed_at BIGINT NOT NULL,
	refusal      TEXT NOT NULL,
	read_at      BIGINT NOT NULL
);
CREATE INDEX decision_report ON decision (report, id);
CREATE INDEX decision_state ON decision (state, id);
CREATE INDEX decision_disqualified ON decision (id) WHERE kind = 'disqualify' AND state = 'in_force';

-- What we knew before somebody reported it, in the same log as the reports. The claimed date is a
-- claim; the log index is the proof.
CREATE TABLE known_issue (
	id        TEXT PRIMARY KEY,
	log_index BIGINT NOT NULL UNIQUE,
	logged_at BIGINT NOT NULL,
	added_by  TEXT NOT NULL,
	title     TEXT NOT NULL,
	target    TEXT NOT NULL,
	class     TEXT NOT NULL,
	reference TEXT NOT NULL, -- our own ticket
	claimed   TEXT NOT NULL, -- a date somebody says we have known it since, or empty
	body      TEXT NOT NULL,
	salt      BYTEA NOT NULL
);
