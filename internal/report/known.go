package report

import (
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/similar"
)

// A Known is an issue that we put into the log ourselves, before anybody reported it. It is proof
// only from its log index on; the claimed date is kept as a claim.
type Known struct {
	ID        string
	LogIndex  int64
	LoggedAt  time.Time
	AddedBy   string
	Title     string
	Target    string
	Class     string
	Reference string // our own ticket
	Claimed   string // 2006-01-02, or empty
	Details   string

	raw    []byte // the exact bytes that were committed to
	salt   receipt.Hash
	sketch similar.Sketch // while it is added
}

// body is what the log commits to.
func (k Known) body() []byte {
	b, err := json.Marshal(struct {
		Title     string `json:"title"`
		Target    string `json:"target"`
		Class     string `json:"class"`
		Reference string `json:"reference"`
		Claimed   string `json:"claimed,omitempty"`
		Details   string `json:"details"`
	}{k.Title, k.Target, k.Class, k.Reference, k.Claimed, k.Details})
	if err != nil {
		panic(err) // a struct of strings always marshals
	}
	return b
}

// check says what is wrong with an issue before it goes into the log, where nothing is mended.
func (k Known) check(now time.Time) error {
	for _, f := range []struct {
		name, value string
		most        int
	}{
		{"title", k.Title, maxLine}, {"target", k.Target, maxLine}, {"class", k.Class, maxLine},
		{"reference", k.Reference, maxLine}, {"details", k.Details, maxText},
	} {
		if !utf8.ValidString(f.value) || strings.ContainsRune(f.value, 0) || utf8.RuneCountInString(f.value) > f.most {
			return fault.New(fault.Invalid, "This must be UTF-8 text of at most %d characters.",
				"UTF-8で%d文字以内にしてください。", f.most).At(f.name)
		}
	}
	if strings.TrimSpace(k.Title) == "" {
		return fault.New(fault.Invalid, "Say in one line what is known.", "既知の内容を1行で書いてください。").At("title")
	}
	if k.Claimed != "" {
		day, err := time.Parse(time.DateOnly, k.Claimed)
		if err != nil {
			return fault.New(fault.Invalid, "“%s” is no date. Write it as 2006-01-02.",
				"「%s」は日付として読めません。2006-01-02 の形で書いてください。", k.Claimed).At("claimed")
		}
		if day.After(now.Add(24 * time.Hour)) {
			return fault.New(fault.Invalid, "The claimed date lies in the future.", "申告された日付が未来になっています。").At("claimed")
		}
	}
	return nil
}

// AddKnown puts an internally known issue into the log, now. It returns it with its entry.
func (rs *Reports) AddKnown(ctx context.Context, who access.Caller, k Known) (Known, error) {
	if err := rs.Audit.Allow(ctx, who, access.KnownAdd, ""); err != nil {
		return k, err
	}
	if err := k.check(rs.Now()); err != nil {
		return k, err
	}
	all := []Known{k}
	err := rs.addKnown(ctx, who, all)
	return all[0], err
}

// addKnown logs issues that were checked, in one transaction, and fills in their entries.
func (rs *Reports) addKnown(ctx context.Context, who access.Caller, all []Known) error {
	for i := range all {
		k := &all[i]
		k.ID, k.AddedBy = newID(), who.ID
		k.raw, k.salt = k.body(), receipt.NewSalt()
		k.sketch = similar.NewSketch(strings.Join([]string{k.Title, k.Target, k.Class, k.Details}, "\n"))
	}
	_, err := rs.Log.Append(ctx, func(ctx context.Context, tx *sql.Tx, g *receipt.Growth) error {
		for i := range all {
			k := &all[i]
			_, err := g.Append(func(e receipt.Entry) (receipt.Hash, error) {
				k.LogIndex, k.LoggedAt = e.Index, e.Time
				return rs.knownStatement(*k).Commitment()
			})
			if err != nil {
				return err
			}
		}
		return rs.writeKnown(ctx, tx, who, all)
	})
	return err
}

