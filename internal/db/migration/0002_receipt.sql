-- The transparency log. There is no row per entry: the tree is stored as the tiles it is served in,
-- 256 hashes or entries each, and the last tile of each level is rewritten as it fills.

-- One row: the end of the log. Locking it orders everything that appends.
CREATE TABLE receipt_head (
	id          BIGINT PRIMARY KEY CHECK (id = 1),
	origin      TEXT NOT NULL,
	size        BIGINT NOT NULL,
	root        BYTEA NOT NULL,
	last_at     BIGINT NOT NULL,
	slot        BIGINT NOT NULL,
	base_at     BIGINT NOT NULL,
	base_size   BIGINT NOT NULL,
	public_size BIGINT NOT NULL CHECK (public_size <= size),
	public_note TEXT NOT NULL
);

-- Level -1 holds the entries themselves, level 0 their leaf hashes, each level above the hashes of
-- the full tiles below it.
CREATE TABLE receipt_tile (
	level BIGINT NOT NULL,
	n     BIGINT NOT NULL,
	width BIGINT NOT NULL CHECK (width BETWEEN 1 AND 256),
	data  BYTEA NOT NULL,
	PRIMARY KEY (level, n)
);

-- Every checkpoint we signed, and when the public log will have reached it.
CREATE TABLE receipt_checkpoint (
	size BIGINT PRIMARY KEY,
	note TEXT NOT NULL,
	at   BIGINT NOT NULL,
	due  BIGINT NOT NULL
);
