package participant

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/bus"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/id"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// A Part is one thing a credit may show. Each has its own consent.
type Part string

// The parts.
const (
	Name  Part = "name"  // as the profile spelled it when it was asked for
	Alias Part = "alias" // instead of the name, or beside it
	Photo Part = "photo" // by the hash of the picture
)

// Parts lists the parts in the order a page shows them.
var Parts = []Part{Name, Alias, Photo}

// A State says how far a consent has come.
type State string

// The states of a consent.
const (
	Asked     State = "asked"      // the participant agreed; the company has not
	Approved  State = "approved"   // posted
	Declined  State = "refused"    // the company will not post it
	Revoked   State = "revoked"    // the participant took it back, or asked for something else
	TakenDown State = "taken_down" // the company stopped posting it
)

// next lists the states that may follow each state. The others are ends.
var next = map[State][]State{
	Asked:    {Approved, Declined, Revoked},
	Approved: {Revoked, TakenDown},
}

// A Consent is a participant's wish to be credited with one part, and what became of it.
type Consent struct {
	ID        string
	Person    string
	Part      Part
	Value     string // exactly what would be posted
	Text      string // the version of the wording that was agreed to, the warranty of 12(1) included
	Lang      lang.Lang
	State     State
	AskedAt   time.Time
	DecidedAt time.Time // zero: not yet
	DecidedBy string
	Reason    string
	Version   int64
}

// Move returns the consent in state to, or says why it cannot go there.
func (c Consent) Move(to State) (Consent, error) {
	if !slices.Contains(next[c.State], to) {
		return c, fault.New(fault.Conflict,
			"This has been settled already (%[1]s). Look at the list again.",
			"すでに処理されています（%[1]s）。一覧を読み込み直してください。", string(c.State))
	}
	c.State = to
	return c, nil
}

// creditClause is where the terms speak of posting names and photos.
const creditClause = "12.1"

// A Wish is what a participant asks to be credited with.
type Wish struct {
	Part     Part
	Value    string    // the alias, or the photo's hash; ignored for the name, which is the profile's
	Lang     lang.Lang // in which the wording was shown
	Warranty bool      // that it hurts nobody's rights
}

// Wish records the caller's consent to be credited with one part. An older consent to the same part
// ends with it, so that never more is posted than was asked for last.
func (ps *Participants) Wish(ctx context.Context, who access.Caller, w Wish) (Consent, error) {
	if err := ps.Audit.Allow(ctx, who, access.CreditAsk, who.ID); err != nil {
		return Consent{}, err
	}
	value, err := w.check()
	if err != nil {
		return Consent{}, err
	}
	t, err := ps.terms()
	if err != nil {
		return Consent{}, err
	}
	now := ps.Now()
	c := Consent{ID: id.New(now), Person: who.ID, Part: w.Part, Value: value, Text: wording(t, creditClause), Lang: w.Lang, State: Asked, AskedAt: now, Version: 1}
	err = ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		n, err := own(ctx, tx, who)
		if err != nil {
			return err
		}
		if c.Part == Name {
			if c.Value = n.Name; c.Value == "" {
				return fault.New(fault.Conflict, "Give your name in your profile first.", "先にプロフィールでお名前を入力してください。")
			}
		}
		gone, err := ps.supersede(ctx, tx, who.ID, c.Part)
		if err != nil {
			return err
		}
		if err := exec(ctx, tx, "saving a wish", `
			INSERT INTO credit_consent (id, person, part, value, text, lang, state, asked_at, decided_at, decided_by, reason, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', '', 1)`,
			c.ID, c.Person, string(c.Part), c.Value, c.Text, string(c.Lang), string(c.State), db.Micros(c.AskedAt)); err != nil {
			return err
		}
		if err := ps.Audit.Record(ctx, tx, who, access.CreditAsk, c.ID, detail{"did": "asked", "part": c.Part}); err != nil {
			return err
		}
		return ps.photosGone(ctx, tx, gone, c.Value)
	})
	return c, err
}