func (rs *Reports) writeKnown(ctx context.Context, tx *sql.Tx, who access.Caller, all []Known) error {
	var (
		rows     [][]any
		sketches []sketched
		deeds    []audit.Deed
		news     []any
	)
	for _, k := range all {
		rows = append(rows, []any{
			k.ID, k.LogIndex, db.Micros(k.LoggedAt), k.AddedBy, k.Title, k.Target, k.Class, k.Reference, k.Claimed, string(k.raw), k.salt[:],
		})
		sketches = append(sketches, sketched{k.LogIndex, k.ID, similar.Key{Target: k.Target, Class: k.Class}, k.sketch})
		deeds = append(deeds, audit.Deed{
			Who: who, Action: access.KnownAdd, Subject: k.ID, Detail: map[string]any{"log_index": k.LogIndex, "claimed": k.Claimed},
		})
		news = append(news, map[string]string{"id": k.ID})
	}
	for values, args := range db.Values(rows) {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO known_issue (id, log_index, logged_at, added_by, title, target, class, reference, claimed, body, salt)
			VALUES `+values, args...)
		if err != nil {
			return fmt.Errorf("saving known issues: %w", err)
		}
	}
	if err := insertSketches(ctx, tx, sketches); err != nil {
		return err
	}
	if err := rs.Audit.RecordAll(ctx, tx, deeds); err != nil {
		return err
	}
	return bus.Queue(ctx, tx, rs.Now(), "known.added", news...)
}

// A KnownQuery selects known issues.
type KnownQuery struct {
	Before int64 // only entries with a smaller log index; 0 means from the newest
	Limit  int   // 0 means 100
}

// ListKnown lists known issues, the newest first.
func (rs *Reports) ListKnown(ctx context.Context, who access.Caller, q KnownQuery) ([]Known, error) {
	if err := rs.Audit.Allow(ctx, who, access.KnownRead, ""); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	rows, err := rs.DB.Read().QueryContext(ctx, `
		SELECT `+knownFields+`
		FROM known_issue
		WHERE ($1 = 0 OR log_index < $1)
		ORDER BY log_index DESC
		LIMIT $2`, q.Before, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing known issues: %w", err)
	}
	defer rows.Close()
	var all []Known
	for rows.Next() {
		k, err := scanKnown(rows)
		if err != nil {
			return nil, fmt.Errorf("listing known issues: %w", err)
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

const knownFields = `id, log_index, logged_at, added_by, title, target, class, reference, claimed, body, salt`

func scanKnown(row scanner) (Known, error) {
	var k Known
	var at int64
	var body string
	var salt []byte
	if err := row.Scan(&k.ID, &k.LogIndex, &at, &k.AddedBy, &k.Title, &k.Target, &k.Class, &k.Reference, &k.Claimed, &body, &salt); err != nil {
		return k, err
	}
	k.LoggedAt, k.raw = db.Time(at), []byte(body)
	copy(k.salt[:], salt)
	var rest struct {
		Details string `json:"details"`
	}
	if err := json.Unmarshal(k.raw, &rest); err != nil {
		return k, fmt.Errorf("reading known issue %s: %w", k.ID, err)
	}
	k.Details = rest.Details
	return k, nil
}

func findKnown(ctx context.Context, q db.Querier, id string) (Known, error) {
	k, err := scanKnown(q.QueryRowContext(ctx, `SELECT `+knownFields+` FROM known_issue WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return k, notFound(id)
	}
	if err != nil {
		return k, fmt.Errorf("reading known issue %s: %w", id, err)
	}
	return k, nil
}

