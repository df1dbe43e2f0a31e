package payout

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/screening"
)

// A ListInUse is a sanctions list as a record of a screening would have it now, with the files it was
// read from.
type ListInUse struct {
	screening.Used
	Files []ListFile
}

// A ListFile is a file of a list.
type ListFile struct {
	Name string
	Size int64
}

// ListsInUse returns the lists that are loaded, and whether they are too old for a release.
func (ps *Payouts) ListsInUse(ctx context.Context, who access.Caller) ([]ListInUse, error) {
	if err := ps.Audit.Allow(ctx, who, access.AwardRead, ""); err != nil {
		return nil, err
	}
	set, _, err := ps.set(ctx)
	if err != nil {
		return nil, err
	}
	files, err := listFiles(ctx, ps.DB.Read())
	if err != nil {
		return nil, err
	}
	var all []ListInUse
	// A screening of nobody says of every list what a record would say of it.
	for _, u := range screening.Screen(screening.Subject{}, set, ps.Countries, screening.DefaultRules, ps.Now()).Lists {
		all = append(all, ListInUse{Used: u, Files: files[u.Name]})
	}
	return all, nil
}

func listFiles(ctx context.Context, q db.Querier) (map[string][]ListFile, error) {
	rows, err := q.QueryContext(ctx, `SELECT list, name, length(data) FROM sanction_file ORDER BY list, name`)
	if err != nil {
		return nil, fmt.Errorf("reading sanctions lists: %w", err)
	}
	defer rows.Close()
	files := map[string][]ListFile{}
	for rows.Next() {
		var list string
		var f ListFile
		if err := rows.Scan(&list, &f.Name, &f.Size); err != nil {
			return nil, fmt.Errorf("reading sanctions lists: %w", err)
		}
		files[list] = append(files[list], f)
	}
	return files, rows.Err()
}

// DropList takes a list away that was loaded under a wrong name: it would go stale and block every
// release. The reason is on record.
func (ps *Payouts) DropList(ctx context.Context, who access.Caller, name, why string) error {
	if err := ps.Audit.Allow(ctx, who, access.PayoutScreen, name); err != nil {
		return err
	}
	if strings.TrimSpace(why) == "" {
		return fault.New(fault.Invalid, "Write down why nobody is screened against it any more.", "照合に使わなくなる理由を書いてください。").At("why")
	}
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM sanction_file WHERE list = $1`, name)
		if err != nil {
			return fmt.Errorf("removing list %s: %w", name, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.NotFound, "There is no list “%s”.", "「%s」というリストはありません。", name)
		}
		return ps.Audit.Record(ctx, tx, who, access.PayoutScreen, name, map[string]any{"removed": true, "why": why})
	})
}
