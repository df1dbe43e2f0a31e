package watch

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/rule"
)

// Rules returns all files with their rules and how these fare, and the lists.
func (w *Watch) Rules(ctx context.Context, who access.Caller) ([]File, error) {
	if err := w.Audit.Allow(ctx, who, access.RuleRead, ""); err != nil {
		return nil, err
	}
	r, err := readRules(ctx, w.DB.Read())
	if err != nil {
		return nil, err
	}
	counts, err := readCounts(ctx, w.DB.Read())
	if err != nil {
		return nil, err
	}
	figures, err := w.figures(ctx)
	if err != nil {
		return nil, err
	}
	for i := range r.files {
		r.view(&r.files[i], counts, figures)
	}
	return r.files, nil
}

// Rule returns one file, as Rules does.
func (w *Watch) Rule(ctx context.Context, who access.Caller, file string) (File, error) {
	all, err := w.Rules(ctx, who)
	if err != nil {
		return File{}, err
	}
	for _, f := range all {
		if f.Name == file {
			return f, nil
		}
	}
	return File{}, errNoFile
}

var errNoFile = fault.New(fault.NotFound, "There is no such file of rules.", "このルールファイルは見つかりません。")

// view fills in what a file's rules are and how they fare.
func (r *ruleset) view(f *File, counts map[sort]count, figures Figures) {
	for _, c := range r.complaints {
		if c.File == f.Name && !c.Warning {
			f.Wrong = append(f.Wrong, c)
		}
	}
	for _, x := range alerting(r.set) {
		if x.File != f.Name {
			continue
		}
		v := RuleView{Name: x.Name, Title: x.Title, Level: x.Level, Line: x.Line, Version: x.Digest, Portable: x.Portable}
		for s, c := range counts {
			if s.rule == x.Name {
				v.add(s, c)
			}
		}
		if g, ok := figures.Rules[x.Name]; ok && g.Version == x.Digest {
			v.Matched, v.Keys, v.Bytes, v.Running = g.Matched, g.Keys, g.Bytes, true
		}
		f.Rules = append(f.Rules, v)
	}
	slices.SortStableFunc(f.Rules, func(a, b RuleView) int { return a.Line - b.Line })
}

// add adds alerts of one sort.
func (h *Health) add(s sort, c count) {
	switch {
	case s.replayed:
		h.Replayed += c.n
	case s.shadow:
		h.Shadow += c.n
	default:
		h.Alerts += c.n
		if s.mark == Open {
			h.Open += c.n
		}
	}
	switch s.mark {
	case Real:
		h.Real += c.n
	case False:
		h.FalseAlarms += c.n
	}
	if last := db.Time(c.last); c.n > 0 && last.After(h.Last) {
		h.Last = last
	}
}

// History returns the versions of a file that people made, newest first.
func (w *Watch) History(ctx context.Context, who access.Caller, file string) ([]Version, error) {
	if err := w.Audit.Allow(ctx, who, access.RuleRead, file); err != nil {
		return nil, err
	}
	rows, err := w.DB.Read().QueryContext(ctx, `
		SELECT version, change, text, state, changed_by, changed_at
		FROM rule_file_version
		WHERE name = $1
		ORDER BY version DESC
		LIMIT 200`, file)
	if err != nil {
		return nil, fmt.Errorf("reading the versions of %s: %w", file, err)
	}
	defer rows.Close()
	var all []Version
	for rows.Next() {
		var v Version
		var at int64
		if err := rows.Scan(&v.Version, &v.Change, &v.Text, &v.State, &v.ChangedBy, &at); err != nil {
			return nil, fmt.Errorf("reading the versions of %s: %w", file, err)
		}
		v.ChangedAt = db.Time(at)
		all = append(all, v)
	}
	return all, rows.Err()
}

// Check says what is wrong with a text, or worth knowing, as a file among the others. Nothing is saved.
func (w *Watch) Check(ctx context.Context, who access.Caller, file, text string) ([]rule.Complaint, error) {
	if err := w.Audit.Allow(ctx, who, access.RuleRead, file); err != nil {
		return nil, err
	}
	if err := checkFile(file, text); err != nil {
		return nil, err
	}
	r, err := readRules(ctx, w.DB.Read())
	if err != nil {
		return nil, err
	}
	_, after := compile(with(r.files, file, text))
	return about(file, r.complaints, after), nil
}

// A Saved is a file after a change, and what there is to say about it.
type Saved struct {
	File
	Complaints []rule.Complaint // with the fault that nothing was saved, or warnings
}

// A change is what somebody does to a file.
type change struct {
	what    string // text, state or removed
	file    string
	version int64
	do      func(f File, is bool) (File, error) // what becomes of it
}

// SaveRule gives a file a text. version is the one that was read, 0 for a file that nobody has changed, and for a new
// one. With a mistake nothing is saved: the error is a fault then, and Complaints say what is wrong, and where.
func (w *Watch) SaveRule(ctx context.Context, who access.Caller, file, text string, version int64) (Saved, error) {
	if err := w.Audit.Allow(ctx, who, access.RuleChange, file); err != nil {
		return Saved{}, err
	}
	if err := checkFile(file, text); err != nil {
		return Saved{}, err
	}
	return w.change(ctx, who, change{what: "text", file: file, version: version, do: func(f File, is bool) (File, error) {
		if !is {
			f = File{Name: file, State: Live}
		}
		f.Text, f.Changed = text, true
		return f, nil
	}})
}

