package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/withholding"
)

// A runPage is one run: its payments with their arithmetic, and the step that comes next.
type runPage struct {
	Frame
	Run                payout.Run
	Rows               []runRow
	Gross, Tax, Net    money.Amount
	Credited, Returned money.Amount
	Payees             int
	Held               int // payments that something keeps from going out
	Gone               int // that were checked, and have left the run
	Labels             map[string]person.Label
}

// A runRow is one award in a run. Before the run was checked it has no item.
type runRow struct {
	payout.Row
	Payee string
	Item  *payout.RunItem
	USD   money.Amount
	Rate  string
	First bool // of its payee
	Shown int  // how many rows the payee has
	Tax   withholding.Tax
	Left  bool // it was checked, and is in the run no more
}

func (s *Server) getRun(w http.ResponseWriter, r *http.Request) error {
	p, err := s.runPage(r)
	if err != nil {
		return err
	}
	return s.show(w, r, "run.html", p)
}

func (s *Server) runPage(r *http.Request) (runPage, error) {
	ctx, who, id := r.Context(), caller(r), r.PathValue("run")
	run, items, err := s.Payouts.Run(ctx, who, id)
	if err != nil {
		return runPage{}, err
	}
	rows, err := s.Payouts.InRun(ctx, who, id)
	if err != nil {
		return runPage{}, err
	}
	p := runPage{Frame: s.frame(r, "Run of %s in %s", "%sの支払処理（%s）", run.Day, run.Currency), Run: run}
	p.Path, p.Keep = runsPath+"/"+id, ""
	for _, a := range []*money.Amount{&p.Gross, &p.Tax, &p.Net, &p.Credited, &p.Returned} {
		a.Currency = run.Currency
	}
	ids := []string{run.ProposedBy, run.ApprovedBy}
	for _, row := range rows {
		ids = append(ids, row.Person)
	}
	if p.Labels, err = s.labels(ctx, who, ids...); err != nil {
		return p, err
	}
	return p, p.fill(rows, items)
}

// fill puts the payments into rows, those of one payee together, and adds them up.
func (p *runPage) fill(rows []payout.Row, items []payout.RunItem) error {
	of := map[string]*payout.RunItem{}
	for i := range items {
		of[items[i].Award] = &items[i]
	}
	for _, row := range rows {
		x := runRow{Row: row, Payee: p.Who(p.Labels[row.Person]), Item: of[row.Award], USD: row.USD, Rate: row.Rate}
		if x.Item == nil && row.Run != p.Run.ID {
			continue
		}
		x.Left = p.Editable() && (row.Payment.Run != p.Run.ID || row.State != payout.InRun)
		p.Rows = append(p.Rows, x)
	}
	slices.SortStableFunc(p.Rows, func(a, b runRow) int {
		return cmp.Or(strings.Compare(a.Payee, b.Payee), strings.Compare(a.Person, b.Person))
	})
	for i := range p.Rows {
		if err := p.add(i); err != nil {
			return err
		}
	}
	return nil
}

// add adds one row to the sums.
func (p *runPage) add(i int) error {
	x := &p.Rows[i]
	if i == 0 || p.Rows[i-1].Person != x.Person {
		x.First = true
		p.Payees++
		for j := i; j < len(p.Rows) && p.Rows[j].Person == x.Person; j++ {
			x.Shown++
		}
	}
	if x.Left {
		p.Gone++
	}
	if p.Editable() && p.Run.State != payout.RunProposed && x.Row.Held() != payout.StepNone {
		p.Held++
	}
	if x.Item == nil {
		p.Gross = p.Gross.Add(x.Payment.Gross)
		return nil
	}
	for _, part := range x.Item.Inputs.Parts {
		if part.Award == x.Award {
			x.Rate = part.Rate
		}
	}
	var err error
	if x.First {
		if x.Tax, err = x.Item.Inputs.Tax(); err != nil {
			return err
		}
	}
	p.Gross, p.Tax, p.Net = p.Gross.Add(x.Item.Gross), p.Tax.Add(x.Item.Tax), p.Net.Add(x.Item.Net)
	switch x.Item.Outcome {
	case "credited":
		p.Credited = p.Credited.Add(x.Item.Net)
	case "returned":
		p.Returned = p.Returned.Add(x.Item.Net)
	}
	return nil
}

