-- What every state change writes besides itself: an audit record and a message.

CREATE TABLE audit (
	seq     BIGINT PRIMARY KEY,
	at      BIGINT NOT NULL,
	person  TEXT NOT NULL,
	session TEXT NOT NULL,
	action  TEXT NOT NULL,
	subject TEXT NOT NULL,
	outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
	detail  TEXT NOT NULL,
	hash    BYTEA NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE INDEX audit_person ON audit (person, seq);

-- One row: the end of the chain. Updating it orders the records of concurrent transactions.
CREATE TABLE audit_head (
	id   BIGINT PRIMARY KEY CHECK (id = 1),
	seq  BIGINT NOT NULL,
	hash BYTEA NOT NULL
);

-- Messages that are not delivered yet. A row leaves when every subscriber has had its effect.
CREATE TABLE outbox (
	id      TEXT PRIMARY KEY,
	subject TEXT NOT NULL,
	body    TEXT NOT NULL,
	at      BIGINT NOT NULL,
	ready   BIGINT NOT NULL,
	tries   BIGINT NOT NULL,
	failure TEXT NOT NULL
);
CREATE INDEX outbox_ready ON outbox (ready, id);

-- Which subscriber has had which message: at least once in, one effect out.
CREATE TABLE seen (
	subscriber TEXT NOT NULL,
	message    TEXT NOT NULL,
	at         BIGINT NOT NULL,
	PRIMARY KEY (subscriber, message)
);
