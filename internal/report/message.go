package report

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
)

// An Audience says who reads a message.
type Audience string

// The audiences.
const (
	Public   Audience = "public"   // the reporter and the desk
	Internal Audience = "internal" // the desk alone
)

// A Message is one text of the conversation. The account is the channel (R-10, terms 2.4): a message
// is told when it stands here, and mail is a copy.
type Message struct {
	ID         string
	Report     string
	Author     string // a person, or the product
	AuthorKind access.Kind
	Audience   Audience
	Body       string // Markdown, as typed
	At         time.Time
	NeedsReply bool      // starts the clock of thirty days
	AnsweredAt time.Time // when the reply came
	ReadAt     time.Time // when the other side opened it in the account
}

// maxMessage is the size of one message in bytes: longer things are attachments.
const maxMessage = 64 << 10

// What one reporter may write on one report: a case is shown on one page. A talk of a year has a
// hundredth of it.
const (
	maxReplies = 500
	maxReplied = 4 << 20 // characters
)

func checkBody(body string) error {
	if strings.TrimSpace(body) == "" {
		return fault.New(fault.Invalid, "Write the message first.", "メッセージを入力してください。").At("body")
	}
	return CheckText("body", body, maxMessage)
}

// MaxText is the size in bytes of one text of a decision: what a person reads in one go.
const MaxText = 16 << 10

// CheckText refuses a text that cannot be stored or shown: it is not UTF-8, or has more than most bytes.
func CheckText(field, text string, most int) error {
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return fault.New(fault.Invalid, "This text is not in UTF-8.", "文字コードが UTF-8 ではありません。").At(field)
	case len(text) > most:
		return fault.New(fault.Invalid, "At most %[1]d KiB fit here; this text has %[2]d. Shorten it, or attach the long part.",
			"ここに入力できるのは%[1]d KiBまでです（現在%[2]d KiB）。短くするか、長い部分を添付してください。", most>>10, (len(text)+1023)>>10).At(field)
	}
	return nil
}

// A Told announces something that stands in the account now, so that a copy can be mailed.
type Told struct {
	Report   string `json:"report"`
	Person   string `json:"person"`
	About    string `json:"about"` // the message or decision
	What     string `json:"what"`  // message, question, decision
	Reporter bool   `json:"reporter"`
}

// Say writes to the reporter. needsReply starts the clock of thirty days and hands over the turn.
func (rs *Reports) Say(ctx context.Context, who access.Caller, report, body string, needsReply bool) error {
	if err := rs.Audit.Allow(ctx, who, access.ReportMessage, report); err != nil {
		return err
	}
	if err := checkBody(body); err != nil {
		return err
	}
	r, err := find(ctx, rs.DB.Read(), report)
	if err != nil {
		return err
	}
	was, now := r, rs.Now()
	if needsReply && r.State != NeedsInformation {
		if r, err = r.Move(NeedsInformation); err != nil {
			return err
		}
		r.AskedFrom = was.State
	}
	m := Message{
		ID: id.New(now), Report: report, Author: who.ID, AuthorKind: access.Staff,
		Audience: Public, Body: body, At: now, NeedsReply: needsReply,
	}
	return rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := insertMessage(ctx, tx, m); err != nil {
			return err
		}
		if err := rs.answered(ctx, tx, r, who); err != nil {
			return err
		}
		if needsReply {
			if err := rs.asked(ctx, tx, r); err != nil {
				return err
			}
		}
		if err := rs.settle(ctx, tx, was, r); err != nil {
			return err
		}
		if err := rs.Audit.Record(ctx, tx, who, access.ReportMessage, report, map[string]any{"message": m.ID, "needs_reply": needsReply, audit.Shown: true}); err != nil {
			return err
		}
		what := "message"
		if needsReply {
			what = "question"
		}
		return bus.Queue(ctx, tx, now, "report.told", Told{Report: report, Person: r.Reporter, About: m.ID, What: what, Reporter: true})
	})
}

