-- The engine on the live stream: its rules, where it is, and the alerts it raised.

-- Files of rules that differ from those in the binary, or are not in it. A file lists/NAME.txt is a list.
CREATE TABLE rule_file (
	name       TEXT PRIMARY KEY,
	text       TEXT NOT NULL,
	own_text   BOOLEAN NOT NULL, -- false: the text is the one in the binary, and changes with it
	state      TEXT NOT NULL CHECK (state IN ('live', 'shadow', 'off')),
	version    BIGINT NOT NULL,
	changed_by TEXT NOT NULL,
	changed_at BIGINT NOT NULL
);

-- Every version there was.
CREATE TABLE rule_file_version (
	name       TEXT NOT NULL,
	version    BIGINT NOT NULL,
	change     TEXT NOT NULL CHECK (change IN ('text', 'state', 'removed')),
	text       TEXT NOT NULL,
	state      TEXT NOT NULL,
	changed_by TEXT NOT NULL,
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (name, version)
);

-- One row. Raising generation orders the changes of rules, which are only right together; the engine
-- looks at it to learn of one.
CREATE TABLE watch (
	id           BIGINT PRIMARY KEY CHECK (id = 1),
	generation   BIGINT NOT NULL,
	epoch        BIGINT NOT NULL, -- raised by who takes the lease: who held it before can commit nothing more
	holder       TEXT NOT NULL,
	held_until   BIGINT NOT NULL,
	begun        BOOLEAN NOT NULL,
	base         BIGINT NOT NULL, -- the end of the stream when it was first watched: what is before wakes nobody
	position     BIGINT NOT NULL, -- alerts up to here are stored
	figures      TEXT NOT NULL,   -- JSON: how the engine is, for the nodes that do not hold the lease
	stop_replay  BIGINT NOT NULL  -- the generation whose replay somebody stopped
);
INSERT INTO watch (id, generation, epoch, holder, held_until, begun, base, position, figures, stop_replay)
VALUES (1, 1, 0, '', 0, false, 0, 0, '', 0);

-- Where the engine judged what waited because nothing came: a restart does it at the same places.
CREATE TABLE watch_mark (
	position BIGINT PRIMARY KEY
);

CREATE TABLE alert (
	id           TEXT PRIMARY KEY,
	hash         TEXT NOT NULL, -- of rule, its version, key, event: the same alert is stored once
	rule         TEXT NOT NULL,
	rule_version TEXT NOT NULL,
	title        TEXT NOT NULL,
	level        TEXT NOT NULL,
	at           BIGINT NOT NULL,
	from_at      BIGINT NOT NULL,
	event        TEXT NOT NULL,
	region       TEXT NOT NULL, -- of the event, or empty
	body         TEXT NOT NULL, -- the alert as the engine says it: JSON, its times exact
	line         TEXT NOT NULL, -- the event
	position     BIGINT NOT NULL,
	shadow       BOOLEAN NOT NULL,
	replayed     BOOLEAN NOT NULL,
	raised_at    BIGINT NOT NULL,
	mark         TEXT NOT NULL CHECK (mark IN ('', 'real', 'false')),
	marked_by    TEXT NOT NULL,
	marked_at    BIGINT NOT NULL,
	note         TEXT NOT NULL,
	version      BIGINT NOT NULL
);
CREATE UNIQUE INDEX alert_hash ON alert (hash);
CREATE INDEX alert_at ON alert (at, id);
CREATE INDEX alert_rule ON alert (rule, at, id);
CREATE INDEX alert_open ON alert (at, id) WHERE mark = '' AND NOT shadow AND NOT replayed;

-- Whom alerts are about.
CREATE TABLE alert_key (
	value TEXT NOT NULL,
	at    BIGINT NOT NULL,
	alert TEXT NOT NULL REFERENCES alert (id),
	PRIMARY KEY (value, at, alert)
);

-- The events behind an alert, kept from the first time that somebody looked: the stream drops them one day.
CREATE TABLE alert_event (
	alert TEXT NOT NULL REFERENCES alert (id),
	n     BIGINT NOT NULL,
	event TEXT NOT NULL,
	at    BIGINT NOT NULL,
	line  TEXT NOT NULL,
	PRIMARY KEY (alert, n)
);
CREATE TABLE alert_evidence (
	alert TEXT PRIMARY KEY REFERENCES alert (id),
	found BIGINT NOT NULL, -- events, of which the newest are kept
	whole BOOLEAN NOT NULL -- false: the stream had dropped some, or there was no time to read all
);

-- How many alerts there are of each sort, kept with every change: lists show sums of these few rows.
CREATE TABLE alert_count (
	rule     TEXT NOT NULL,
	level    TEXT NOT NULL,
	mark     TEXT NOT NULL,
	shadow   BOOLEAN NOT NULL,
	replayed BOOLEAN NOT NULL,
	n        BIGINT NOT NULL,
	last     BIGINT NOT NULL, -- when the newest of them happened
	PRIMARY KEY (rule, level, mark, shadow, replayed)
);

-- When people were last written to about a rule.
CREATE TABLE alert_mail (
	rule    TEXT PRIMARY KEY,
	sent_at BIGINT NOT NULL
);
