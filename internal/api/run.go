package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/payout/bankreply"
)

func runOperations() []operation {
	desk, run, pay := may(access.AwardRead), may(access.PayoutRun), may(access.AwardPay)
	return []operation{
		{id: "list-runs", route: "GET /runs", does: "The payment runs, the newest first", needs: desk, do: answer(listRuns)},
		{id: "read-run", route: "GET /runs/{run}", does: "A run with what each award comes to", needs: desk, do: answer(readRun)},
		{id: "propose-run", route: "POST /runs", does: "Put payments whose amounts are set into a run", needs: run, status: 201, do: answer(proposeRun)},
		{id: "check-run", route: "POST /runs/{run}/check", does: "Screen every payee of a run anew and compute every amount", needs: run, do: step((*payout.Payouts).CheckRun),
			more: "A run that was approved has to be approved again."},
		{id: "approve-run", route: "POST /runs/{run}/approve", does: "Approve a run that somebody else proposed", needs: pay, do: step((*payout.Payouts).ApproveRun)},
		{id: "lock-run", route: "POST /runs/{run}/lock", does: "Fix what is paid to whom; stopped when an account or a list has changed", needs: pay, do: step((*payout.Payouts).LockRun)},
		{id: "cancel-run", route: "POST /runs/{run}/cancel", does: "End a run that was not locked", needs: run, do: step((*payout.Payouts).CancelRun)},
		{id: "export-run", route: "POST /runs/{run}/export", does: "The file for the bank, the same every time", needs: pay, do: send("application/octet-stream", exportRun),
			more: "Zengin for yen, pain.001.001.09 for dollars. It may be taken any number of times."},
		{id: "mark-run-sent", route: "POST /runs/{run}/sent", does: "Say that the file was handed to the bank", needs: pay, do: step((*payout.Payouts).SentRun)},
		{id: "settle-run", route: "POST /runs/{run}/settle", does: "Say which awards came back; all others were credited", needs: pay, do: perform(settleRun)},
		{id: "import-reply", route: "POST /runs/{run}/reply", does: "Take the bank's reply to a run as a file", needs: pay, body: bankreply.MaxReply, stream: true,
			takes: bytesOf("application/octet-stream"), do: answer(importReply), more: "A Zengin result file or pain.002. A reply that leaves a payment open changes nothing."},
	}
}

type runView struct {
	ID         string          `json:"id"`
	Currency   string          `json:"currency"`
	Day        string          `json:"day"`
	State      payout.RunState `json:"state" enum:"proposed,checked,approved,locked,exported,sent,closed,cancelled"`
	ProposedBy string          `json:"proposed_by"`
	ProposedAt time.Time       `json:"proposed_at"`
	ApprovedBy string          `json:"approved_by,omitempty"`
	ApprovedAt time.Time       `json:"approved_at,omitzero"`
	LockedAt   time.Time       `json:"locked_at,omitzero"`
	SentAt     time.Time       `json:"sent_at,omitzero"`
	SHA256     string          `json:"sha256,omitempty" doc:"Of the file."`
}

func showRun(r payout.Run) runView {
	return runView{r.ID, r.Currency, dayText(r.Day), r.State, r.ProposedBy, r.ProposedAt, r.ApprovedBy, r.ApprovedAt, r.LockedAt, r.SentAt, r.FileHash}
}

type runItemView struct {
	Award   string  `json:"award"`
	Person  string  `json:"person"`
	Gross   sumView `json:"gross"`
	Tax     sumView `json:"tax"`
	Net     sumView `json:"net"`
	Outcome string  `json:"outcome,omitempty" enum:"credited,returned"`
	Reason  string  `json:"reason,omitempty" doc:"The bank's, when it came back."`
}

// A runItemsView is a run with its items.
type runItemsView struct {
	Run   runView       `json:"run"`
	Items []runItemView `json:"items"`
}

// A RunPath names a run.
type RunPath struct {
	Run string `path:"run"`
}

// step makes a handler of a step that a run takes.
func step(do func(ps *payout.Payouts, ctx context.Context, who access.Caller, run string) error) handler {
	return answer(func(ctx context.Context, v *visit, in *RunPath) (runView, error) {
		if err := do(v.Payouts, ctx, v.who, in.Run); err != nil {
			return runView{}, err
		}
		r, _, err := v.Payouts.Run(ctx, v.who, in.Run)
		return showRun(r), err
	})
}

func listRuns(ctx context.Context, v *visit, _ *nothing) (Page[runView], error) {
	all, err := v.Payouts.Runs(ctx, v.who)
	return Page[runView]{Items: each(all, showRun)}, err
}

func readRun(ctx context.Context, v *visit, in *RunPath) (runItemsView, error) {
	r, items, err := v.Payouts.Run(ctx, v.who, in.Run)
	return runItemsView{showRun(r), each(items, func(i payout.RunItem) runItemView {
		return runItemView{i.Award, i.Person, sum(i.Gross), sum(i.Tax), sum(i.Net), i.Outcome, i.Reason}
	})}, err
}

func proposeRun(ctx context.Context, v *visit, in *struct {
	Body struct {
		Currency string   `json:"currency" enum:"JPY,USD"`
		Day      string   `json:"day" doc:"When the bank pays: a bank day of this year."`
		Awards   []string `json:"awards" minItems:"1" maxItems:"20000"`
	}
}) (runView, error) {
	on, err := parseDay("day", in.Body.Day)
	if err != nil {
		return runView{}, err
	}
	r, err := v.Payouts.ProposeRun(ctx, v.who, in.Body.Currency, on, in.Body.Awards)
	return showRun(r), err
}

// parseDay reads a date that a field has.
func parseDay(field, s string) (calendar.Date, error) {
	d, err := calendar.Parse(s)
	if err != nil {
		return d, errDay.At(field)
	}
	return d, nil
}

func exportRun(ctx context.Context, v *visit, in *RunPath) (func(http.ResponseWriter, *http.Request), error) {
	b, err := v.Payouts.ExportRun(ctx, v.who, in.Run)
	return file(in.Run, b), err
}

type returnedIn struct {
	Award  string `json:"award"`
	Reason string `json:"reason" doc:"The bank's."`
}

func settleRun(ctx context.Context, v *visit, in *struct {
	RunPath
	Body struct {
		Returned []returnedIn `json:"returned" maxItems:"20000"`
	}
}) error {
	back := map[string]string{}
	for _, r := range in.Body.Returned {
		back[r.Award] = r.Reason
	}
	return v.Payouts.SettleRun(ctx, v.who, in.Run, back)
}

func importReply(ctx context.Context, v *visit, in *RunPath) (runView, error) {
	var b bytes.Buffer
	if _, err := io.Copy(&b, v.r.Body); err != nil {
		return runView{}, fmt.Errorf("reading a reply: %w", err)
	}
	if err := v.Payouts.SettleFile(ctx, v.who, in.Run, b.Bytes()); err != nil {
		return runView{}, err
	}
	r, _, err := v.Payouts.Run(ctx, v.who, in.Run)
	return showRun(r), err
}
