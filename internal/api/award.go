package api

import (
	"context"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/reward"
)

func awardOperations() []operation {
	return []operation{
		{id: "list-awards", route: "GET /awards", does: "The awards that wait for a second person, or were approved", needs: may(access.AwardRead), do: answer(listAwards)},
		{id: "list-report-awards", route: "GET /reports/{report}/awards", does: "The awards of a report", needs: may(access.AwardRead, access.ReportReadOwn), do: answer(listReportAwards)},
		{id: "propose-award", route: "POST /reports/{report}/awards", does: "Propose what an accepted report earns", needs: both(access.AwardPropose, access.ReportRead), status: 201, do: answer(proposeAward)},
		{id: "answer-award", route: "POST /awards/{award}/answer", does: "Approve a proposed award, or not", needs: may(access.AwardApprove), do: answer(answerAward),
			more: "Nobody approves their own proposal."},
	}
}

type awardView struct {
	ID          string       `json:"id"`
	Report      string       `json:"report"`
	Person      string       `json:"person" doc:"The participant."`
	Class       string       `json:"class"`
	Clause      string       `json:"clause"`
	Guide       sumView      `json:"guide"`
	Sum         sumView      `json:"sum"`
	Seriousness string       `json:"seriousness"`
	Novelty     string       `json:"novelty"`
	Reason      string       `json:"reason,omitempty" doc:"Why it is not the guide."`
	State       reward.State `json:"state" enum:"proposed,approved,refused"`
	ProposedBy  string       `json:"proposed_by"`
	ProposedAt  time.Time    `json:"proposed_at"`
	DecidedBy   string       `json:"decided_by,omitempty"`
	DecidedAt   time.Time    `json:"decided_at,omitzero"`
	Refusal     string       `json:"refusal,omitempty"`
}

func showAward(a reward.Award) awardView {
	return awardView{
		ID: a.ID, Report: a.Report, Person: a.Person, Class: a.Class, Clause: a.Clause, Guide: sum(a.Guide), Sum: sum(a.Amount),
		Seriousness: a.Seriousness, Novelty: a.Novelty, Reason: a.Reason, State: a.State, ProposedBy: a.ProposedBy, ProposedAt: a.ProposedAt,
		DecidedBy: a.DecidedBy, DecidedAt: a.DecidedAt, Refusal: a.Refusal,
	}
}

func listAwards(ctx context.Context, v *visit, in *struct {
	State string `query:"state" enum:"proposed,approved" default:"proposed"`
}) (Page[awardView], error) {
	list := v.Awards.Waiting
	if in.State == string(reward.Approved) {
		list = v.Awards.Decided
	}
	all, err := list(ctx, v.who)
	return Page[awardView]{Items: each(all, showAward)}, err
}

func listReportAwards(ctx context.Context, v *visit, in *ReportPath) (Page[awardView], error) {
	all, err := v.Awards.Of(ctx, v.who, in.id())
	return Page[awardView]{Items: each(all, showAward)}, err
}

func proposeAward(ctx context.Context, v *visit, in *struct {
	ReportPath
	Body struct {
		Amount      string `json:"amount" example:"1989.50" doc:"In US dollars."`
		Class       string `json:"class,omitempty" doc:"Where it is not the report's."`
		Seriousness string `json:"seriousness"`
		Novelty     string `json:"novelty"`
		Reason      string `json:"reason,omitempty" doc:"Required where the amount is not the guide's."`
	}
}) (awardView, error) {
	b := in.Body
	amount, err := money.Parse(b.Amount, money.USD)
	if err != nil {
		return awardView{}, at("amount", err)
	}
	a, err := v.Awards.Propose(ctx, v.who, reward.Award{
		Report: in.id(), Amount: amount, Class: b.Class, Seriousness: b.Seriousness, Novelty: b.Novelty, Reason: b.Reason,
	})
	return showAward(a), err
}

// at says which field a fault is about.
func at(field string, err error) error {
	if f := fault.As(err); f != nil {
		return f.At(field)
	}
	return err
}

func answerAward(ctx context.Context, v *visit, in *struct {
	Award string `path:"award"`
	Body  struct {
		Approve bool   `json:"approve"`
		Why     string `json:"why,omitempty" doc:"Required for no."`
	}
}) (awardView, error) {
	a, err := v.Awards.Decide(ctx, v.who, in.Award, in.Body.Approve, in.Body.Why)
	return showAward(a), err
}
