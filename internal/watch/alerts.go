package watch

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
)

// Alerts returns a page of the alerts that a filter selects, with counts.
func (w *Watch) Alerts(ctx context.Context, who access.Caller, f Filter) (Page, error) {
	if err := w.Audit.Allow(ctx, who, access.AlertRead, ""); err != nil {
		return Page{}, err
	}
	all, err := listAlerts(ctx, w.DB.Read(), f)
	if err != nil {
		return Page{}, err
	}
	p := Page{Alerts: all}
	if n := f.limit(); len(all) > n {
		p.Alerts = all[:n]
		p.Next = next(all[n-1])
	}
	counts, err := readCounts(ctx, w.DB.Read())
	if err != nil {
		return Page{}, err
	}
	p.Counts = f.count(counts)
	return p, nil
}

// count adds up the counts that a filter selects.
func (f Filter) count(all map[sort]count) Counts {
	c := Counts{ByMark: map[Mark]int{}, ByLevel: map[string]int{}, ByRule: map[string]int{}}
	for s, k := range all {
		if k.n == 0 || f.Rule != "" && f.Rule != s.rule || f.Level != "" && f.Level != s.level || f.Mark != nil && *f.Mark != s.mark ||
			f.Shadow != nil && *f.Shadow != s.shadow || f.Replayed != nil && *f.Replayed != s.replayed {
			continue
		}
		c.Total += k.n
		c.ByMark[s.mark] += k.n
		c.ByLevel[s.level] += k.n
		c.ByRule[s.rule] += k.n
	}
	return c
}

// Alert returns one alert.
func (w *Watch) Alert(ctx context.Context, who access.Caller, id string) (Alert, error) {
	if err := w.Audit.Allow(ctx, who, access.AlertRead, id); err != nil {
		return Alert{}, err
	}
	return findAlert(ctx, w.DB.Read(), id)
}

// maxNote is how long a note may be, in letters.
const maxNote = 2000

// Mark says whether an alert is real or false, or takes that back. The events behind it are kept from then on.
func (w *Watch) Mark(ctx context.Context, who access.Caller, id string, m Mark, note string, version int64) (Alert, error) {
	if err := w.Audit.Allow(ctx, who, access.AlertMark, id); err != nil {
		return Alert{}, err
	}
	note = strings.TrimSpace(note)
	switch {
	case m != Open && m != Real && m != False:
		return Alert{}, fault.New(fault.Invalid, "An alert is marked as real or false, or not at all.", "アラートの判定は「実際の事象」「誤検知」「未判定」のいずれかです。").At("mark")
	case utf8.RuneCountInString(note) > maxNote || !utf8.ValidString(note):
		return Alert{}, fault.New(fault.Invalid, "The note is longer than %d characters. Shorten it.", "メモは%d文字以内で入力してください。", maxNote).At("note")
	}
	a, err := findAlert(ctx, w.DB.Read(), id)
	if err != nil {
		return Alert{}, err
	}
	if err := w.keepEvidence(ctx, a); err != nil {
		return Alert{}, err
	}
	was, now := sortOf(&a), w.Now()
	a.Mark, a.Note, a.MarkedBy, a.MarkedAt = m, note, who.ID, now.UTC().Truncate(time.Microsecond)
	err = w.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := db.One(tx.ExecContext(ctx, `
			UPDATE alert SET mark = $1, note = $2, marked_by = $3, marked_at = $4, version = version + 1
			WHERE id = $5 AND version = $6`, string(m), note, who.ID, db.Micros(now), id, version)); err != nil {
			return err
		}
		if is := sortOf(&a); is != was {
			at := a.At.UnixMicro()
			if err := addCounts(ctx, tx, map[sort]count{was: {-1, at}, is: {1, at}}); err != nil {
				return err
			}
		}
		if err := w.Audit.Record(ctx, tx, who, access.AlertMark, id, map[string]any{"rule": a.Rule, "mark": m, "was": was.mark}); err != nil {
			return err
		}
		return bus.Queue(ctx, tx, now, "alert.marked", map[string]string{"alert": id, "rule": a.Rule, "mark": string(m)})
	})
	if err != nil {
		return Alert{}, fmt.Errorf("marking alert %s: %w", id, err)
	}
	a.Version = version + 1
	return a, nil
}

// maxSteps is how many steps a timeline may have.
const maxSteps = 1000

// Timeline counts alerts over time. Steps without an alert are left out.
func (w *Watch) Timeline(ctx context.Context, who access.Caller, s Span) ([]Bucket, error) {
	if err := w.Audit.Allow(ctx, who, access.AlertRead, ""); err != nil {
		return nil, err
	}
	switch s.By {
	case ByNothing, ByLevel, ByRule, ByRegion:
	default:
		return nil, fault.New(fault.Invalid, "Alerts are told apart by level, by rule or by region.", "アラートの内訳は、重要度・ルール・地域のいずれかです。").At("by")
	}
	if s.Step < time.Second || !s.Until.After(s.From) || s.Until.Sub(s.From)/s.Step > maxSteps {
		return nil, fault.New(fault.Invalid, "Choose a time that ends after it begins, in steps of a second or more and at most %d of them.",
			"終わりが始まりより後で、1秒以上の間隔、最大%d区間になるように期間を指定してください。", maxSteps).At("step")
	}
	return buckets(ctx, w.DB.Read(), s)
}

// mailPause is between two mails about one rule.
const mailPause = time.Hour

// MailDue reports whether people are to be written to about a rule, in the transaction that does so: once in an hour.
func (w *Watch) MailDue(ctx context.Context, tx *sql.Tx, name string) (bool, error) {
	now := w.Now()
	res, err := tx.ExecContext(ctx, `
		INSERT INTO alert_mail (rule, sent_at)
		VALUES ($1, $2)
		ON CONFLICT (rule) DO UPDATE SET sent_at = excluded.sent_at WHERE alert_mail.sent_at <= $3`, name, db.Micros(now), db.Micros(now.Add(-mailPause)))
	if err != nil {
		return false, fmt.Errorf("looking for the last mail about rule %s: %w", name, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
