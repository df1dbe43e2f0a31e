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
	calendar     TEXT NOT NULL, -- which bank days the count knew
	paused_since BIGINT NOT NULL,
	paused_days  BIGINT NOT NULL, -- of its unit: by how much the last day has moved
	stood_days   BIGINT NOT NULL, -- business days on which the clock stood still
	rounds       BIGINT NOT NULL,
	reopened     BIGINT NOT NULL,
	met_at       BIGINT NOT NULL,
	met_by       TEXT NOT NULL,
	dropped_at   BIGINT NOT NULL,
	missed_at    BIGINT NOT NULL, -- nothing that is done to a promise takes this back
	age          BIGINT NOT NULL, -- business days used, once it is met or dropped
	version      BIGINT NOT NULL
);
CREATE INDEX deadline_subject ON deadline (subject, id);
CREATE INDEX deadline_running ON deadline (due_at, id) WHERE met_at = 0 AND dropped_at = 0 AND paused_since = 0;
CREATE INDEX deadline_open ON deadline (kind, calendar) WHERE met_at = 0 AND dropped_at = 0;
-- All that a figure reads, so that the public page does not walk the table.
CREATE INDEX deadline_figure ON deadline (kind, age, started_at, met_at, dropped_at, missed_at);