// KnownReceipt returns the signed receipt of a known issue: what proves later that it was known.
func (rs *Reports) KnownReceipt(ctx context.Context, who access.Caller, id string) ([]byte, error) {
	if err := rs.Audit.Allow(ctx, who, access.KnownRead, id); err != nil {
		return nil, err
	}
	k, err := findKnown(ctx, rs.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	return rs.Log.Issue(ctx, receipt.Logged{Statement: rs.knownStatement(k), Index: k.LogIndex})
}

// knownColumns are the columns of the CSV, by their header.
var knownColumns = []string{"title", "target", "class", "reference", "claimed", "details"}

// maxKnownRows bounds one CSV.
const maxKnownRows = 10_000

// ParseKnown reads known issues from a CSV with a header line. It reads all or nothing: every fault is
// named with its line.
func ParseKnown(r io.Reader, now time.Time) ([]Known, error) {
	c := csv.NewReader(r)
	header, err := c.Read()
	if err != nil {
		return nil, csvFault(1, "The file has no header line. The columns are: "+strings.Join(knownColumns, ", ")+".", err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff") // spreadsheets put a byte order mark here
	at := map[string]int{}
	for i, name := range header {
		at[strings.ToLower(strings.TrimSpace(name))] = i
	}
	if _, ok := at["title"]; !ok {
		return nil, csvFault(1, "There is no column “title”. The columns are: "+strings.Join(knownColumns, ", ")+".", nil)
	}
	var all []Known
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			line := len(all) + 2
			if e, ok := errors.AsType[*csv.ParseError](err); ok {
				line = e.Line
			}
			return nil, csvFault(line, "This line is not CSV.", err)
		}
		line, _ := c.FieldPos(0)
		cell := func(name string) string {
			if i, ok := at[name]; ok {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		k := Known{
			Title: cell("title"), Target: cell("target"), Class: cell("class"),
			Reference: cell("reference"), Claimed: cell("claimed"), Details: cell("details"),
		}
		if err := k.check(now); err != nil {
			return nil, csvFault(line, err.Error(), nil)
		}
		if all = append(all, k); len(all) > maxKnownRows {
			return nil, csvFault(line, "One file holds 10,000 issues. Split it.", nil)
		}
	}
}

func csvFault(line int, what string, cause error) error {
	if cause != nil && !errors.Is(cause, io.EOF) {
		what += " " + cause.Error()
	}
	return fault.New(fault.Invalid, "Line %d: %s Nothing was imported.", "%d行目: %s 何も取り込んでいません。", line, what).At("file")
}

// patience is for how long an import may keep the public log behind: everything received meanwhile
// becomes public after it.
const patience = 7 * 24 * time.Hour

// roomInLog refuses more entries at once than the public log shows within patience.
func (rs *Reports) roomInLog(ctx context.Context, n int) error {
	s, err := rs.Log.Status(ctx)
	if err != nil {
		return err
	}
	room := max(0, int(patience/s.Slot)-int(s.Backlog))
	if n <= room {
		return nil
	}
	return fault.New(fault.Conflict,
		"The public log grows by one entry in %[1]s, so these %[2]d would keep it behind for longer than a week, and every report received meanwhile with them. Nothing was imported. Import at most %[3]d now, or have the log's slot made shorter.",
		"公開ログは%[1]sごとに1件ずつ増えます。%[2]d件を一度に登録すると、その間に届く報告の公開も含めて1週間以上遅れるため、取り込みませんでした。今回は%[3]d件までにするか、ログの間隔を短くするよう管理者に依頼してください。",
		s.Slot, n, room).At("file")
}

// ImportKnown puts every issue of a CSV into the log. A fault anywhere imports nothing.
func (rs *Reports) ImportKnown(ctx context.Context, who access.Caller, r io.Reader) (int, error) {
	if err := rs.Audit.Allow(ctx, who, access.KnownAdd, ""); err != nil {
		return 0, err
	}
	all, err := ParseKnown(r, rs.Now())
	if err != nil {
		return 0, err
	}
	if err := rs.roomInLog(ctx, len(all)); err != nil {
		return 0, err
	}
	if err := rs.addKnown(ctx, who, all); err != nil {
		return 0, err
	}
	return len(all), nil
}