// SetState makes the alerts of a file's rules live, shadow, or stops them.
func (w *Watch) SetState(ctx context.Context, who access.Caller, file string, s State, version int64) (Saved, error) {
	if err := w.Audit.Allow(ctx, who, access.RuleChange, file); err != nil {
		return Saved{}, err
	}
	return w.change(ctx, who, change{what: "state", file: file, version: version, do: func(f File, is bool) (File, error) {
		switch {
		case !is:
			return f, errNoFile
		case s != Live && s != Shadow && s != Off || f.List():
			return f, fault.New(fault.Invalid, "Rules are live, in the shadow, or off. A list has no state.", "ルールの状態は「本番」「試行」「停止」のいずれかです。リストに状態はありません。").At("state")
		}
		f.State = s
		return f, nil
	}})
}

// RemoveRule removes a file that people wrote. Of one that is in the binary it takes back what people changed.
func (w *Watch) RemoveRule(ctx context.Context, who access.Caller, file string, version int64) (Saved, error) {
	if err := w.Audit.Allow(ctx, who, access.RuleChange, file); err != nil {
		return Saved{}, err
	}
	return w.change(ctx, who, change{what: "removed", file: file, version: version, do: func(f File, is bool) (File, error) {
		switch {
		case !is:
			return f, errNoFile
		case f.Version == 0:
			return f, fault.New(fault.Conflict, "This file is part of Hinomi and cannot be removed. Switch its rules off instead.",
				"このファイルはHinomiに含まれているため削除できません。停止にしてください。")
		}
		return File{Name: file, Text: shipped()[file], State: Live, Shipped: f.Shipped}, nil
	}})
}

// change changes one file, if all files together still work then.
func (w *Watch) change(ctx context.Context, who access.Caller, c change) (out Saved, err error) {
	now := w.Now()
	err = w.DB.Tx(ctx, func(tx *sql.Tx) error {
		// Files are only right together, so those who change some come one after the other.
		if _, err := tx.ExecContext(ctx, `UPDATE watch SET generation = generation + 1 WHERE id = 1`); err != nil {
			return err
		}
		r, err := readRules(ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(r.files, func(f File) bool { return f.Name == c.file })
		was := File{Name: c.file}
		if at >= 0 {
			was = r.files[at]
		}
		if was.Version != c.version {
			return db.One(driver.RowsAffected(0), nil) // somebody was faster
		}
		f, err := c.do(was, at >= 0)
		if err != nil {
			return err
		}
		if out, err = w.weigh(r, f, c.what == "removed" && !f.Shipped); err != nil {
			return err
		}
		f.ChangedBy, f.ChangedAt = who.ID, now.UTC()
		if f.Version, err = saveFile(ctx, tx, f, c.what); err != nil {
			return err
		}
		out.Version, out.ChangedBy, out.ChangedAt = f.Version, f.ChangedBy, f.ChangedAt
		if c.what == "removed" {
			out.Version = 0
		}
		if err := w.Audit.Record(ctx, tx, who, access.RuleChange, c.file, map[string]any{"change": c.what, "version": f.Version, "state": f.State}); err != nil {
			return err
		}
		return bus.Queue(ctx, tx, now, "rule.changed", map[string]any{"file": c.file, "change": c.what, "version": f.Version})
	})
	if err == nil {
		w.live.look()
	}
	return out, err
}

// weigh compiles the files with one changed, or gone, and refuses what would break any.
func (w *Watch) weigh(r *ruleset, f File, gone bool) (Saved, error) {
	files := slices.DeleteFunc(slices.Clone(r.files), func(x File) bool { return x.Name == f.Name })
	if !gone {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	after := &ruleset{files: files}
	after.set, after.complaints = compile(files)
	out := Saved{File: f, Complaints: about(f.Name, r.complaints, after.complaints)}
	if err := broken(out.Complaints); err != nil {
		return out, err
	}
	after.view(&out.File, nil, Figures{})
	return out, nil
}

// saveFile writes a file and its version.
func saveFile(ctx context.Context, tx *sql.Tx, f File, what string) (version int64, err error) {
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) + 1 FROM rule_file_version WHERE name = $1`, f.Name).Scan(&version); err != nil {
		return 0, fmt.Errorf("reading the newest version of %s: %w", f.Name, err)
	}
	if what == "removed" {
		_, err = tx.ExecContext(ctx, `DELETE FROM rule_file WHERE name = $1`, f.Name)
	} else {
		text := f.Text
		if !f.Changed {
			text = "" // the binary has it
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO rule_file (name, text, own_text, state, version, changed_by, changed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (name) DO UPDATE SET text = excluded.text, own_text = excluded.own_text, state = excluded.state, version = excluded.version,
				changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
			f.Name, text, f.Changed, string(f.State), version, f.ChangedBy, db.Micros(f.ChangedAt))
	}
	if err != nil {
		return 0, fmt.Errorf("saving the rules %s: %w", f.Name, err)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO rule_file_version (name, version, change, text, state, changed_by, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, f.Name, version, what, f.Text, string(f.State), f.ChangedBy, db.Micros(f.ChangedAt)); err != nil {
		return 0, fmt.Errorf("saving version %d of %s: %w", version, f.Name, err)
	}
	return version, nil
}