// check returns the value of a wish as it would be posted.
func (w Wish) check() (string, error) {
	if !w.Lang.Valid() {
		return "", fault.New(fault.Invalid, "Choose Japanese or English.", "日本語または英語を選んでください。").At("lang")
	}
	if !w.Warranty {
		return "", fault.New(fault.Invalid,
			"Confirm that posting this hurts nobody's rights. Without that it cannot be posted.",
			"掲載によって第三者の権利を侵害しないことを確認してください。確認がない場合は掲載できません。").At("warranty")
	}
	switch w.Part {
	case Name:
		return "", nil
	case Alias:
		alias, err := person.CleanName(w.Value, "alias")
		if err == nil && alias == "" {
			err = fault.New(fault.Invalid, "Give the alias to be posted.", "掲載する別名を入力してください。").At("alias")
		}
		return alias, err
	case Photo:
		if len(w.Value) != 64 || strings.Trim(w.Value, "0123456789abcdef") != "" {
			return "", fault.New(fault.Invalid, "Choose a photo first.", "先に写真を選んでください。").At("photo")
		}
		return w.Value, nil
	}
	return "", fault.New(fault.Invalid, "A credit shows a name, an alias or a photo.", "掲載できるのは、お名前、別名、写真です。").At("part")
}

// supersede revokes what is open or posted of a part, and returns it.
func (ps *Participants) supersede(ctx context.Context, tx *sql.Tx, personID string, part Part) ([]Consent, error) {
	old, err := list(ctx, tx, `c.person = $1 AND c.part = $2 AND c.state IN ('asked', 'approved')`, personID, string(part))
	if err != nil {
		return nil, err
	}
	for _, c := range old {
		c.State = Revoked
		if err := saveConsent(ctx, tx, c); err != nil {
			return nil, err
		}
	}
	return old, nil
}

// photosGone announces pictures that no consent covers any more, so that who stores them removes them.
func (ps *Participants) photosGone(ctx context.Context, tx *sql.Tx, gone []Consent, kept string) error {
	var hashes []string
	for _, c := range gone {
		if c.Part == Photo && c.Value != kept {
			hashes = append(hashes, c.Value)
		}
	}
	if hashes == nil {
		return nil
	}
	return bus.Queue(ctx, tx, ps.Now(), "credit.photo_gone", map[string][]string{"hashes": hashes})
}

// Revoke takes a consent of the caller's back. What was posted is gone with the next page.
func (ps *Participants) Revoke(ctx context.Context, who access.Caller, consentID string) error {
	return ps.move(ctx, who, access.CreditAsk, consentID, Revoked, "")
}

// Approve posts what a participant wished: the company's part. Never one's own wish.
func (ps *Participants) Approve(ctx context.Context, who access.Caller, consentID string) error {
	return ps.move(ctx, who, access.CreditApprove, consentID, Approved, "")
}

// Decline does not post a wish. The reason is shown to the participant.
func (ps *Participants) Decline(ctx context.Context, who access.Caller, consentID, reason string) error {
	return ps.move(ctx, who, access.CreditApprove, consentID, Declined, reason)
}

// TakeDown stops posting something at once, when a third party complains.
func (ps *Participants) TakeDown(ctx context.Context, who access.Caller, consentID, reason string) error {
	return ps.move(ctx, who, access.CreditApprove, consentID, TakenDown, reason)
}

// move brings a consent into another state: a participant their own, the desk everybody else's.
func (ps *Participants) move(ctx context.Context, who access.Caller, a access.Action, consentID string, to State, reason string) error {
	if err := ps.Audit.Allow(ctx, who, a, consentID); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); len(reason) > maxReason || reason == "" && (to == Declined || to == TakenDown) {
		return fault.New(fault.Invalid, "Give the reason in one to %d bytes: the participant reads it.", "理由を入力してください（%dバイトまで）。参加者に表示されます。", maxReason).At("reason")
	}
	c, err := one(ctx, ps.DB.Read(), consentID)
	if err != nil {
		return err
	}
	if own := who.Is(c.Person); own != (a == access.CreditAsk) {
		why := error(errNoConsent)
		if own {
			why = fault.New(fault.Denied, "Nobody decides on their own wish.", "ご自身の希望をご自身で承認することはできません。")
		}
		return ps.Audit.Refuse(ctx, who, a, consentID, why)
	}
	if c, err = c.Move(to); err != nil {
		return err
	}
	c.DecidedAt, c.DecidedBy, c.Reason = ps.Now(), who.ID, reason
	return ps.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := saveConsent(ctx, tx, c); err != nil {
			return err
		}
		if err := ps.Audit.Record(ctx, tx, who, a, c.ID, detail{"did": to, "part": c.Part}); err != nil {
			return err
		}
		if to == Approved {
			return nil
		}
		return ps.photosGone(ctx, tx, []Consent{c}, "")
	})
}

