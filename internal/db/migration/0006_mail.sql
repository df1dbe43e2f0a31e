-- Outgoing mail. The account is the channel and mail is a copy of it (R-10), so a row says how far
-- the copy came: queued, accepted by the mail server, bounced.

CREATE TABLE mail (
	id          TEXT PRIMARY KEY,
	to_address  TEXT NOT NULL,
	person      TEXT NOT NULL, -- whose address it is, empty when nobody's yet
	template    TEXT NOT NULL,
	lang        TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
	subject     TEXT NOT NULL,
	body        TEXT NOT NULL, -- empty once a mail that carries a key has left
	has_key     BOOLEAN NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('queued', 'accepted', 'bounced')),
	tries       BIGINT NOT NULL,
	refusals    BIGINT NOT NULL, -- how often the server said "not now", which has an end; not reaching it has none
	ready       BIGINT NOT NULL, -- not before this time: a lease while a node sends it, a pause after a refusal
	message_id  TEXT NOT NULL,
	accepted_at BIGINT NOT NULL,
	bounced_at  BIGINT NOT NULL,
	failure     TEXT NOT NULL,
	about       TEXT NOT NULL, -- what it is a copy of, such as a message's id
	created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX mail_message ON mail (message_id);
CREATE INDEX mail_ready ON mail (ready, id) WHERE state = 'queued';
CREATE INDEX mail_state ON mail (state, id);
CREATE INDEX mail_person ON mail (person, id);
CREATE INDEX mail_about ON mail (about, id);
