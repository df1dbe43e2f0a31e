package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/participant"
)

func creditOperations() []operation {
	own, approve := may(access.CreditAsk), may(access.CreditApprove)
	const photo = "image/png"
	return []operation{
		{id: "list-years", route: "GET /hall-of-fame", does: "The years in which somebody is listed, the newest first", needs: public, do: answer(listYears)},
		{id: "read-hall-of-fame", route: "GET /hall-of-fame/{year}", does: "Who is credited in a year", needs: public, do: answer(readFame)},
		{id: "read-posted-photo", route: "GET /hall-of-fame/photos/{sha256}", does: "A photo that is posted", needs: public, do: send(photo, readPosted)},
		{id: "name-special", route: "PUT /hall-of-fame/{year}/specials/{person}", does: "Put somebody on the list of special contributors", needs: approve, do: perform(nameSpecial)},
		{id: "unname-special", route: "DELETE /hall-of-fame/{year}/specials/{person}", does: "Take somebody off that list", needs: approve, do: perform(unnameSpecial)},

		{id: "list-credits", route: "GET /credits", does: "What one wished to be credited with", needs: own, do: answer(listCredits)},
		{id: "wish-credit", route: "POST /credits", does: "Wish to be credited with a name or an alias", needs: own, status: 201, do: answer(wishCredit),
			more: "Posting begins when the company approves, and ends when it is revoked."},
		{id: "wish-photo", route: "POST /credits/photo", does: "Wish to be credited with a photo: the body is a PNG or JPEG", needs: own, status: 201,
			body: 9 << 20, stream: true, takes: bytesOf("application/octet-stream"), do: answer(wishPhoto), more: "It is kept at 512 pixels, without position, camera or thumbnail."},
		{id: "read-credit-photo", route: "GET /credits/{credit}/photo", does: "The photo of a consent: one's own, or one that waits or is posted", needs: may(access.CreditAsk, access.CreditApprove), do: send(photo, readConsented)},
		{id: "revoke-credit", route: "DELETE /credits/{credit}", does: "Take a consent back", needs: own, do: perform(revokeCredit)},
		{id: "list-wishes", route: "GET /credits/waiting", does: "What waits for the company's approval, the oldest first", needs: approve, do: answer(listWishes)},
		{id: "list-posted", route: "GET /credits/posted", does: "What is posted", needs: approve, do: answer(listPosted)},
		{id: "answer-credit", route: "POST /credits/{credit}/answer", does: "Post a wish, or not", needs: approve, do: perform(answerCredit)},
		{id: "take-down-credit", route: "POST /credits/{credit}/take-down", does: "Stop posting something at once", needs: approve, do: perform(takeDown)},
	}
}

type yearsView struct {
	Years []int `json:"years"`
}

func listYears(ctx context.Context, v *visit, _ *nothing) (yearsView, error) {
	years, err := v.Participants.Years(ctx)
	return yearsView{same(years)}, err
}

// A fameView is somebody as everybody sees them: no id and no count.
type fameView struct {
	Name  string `json:"name,omitempty"`
	Alias string `json:"alias,omitempty"`
	Photo string `json:"photo,omitempty" doc:"SHA-256 of the picture."`
}

func showFame(e participant.Entry) fameView { return fameView{e.Name, e.Alias, e.Photo} }

// A YearPath names a year of the hall of fame.
type YearPath struct {
	Year int `path:"year" minimum:"2000" maximum:"9999"`
}

type hallView struct {
	Listed   []fameView `json:"listed" doc:"In the order of the first report of the year: no ranking."`
	Specials []fameView `json:"specials"`
}

func readFame(ctx context.Context, v *visit, in *YearPath) (hallView, error) {
	listed, err := v.Participants.HallOfFame(ctx, in.Year)
	if err != nil {
		return hallView{}, err
	}
	specials, err := v.Participants.Specials(ctx, in.Year)
	return hallView{each(listed, showFame), each(specials, showFame)}, err
}

func readPosted(ctx context.Context, v *visit, in *struct {
	SHA256 string `path:"sha256"`
}) (func(http.ResponseWriter, *http.Request), error) {
	posted, err := v.Participants.PhotoPosted(ctx, in.SHA256)
	if err != nil {
		return nil, err
	}
	if !posted {
		return nil, fault.New(fault.NotFound, "No such photo is posted.", "この写真は掲載されていません。").At("sha256")
	}
	return v.picture(in.SHA256)
}

// picture writes a photo: a PNG, because Develop made it, whatever had come in.
func (v *visit) picture(sha256 string) (func(http.ResponseWriter, *http.Request), error) {
	body, err := v.Files.Open(sha256)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() { _ = body.Close() }() // it was only read
		w.Header().Set("Content-Type", "image/png")
		http.ServeContent(w, r, "", time.Time{}, body)
	}, nil
}