// Editable reports whether the run can still be checked anew, or cancelled.
func (p runPage) Editable() bool {
	return p.Run.State == payout.RunProposed || p.Run.State == payout.RunChecked || p.Run.State == payout.RunApproved
}

// Is reports whether the run stands at one of these states.
func (p runPage) Is(states ...string) bool { return slices.Contains(states, string(p.Run.State)) }

// Own reports whether the reader proposed the run, so that somebody else has to approve it.
func (p runPage) Own() bool { return p.Caller.Is(p.Run.ProposedBy) }

// By returns how somebody is called.
func (p runPage) By(id string) string { return nameOf(p.Labels, id, p.Lang) }

// Checked reports whether the amounts have been computed.
func (p runPage) Checked() bool {
	return p.Run.State != payout.RunProposed && len(p.Rows) > 0 && p.Net.Minor != 0
}

// CategoryName returns the tax category of a row in words.
func (p runPage) CategoryName(x runRow) string {
	return p.In(withholding.Category(x.Item.Inputs.Category).Name())
}

// RemitBy is until when the tax of the run has to be paid.
func (p runPage) RemitBy() Stamp { return p.On(withholding.RemitBy(p.Run.Day)) }

// FileName is what the file for the bank is called.
func (p runPage) FileName() string { return bankFile(p.Run) }

func bankFile(r payout.Run) string {
	if r.Currency == money.JPY {
		return "zengin-" + r.Day.String() + "-" + r.ID + ".txt"
	}
	return "pain.001-" + r.Day.String() + "-" + r.ID + ".xml"
}

// Stations are the states of a run, with who did what when.
func (p runPage) Stations() []Station {
	way := []payout.RunState{payout.RunProposed, payout.RunChecked, payout.RunApproved, payout.RunLocked, payout.RunExported, payout.RunSent, payout.RunClosed}
	at := map[payout.RunState]time.Time{
		payout.RunProposed: p.Run.ProposedAt, payout.RunApproved: p.Run.ApprovedAt, payout.RunLocked: p.Run.LockedAt, payout.RunSent: p.Run.SentAt,
	}
	by := map[payout.RunState]string{payout.RunProposed: p.By(p.Run.ProposedBy), payout.RunApproved: p.By(p.Run.ApprovedBy)}
	here := slices.Index(way, p.Run.State)
	var all []Station
	for i, st := range way {
		x := Station{Name: p.In(st.Name()), Done: i <= here, Here: i == here, Left: by[st]}
		if i <= here && at[st].Unix() > 0 {
			x.When = p.Time(at[st])
		}
		all = append(all, x)
	}
	return all
}

// ran leads back to the page of the run.
func (s *Server) ran(w http.ResponseWriter, r *http.Request) error {
	return seeOther(w, r, runsPath+"/"+r.PathValue("run"))
}

// counted looks that the reader typed how many payments they are about to move, and that the run is
// still the one they read: its sum stands in the form.
func (s *Server) counted(r *http.Request, field string) (runPage, error) {
	p, err := s.runPage(r)
	if err != nil {
		return p, err
	}
	if r.PostFormValue("net") != strconv.FormatInt(p.Net.Minor, 10) {
		return p, fault.New(fault.Conflict, "The run was changed after you opened this page. Nothing was done: look at the amounts as they are now.",
			"このページを開いた後に支払処理の内容が変わったため、何も実行していません。現在の金額を確認してください。")
	}
	n := number(strings.TrimSpace(r.PostFormValue(field)))
	if n == 0 || int(n) != len(p.Rows) {
		return p, fault.New(fault.Invalid, "Type the number of payments in this run, %d, to go on.", "続けるには、この支払処理の件数（%d）を入力してください。", len(p.Rows)).At(field)
	}
	return p, nil
}

func (s *Server) postRunCheck(w http.ResponseWriter, r *http.Request) error {
	if err := s.Payouts.CheckRun(r.Context(), caller(r), r.PathValue("run")); err != nil {
		return err
	}
	s.flash(w, "Checked: every payee was screened, every amount computed.", "確認しました。全員を照合し、全件の金額を計算しました。")
	return s.ran(w, r)
}

