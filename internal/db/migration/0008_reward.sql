-- What a report earns. At most one award of a report is alive.
CREATE TABLE award (
	id          TEXT PRIMARY KEY,
	report      TEXT NOT NULL REFERENCES report (id),
	person      TEXT NOT NULL,
	class       TEXT NOT NULL,
	clause      TEXT NOT NULL,
	guide       BIGINT NOT NULL, -- US cents
	amount      BIGINT NOT NULL, -- US cents
	seriousness TEXT NOT NULL,
	novelty     TEXT NOT NULL,
	reason      TEXT NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'refused')),
	proposed_by TEXT NOT NULL,
	proposed_at BIGINT NOT NULL,
	decided_by  TEXT NOT NULL,
	decided_at  BIGINT NOT NULL,
	refusal     TEXT NOT NULL
);
CREATE UNIQUE INDEX award_alive ON award (report) WHERE state <> 'refused';
CREATE INDEX award_state ON award (state, id);
CREATE INDEX award_person ON award (person, id);
