-- Every promise with its clock. A promise is never deleted: closing and opening a report again goes
-- on with the same row.
CREATE TABLE deadline (
	id           TEXT PRIMARY KEY,
	subject      TEXT NOT NULL, -- a report or an award
	kind         TEXT NOT NULL,
	clause       TEXT NOT NULL,
	owner        TEXT NOT NULL CHECK (owner IN ('desk', 'reporter', 'program')),
	unit         TEXT NOT NULL CHECK (unit IN ('business', 'calendar', 'month', 'year')),
	length       BIGINT NOT NULL,
	cause        TEXT NOT NULL, -- what started it
	extends      BOOLEAN NOT NULL,
	started_at   BIGINT NOT NULL,
	strict_day   TEXT NOT NULL, -- the last day by the count alone, in Japan
	extended_day TEXT NOT NULL, -- moved to a bank day where the promise says so
	due_at       BIGINT NOT NULL,
	paused_since BIGINT NOT NULL,
	paused_days  BIGINT NOT NULL,
	rounds       BIGINT NOT NULL,
	met_at       BIGINT NOT NULL,
	met_by       TEXT NOT NULL,
	used_late    BOOLEAN NOT NULL, -- it had been missed before; nothing takes that back
	dropped_at   BIGINT NOT NULL,
	missed_at    BIGINT NOT NULL
);
CREATE INDEX deadline_subject ON deadline (subject, id);
CREATE INDEX deadline_open ON deadline (due_at) WHERE met_at = 0 AND dropped_at = 0 AND paused_since = 0 AND missed_at = 0;