var errNoConsent = fault.New(fault.NotFound, "There is no such wish.", "該当する掲載の希望が見つかりません。")

// Consents returns what somebody wished to be credited with, the newest first: to themselves, and to
// who may approve it.
func (ps *Participants) Consents(ctx context.Context, who access.Caller, personID string) ([]Consent, error) {
	a := access.CreditApprove
	if who.Is(personID) {
		a = access.CreditAsk
	}
	if err := ps.Audit.Allow(ctx, who, a, personID); err != nil {
		return nil, err
	}
	all, err := list(ctx, ps.DB.Read(), `c.person = $1`, personID)
	slices.Reverse(all)
	return all, err
}

// Wishes lists what waits for the company's approval, oldest first.
func (ps *Participants) Wishes(ctx context.Context, who access.Caller) ([]Consent, error) {
	if err := ps.Audit.Allow(ctx, who, access.CreditApprove, ""); err != nil {
		return nil, err
	}
	return list(ctx, ps.DB.Read(), `c.state = $1`, string(Asked))
}

// Posted lists what is posted now, oldest wish first: what the company may take down.
func (ps *Participants) Posted(ctx context.Context, who access.Caller) ([]Consent, error) {
	if err := ps.Audit.Allow(ctx, who, access.CreditApprove, ""); err != nil {
		return nil, err
	}
	return list(ctx, ps.DB.Read(), `c.state = $1`, string(Approved))
}

// PhotoPosted reports whether a photo is part of a posted credit: only then may everybody see it.
func (ps *Participants) PhotoPosted(ctx context.Context, hash string) (bool, error) {
	all, err := list(ctx, ps.DB.Read(), `c.part = 'photo' AND c.state = 'approved' AND c.value = $1`, hash)
	return len(all) > 0, err
}

// PhotoKept reports whether a photo belongs to a wish that is not over: what the sweeper of files asks.
func (ps *Participants) PhotoKept(ctx context.Context, hash string) (bool, error) {
	all, err := list(ctx, ps.DB.Read(), `c.part = 'photo' AND c.state IN ('asked', 'approved') AND c.value = $1`, hash)
	return len(all) > 0, err
}

// list reads consents, oldest first.
func list(ctx context.Context, q db.Querier, where string, args ...any) ([]Consent, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT c.id, c.person, c.part, c.value, c.text, c.lang, c.state, c.asked_at, c.decided_at, c.decided_by, c.reason, c.version
		FROM credit_consent c
		WHERE `+where+`
		ORDER BY c.asked_at, c.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading wishes: %w", err)
	}
	defer rows.Close()
	var all []Consent
	for rows.Next() {
		var c Consent
		var part, shown, state string
		var asked, decided int64
		if err := rows.Scan(&c.ID, &c.Person, &part, &c.Value, &c.Text, &shown, &state, &asked, &decided, &c.DecidedBy, &c.Reason, &c.Version); err != nil {
			return nil, fmt.Errorf("reading wishes: %w", err)
		}
		c.Part, c.Lang, c.State, c.AskedAt, c.DecidedAt = Part(part), lang.Lang(shown), State(state), db.Time(asked), db.Time(decided)
		all = append(all, c)
	}
	return all, rows.Err()
}

func one(ctx context.Context, q db.Querier, consentID string) (Consent, error) {
	all, err := list(ctx, q, `c.id = $1`, consentID)
	if err == nil && len(all) == 0 {
		err = errNoConsent
	}
	if err != nil {
		return Consent{}, err
	}
	return all[0], nil
}

func saveConsent(ctx context.Context, tx *sql.Tx, c Consent) error {
	err := db.One(tx.ExecContext(ctx, `
		UPDATE credit_consent SET state = $1, decided_at = $2, decided_by = $3, reason = $4, version = version + 1
		WHERE id = $5 AND version = $6`,
		string(c.State), db.Micros(c.DecidedAt), c.DecidedBy, c.Reason, c.ID, c.Version))
	if err != nil {
		return fmt.Errorf("saving wish %s: %w", c.ID, err)
	}
	return nil
}