// Note writes for the desk alone.
func (rs *Reports) Note(ctx context.Context, who access.Caller, report, body string) error {
	if err := rs.Audit.Allow(ctx, who, access.ReportNote, report); err != nil {
		return err
	}
	if err := checkBody(body); err != nil {
		return err
	}
	if _, err := find(ctx, rs.DB.Read(), report); err != nil {
		return err
	}
	now := rs.Now()
	m := Message{
		ID: id.New(now), Report: report, Author: who.ID, AuthorKind: access.Staff,
		Audience: Internal, Body: body, At: now,
	}
	return rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := insertMessage(ctx, tx, m); err != nil {
			return err
		}
		return rs.Audit.Record(ctx, tx, who, access.ReportNote, report, map[string]any{"message": m.ID})
	})
}

// Reply writes to the desk on the caller's own report. It answers whatever the desk had asked, and
// hands the turn back.
func (rs *Reports) Reply(ctx context.Context, who access.Caller, report, body string) error {
	r, err := rs.own(ctx, who, access.ReportReply, report)
	if err != nil {
		return err
	}
	if err := checkBody(body); err != nil {
		return err
	}
	if err := rs.roomToReply(ctx, report); err != nil {
		return err
	}
	was, now := r, rs.Now()
	if r.State == NeedsInformation {
		if r, err = r.Move(r.AskedFrom); err != nil {
			return err
		}
		r.AskedFrom = ""
	}
	m := Message{
		ID: id.New(now), Report: report, Author: who.ID, AuthorKind: access.Participant,
		Audience: Public, Body: body, At: now,
	}
	return rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := insertMessage(ctx, tx, m); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE message SET answered_at = $1
			WHERE report = $2 AND needs_reply AND answered_at = 0`, db.Micros(now), report); err != nil {
			return fmt.Errorf("answering on report %s: %w", report, err)
		}
		if err := rs.replied(ctx, tx, was, r); err != nil {
			return err
		}
		if err := rs.settle(ctx, tx, was, r); err != nil {
			return err
		}
		if err := rs.Audit.Record(ctx, tx, who, access.ReportReply, report, map[string]any{"message": m.ID, audit.Shown: true}); err != nil {
			return err
		}
		return bus.Queue(ctx, tx, now, "report.replied", Told{Report: report, Person: who.ID, About: m.ID, What: "message"})
	})
}

// roomToReply refuses one more message when the reporter's would no longer fit on a page.
func (rs *Reports) roomToReply(ctx context.Context, report string) error {
	var n, characters int64
	err := rs.DB.Read().QueryRowContext(ctx, `
		SELECT count(*), coalesce(sum(length(body)), 0) FROM message
		WHERE report = $1 AND author_kind = 'participant'`, report).Scan(&n, &characters)
	if err != nil {
		return fmt.Errorf("measuring the conversation of report %s: %w", report, err)
	}
	if n >= maxReplies || characters >= maxReplied {
		return fault.New(fault.Conflict,
			"You have written as much on this report as one page can show. Send what is new as another report, and name this one there.",
			"この報告に書き込める量の上限に達しました。新しい内容は別の報告として送り、この報告の番号を書き添えてください。").At("body")
	}
	return nil
}

// MarkRead records that the other side has opened what stands in the account: the delivery state
// that matters. It changes nothing the second time.
func (rs *Reports) MarkRead(ctx context.Context, who access.Caller, c Case) error {
	mine := c.Report.Reporter == who.ID
	unread := false
	for _, m := range c.Messages {
		unread = unread || m.Audience == Public && m.ReadAt.IsZero() && (m.AuthorKind == access.Participant) != mine
	}
	for _, d := range c.Decisions {
		unread = unread || mine && d.ReadAt.IsZero() && d.Shown()
	}
	if !unread {
		return nil
	}
	other := access.Participant
	if mine {
		other = access.Staff
	}
	now := db.Micros(rs.Now())
	return rs.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			UPDATE message SET read_at = $1
			WHERE report = $2 AND audience = 'public' AND read_at = 0
				AND (author_kind = $3 OR (author_kind = 'system' AND $3 = 'staff'))`,
			now, c.Report.ID, string(other)); err != nil {
			return fmt.Errorf("marking the conversation of report %s: %w", c.Report.ID, err)
		}
		if !mine {
			return nil
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE decision SET read_at = $1
			WHERE report = $2 AND read_at = 0 AND (state = 'in_force' OR state = 'proposed' AND kind = 'severity')`, now, c.Report.ID)
		return err
	})
}