func (s *Server) postRunCancel(w http.ResponseWriter, r *http.Request) error {
	if err := s.Payouts.CancelRun(r.Context(), caller(r), r.PathValue("run")); err != nil {
		return err
	}
	s.flash(w, "Cancelled. Its payments can go into another run.", "取り消しました。支払いは別の支払処理に入れられます。")
	return s.ran(w, r)
}

func (s *Server) postRunApprove(w http.ResponseWriter, r *http.Request) error {
	p, err := s.counted(r, "approve_count")
	if err != nil {
		return err
	}
	if err := s.Payouts.ApproveRun(r.Context(), p.Caller, p.Run.ID); err != nil {
		return err
	}
	s.flash(w, "Approved. Lock it next.", "承認しました。次に確定してください。")
	return s.ran(w, r)
}

func (s *Server) postRunLock(w http.ResponseWriter, r *http.Request) error {
	p, err := s.counted(r, "lock_count")
	if err != nil {
		return err
	}
	if err := s.Payouts.LockRun(r.Context(), p.Caller, p.Run.ID); err != nil {
		return err
	}
	s.flash(w, "Locked. The file for the bank can be taken, always the same.", "確定しました。銀行用ファイルを出力できます。内容は常に同一です。")
	return s.ran(w, r)
}

// postRunExport answers with the file: to take it the first time changes the run.
func (s *Server) postRunExport(w http.ResponseWriter, r *http.Request) error {
	ctx, who, id := r.Context(), caller(r), r.PathValue("run")
	file, err := s.Payouts.ExportRun(ctx, who, id)
	if err != nil {
		return err
	}
	run, _, err := s.Payouts.Run(ctx, who, id)
	if err != nil {
		return err
	}
	attachment.Headers(w.Header(), bankFile(run), int64(len(file)))
	_, err = w.Write(file)
	return err
}

func (s *Server) postRunSent(w http.ResponseWriter, r *http.Request) error {
	p, err := s.counted(r, "sent_count")
	if err != nil {
		return err
	}
	if err := s.Payouts.SentRun(r.Context(), p.Caller, p.Run.ID); err != nil {
		return err
	}
	s.flash(w, "On record as sent. The participants are told.", "送付済みとして記録し、参加者に通知します。")
	return s.ran(w, r)
}

// postRunSettle takes what the bank said: the file of its reply, or lines that somebody typed.
func (s *Server) postRunSettle(w http.ResponseWriter, r *http.Request) error {
	p, err := s.counted(r, "settle_count")
	if err != nil {
		return err
	}
	text := strings.TrimSpace(r.PostFormValue("returns"))
	if r.MultipartForm != nil && len(r.MultipartForm.File["reply"]) > 0 {
		_, file, err := oneFile(r, "reply")
		if err == nil && text != "" {
			err = fault.New(fault.Invalid, "Give the lines or a file, not both. Nothing was taken.", "入力欄とファイルのどちらか一方にしてください。何も登録していません。").At("returns")
		}
		if err == nil {
			err = s.Payouts.SettleFile(r.Context(), p.Caller, p.Run.ID, file)
		}
		if err != nil {
			return atField(err, "reply", map[string]string{"file": "reply"})
		}
	} else {
		back, err := payout.ReadReturns([]byte(text), p.Names())
		if err != nil {
			return err
		}
		if err := s.Payouts.SettleRun(r.Context(), p.Caller, p.Run.ID, back); err != nil {
			return err
		}
	}
	s.flash(w, "The bank’s answer is on record. What came back is owed again.", "銀行の結果を登録しました。返却分は再び未払いになります。")
	return s.ran(w, r)
}

// Names says which award is meant by its id, or by the number of its report where that is clear.
func (p runPage) Names() map[string]string {
	of, twice := map[string]string{}, map[string]bool{}
	for _, x := range p.Rows {
		of[x.Award] = x.Award
		if _, known := of[x.Report]; known {
			twice[x.Report] = true
		}
		of[x.Report] = x.Award
	}
	for name := range twice {
		delete(of, name)
	}
	return of
}