func readConsented(ctx context.Context, v *visit, in *CreditPath) (func(http.ResponseWriter, *http.Request), error) {
	var all []participant.Consent
	var err error
	if v.who.Desk() {
		waiting, errWaiting := v.Participants.Wishes(ctx, v.who)
		posted, errPosted := v.Participants.Posted(ctx, v.who)
		all, err = slices.Concat(waiting, posted), errors.Join(errWaiting, errPosted)
	} else {
		all, err = v.Participants.Consents(ctx, v.who, v.who.ID)
	}
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.ID == in.Credit && c.Part == participant.Photo {
			return v.picture(c.Value)
		}
	}
	return nil, fault.New(fault.NotFound, "There is no such photo.", "この写真は見つかりません。").At("credit")
}

// A SpecialPath names somebody on a list of special contributors.
type SpecialPath struct {
	YearPath
	Person string `path:"person"`
}

func nameSpecial(ctx context.Context, v *visit, in *struct {
	SpecialPath
	Body struct {
		Reason string `json:"reason" doc:"For the desk."`
	}
}) error {
	return v.Participants.NameSpecial(ctx, v.who, in.Person, in.Year, in.Body.Reason)
}

func unnameSpecial(ctx context.Context, v *visit, in *SpecialPath) error {
	return v.Participants.UnnameSpecial(ctx, v.who, in.Person, in.Year)
}

type creditView struct {
	ID        string            `json:"id"`
	Person    string            `json:"person"`
	Part      participant.Part  `json:"part" enum:"name,alias,photo"`
	Value     string            `json:"value" doc:"Exactly what would be posted; of a photo its SHA-256."`
	State     participant.State `json:"state" enum:"asked,approved,refused,revoked,taken_down"`
	AskedAt   time.Time         `json:"asked_at"`
	DecidedAt time.Time         `json:"decided_at,omitzero"`
	DecidedBy string            `json:"decided_by,omitempty"`
	Reason    string            `json:"reason,omitempty"`
}

func showCredit(c participant.Consent) creditView {
	return creditView{c.ID, c.Person, c.Part, c.Value, c.State, c.AskedAt, c.DecidedAt, c.DecidedBy, c.Reason}
}

func showCredits(all []participant.Consent, err error) (Page[creditView], error) {
	return Page[creditView]{Items: each(all, showCredit)}, err
}

func listCredits(ctx context.Context, v *visit, _ *nothing) (Page[creditView], error) {
	return showCredits(v.Participants.Consents(ctx, v.who, v.who.ID))
}

func listWishes(ctx context.Context, v *visit, _ *nothing) (Page[creditView], error) {
	return showCredits(v.Participants.Wishes(ctx, v.who))
}

func listPosted(ctx context.Context, v *visit, _ *nothing) (Page[creditView], error) {
	return showCredits(v.Participants.Posted(ctx, v.who))
}

func wishCredit(ctx context.Context, v *visit, in *struct {
	Body struct {
		Part     participant.Part `json:"part" enum:"name,alias"`
		Alias    string           `json:"alias,omitempty"`
		Lang     lang.Lang        `json:"lang" enum:"en,ja" doc:"The language in which clause 12.1 was read."`
		Warranty bool             `json:"warranty" doc:"That it hurts nobody's rights."`
	}
}) (creditView, error) {
	b := in.Body
	c, err := v.Participants.Wish(ctx, v.who, participant.Wish{Part: b.Part, Value: b.Alias, Lang: b.Lang, Warranty: b.Warranty})
	return showCredit(c), err
}

func wishPhoto(ctx context.Context, v *visit, in *struct {
	Lang     string `query:"lang" enum:"en,ja" required:"true" doc:"The language in which clause 12.1 was read."`
	Warranty bool   `query:"warranty" doc:"That it hurts nobody's rights."`
}) (creditView, error) {
	raw, err := io.ReadAll(v.r.Body)
	if err != nil {
		return creditView{}, cut(err)
	}
	small, err := participant.Develop(ctx, raw)
	if err != nil {
		return creditView{}, err
	}
	blob, err := v.Files.Put(ctx, bytes.NewReader(small))
	if err != nil {
		return creditView{}, err
	}
	c, err := v.Participants.Wish(ctx, v.who, participant.Wish{
		Part: participant.Photo, Value: blob.SHA256, Lang: lang.Lang(in.Lang), Warranty: in.Warranty,
	})
	return showCredit(c), err
}

// A CreditPath names a consent.
type CreditPath struct {
	Credit string `path:"credit"`
}

func revokeCredit(ctx context.Context, v *visit, in *CreditPath) error {
	return v.Participants.Revoke(ctx, v.who, in.Credit)
}

func answerCredit(ctx context.Context, v *visit, in *struct {
	CreditPath
	Body struct {
		Approve bool   `json:"approve"`
		Reason  string `json:"reason,omitempty" doc:"Of no; the participant reads it."`
	}
}) error {
	if in.Body.Approve {
		return v.Participants.Approve(ctx, v.who, in.Credit)
	}
	return v.Participants.Decline(ctx, v.who, in.Credit, in.Body.Reason)
}

func takeDown(ctx context.Context, v *visit, in *struct {
	CreditPath
	Body struct {
		Reason string `json:"reason"`
	}
}) error {
	return v.Participants.TakeDown(ctx, v.who, in.Credit, in.Body.Reason)
}
