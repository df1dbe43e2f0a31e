-- The texts that can be searched, folded. doc is the caller's name for a document and sorts by age.
-- state: 0 in the index, 1 to be put into it, 2 to be taken out. A text waits in state 1 for some
-- milliseconds, and a search looks at the waiting ones itself, so nobody notices.
CREATE TABLE search_doc (
	doc     TEXT PRIMARY KEY,
	seq     BIGINT UNIQUE, -- place in the index, newest highest, or null before the first time
	state   BIGINT NOT NULL,
	version BIGINT NOT NULL,
	text    TEXT NOT NULL
);
CREATE INDEX search_waiting ON search_doc (doc) WHERE state <> 0;

-- One row: the last place given out. Updating it makes two indexers take turns.
CREATE TABLE search_head (
	id  BIGINT PRIMARY KEY CHECK (id = 1),
	seq BIGINT NOT NULL
);
INSERT INTO search_head (id, seq) VALUES (1, 0);

-- The index: rowid is search_doc.seq, words are the tokens made in Go. Positions are not kept:
-- what needs them is checked against the text.
-- only sqlite
CREATE VIRTUAL TABLE search_word USING fts5(words, content='', contentless_delete=1, detail=none, tokenize="ascii tokenchars '-#'");
-- Left to itself FTS5 merges its segments inside whatever statement comes along, for 100 ms now and
-- then, while people wait for the one writer. The indexer merges in small steps instead.
INSERT INTO search_word (search_word, rank) VALUES ('automerge', 0);
INSERT INTO search_word (search_word, rank) VALUES ('crisismerge', 500);
-- end
-- only postgres
CREATE TABLE search_word (
	rowid BIGINT PRIMARY KEY,
	words TSVECTOR NOT NULL
) WITH (toast_tuple_target = 128);
CREATE INDEX search_word_words ON search_word USING gin (words);
-- end
