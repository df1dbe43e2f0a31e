package search

import (
	"context"
	"database/sql"
	"fmt"

	"hinomi.dev/hinomi/internal/db"
)

// A Doc is a text to be made searchable, and its name.
type Doc struct {
	Name  string
	Words Words
}

// IndexAll is Index for texts that share a transaction. No two have the same name.
func IndexAll(ctx context.Context, tx *sql.Tx, docs []Doc) error {
	rows := make([][]any, 0, len(docs))
	for _, d := range docs {
		rows = append(rows, []any{d.Name, waiting, 1, string(d.Words)})
	}
	for values, args := range db.Values(rows) {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO search_doc (doc, state, version, text)
			VALUES `+values+`
			ON CONFLICT (doc) DO UPDATE SET state = excluded.state, version = search_doc.version + 1, text = excluded.text`, args...)
		if err != nil {
			return fmt.Errorf("indexing %s: %w", docs[0].Name, err)
		}
	}
	return nil
}
