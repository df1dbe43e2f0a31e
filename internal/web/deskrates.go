package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/screening"
)

// A ratesPage shows a year of one kind of rate, with its gaps.
type ratesPage struct {
	Frame
	Book   payout.RateBook
	Kinds  []viewTab
	Years  []viewTab
	Labels map[string]person.Label
	Today  calendar.Date
}

var rateKinds = map[payout.RateKind]struct{ name, help lang.Text }{
	payout.TTM: {lang.Text{EN: "Middle rate (TTM)", JA: "仲値（TTM）"},
		lang.Text{EN: "Turns rewards into yen (6.5.i).", JA: "報奨金の円換算に使用（6.5.i）。"}},
	payout.TTB: {lang.Text{EN: "Buying rate (TTB)", JA: "買相場（TTB）"},
		lang.Text{EN: "The base of the tax on dollars, of the payment day.", JA: "ドル払いの課税標準に使用（支払日のもの）。"}},
}

// KindOptions are the kinds of rates, as a choice.
func (p ratesPage) KindOptions() []Option {
	var all []Option
	for _, k := range []payout.RateKind{payout.TTM, payout.TTB} {
		all = append(all, Option{Value: string(k), Label: p.In(rateKinds[k].name), Help: p.In(rateKinds[k].help)})
	}
	return all
}

// By returns how somebody is called.
func (p ratesPage) By(id string) string { return nameOf(p.Labels, id, p.Lang) }

// Typed reports whether a rate was typed and not read from a file.
func (p ratesPage) Typed(hash string) bool { return strings.HasPrefix(hash, "typed:") }

// Own reports whether the reader entered a rate, so that somebody else has to type it too.
func (p ratesPage) Own(e payout.RateEntry) bool { return p.Caller.Is(e.EnteredBy) }

// Digest returns the hash of what a rate came from.
func (p ratesPage) Digest(hash string) Digest { return p.Hash(strings.TrimPrefix(hash, "typed:")) }

// Month returns a month of the year: 2018-09.
func (p ratesPage) Month(d calendar.Date) string { return d.String()[:7] }

// Few returns the days of a month as numbers, all of them when they are few.
func (p ratesPage) Few(days []calendar.Date) string {
	const most = 8
	var all []string
	for _, d := range days[:min(most, len(days))] {
		all = append(all, strconv.Itoa(d.Day))
	}
	text := strings.Join(all, p.T(", ", "、"))
	if len(days) > most {
		text += p.T(" and %d more", "、ほか%d日", len(days)-most)
	}
	return text
}

func (s *Server) getRates(w http.ResponseWriter, r *http.Request) error {
	kind := payout.TTM
	if r.FormValue("kind") == string(payout.TTB) {
		kind = payout.TTB
	}
	p := ratesPage{Frame: s.frame(r, "Exchange rates", "為替レート"), Today: calendar.In(s.Now(), japan)}
	var err error
	if p.Book, err = s.Payouts.RateBook(r.Context(), p.Caller, kind, payYear(r, p.Today.Year)); err != nil {
		return err
	}
	path := func(k payout.RateKind, y int) string {
		return ratesPath + "?" + url.Values{"kind": {string(k)}, "year": {strconv.Itoa(y)}}.Encode()
	}
	for _, k := range []payout.RateKind{payout.TTM, payout.TTB} {
		p.Kinds = append(p.Kinds, viewTab{Name: rateKinds[k].name, Path: path(k, p.Book.Year), Here: k == kind})
	}
	for _, y := range p.Book.Years {
		n := strconv.Itoa(y)
		p.Years = append(p.Years, viewTab{Name: lang.Text{EN: n, JA: n + "年"}, Path: path(kind, y), Here: y == p.Book.Year})
	}
	var ids []string
	for _, e := range p.Book.Waiting {
		ids = append(ids, e.EnteredBy)
	}
	for _, m := range p.Book.Months {
		if m.Entry != nil {
			ids = append(ids, m.Entry.EnteredBy, m.Entry.ConfirmedBy)
		}
	}
	if p.Labels, err = s.labels(r.Context(), p.Caller, ids...); err != nil {
		return err
	}
	return s.show(w, r, "rates.html", p)
}

// payYear reads the year that a page is asked for, or this one.
func payYear(r *http.Request, this int) int {
	if y := number(r.FormValue("year")); calendar.FirstYear <= y && y <= calendar.LastYear {
		return int(y)
	}
	return this
}

func (s *Server) postRatesImport(w http.ResponseWriter, r *http.Request) error {
	kind := payout.RateKind(r.PostFormValue("import_kind"))
	_, file, err := oneFile(r, "rates")
	if err != nil {
		return err
	}
	n, err := s.Payouts.ImportRates(r.Context(), caller(r), kind, file)
	if err != nil {
		return atField(err, "rates", map[string]string{"kind": "import_kind"})
	}
	s.flash(w, "%d days are new; the others were on record with the same rate.", "%d日分を新たに登録しました。ほかの日は同じレートで登録済みです。", n)
	return seeOther(w, r, ratesPath+"?kind="+url.QueryEscape(string(kind)))
}

// atField puts a fault that names no field at one, and those that do at the field of this page.
func atField(err error, field string, names map[string]string) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	if f.Field == "" {
		return f.At(field)
	}
	if to := names[f.Field]; to != "" {
		return f.At(to)
	}
	return f
}

// oneFile reads the one file of a form.
func oneFile(r *http.Request, field string) (string, []byte, error) {
	if r.MultipartForm != nil && len(r.MultipartForm.File[field]) > 1 {
		return "", nil, fault.New(fault.Invalid, "One file at a time. Nothing was taken.", "ファイルは1つずつ選んでください。何も登録していません。").At(field)
	}
	f, head, err := r.FormFile(field)
	if err != nil {
		return "", nil, errNoFile.At(field)
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(f)
	if err != nil {
		return "", nil, fmt.Errorf("reading %s: %w", head.Filename, err)
	}
	return head.Filename, b, nil
}

func (s *Server) postRateType(w http.ResponseWriter, r *http.Request) error {
	day, err := dateOf(r, "day")
	if err != nil {
		return err
	}
	kind := payout.RateKind(r.PostFormValue("kind"))
	if err := s.Payouts.TypeRate(r.Context(), caller(r), kind, day, r.PostFormValue("value")); err != nil {
		return atField(err, "value", nil)
	}
	s.flash(w, "Typed. It counts as soon as a second person has typed the same.", "入力しました。2人目が同じ値を入力すると有効になります。")
	return seeOther(w, r, fmt.Sprintf("%s?kind=%s&year=%d", ratesPath, url.QueryEscape(string(kind)), day.Year))
}

func (s *Server) postRateDrop(w http.ResponseWriter, r *http.Request) error {
	day, err := dateOf(r, "drop_day")
	if err != nil {
		return err
	}
	if err := s.Payouts.DropRate(r.Context(), caller(r), payout.RateKind(r.PostFormValue("drop_kind")), day); err != nil {
		return err
	}
	s.flash(w, "Taken back. The day is open again.", "入力を取り消しました。改めて入力できます。")
	return seeOther(w, r, ratesPath+"?kind="+url.QueryEscape(r.PostFormValue("drop_kind")))
}

// A listsPage shows the sanctions lists with their ages.
type listsPage struct {
	Frame
	Lists  []payout.ListInUse
	MaxAge time.Duration
	Stale  bool // something blocks every release
}

// StaleText says why a list may not be used for a release.
func (p listsPage) StaleText(why string) string {
	switch why {
	case "age":
		return p.T("too old: fetched more than %s ago", "取得から%s以上経過", p.Count(int(p.MaxAge/time.Hour), "hour", "hours", "時間"))
	case "published":
		return p.T("what is in it is too old, by its own date", "公表日が古い")
	}
	return p.T("dated in the future", "日付が未来")
}

func (s *Server) getLists(w http.ResponseWriter, r *http.Request) error {
	p := listsPage{Frame: s.frame(r, "Sanctions lists", "制裁リスト"), MaxAge: screening.DefaultRules.MaxAge}
	var err error
	if p.Lists, err = s.Payouts.ListsInUse(r.Context(), p.Caller); err != nil {
		return err
	}
	p.Stale = len(p.Lists) == 0
	for _, l := range p.Lists {
		p.Stale = p.Stale || l.Stale != ""
	}
	return s.show(w, r, "lists.html", p)
}

// FetchedNow is what the field of the time of fetching begins with.
func (p listsPage) FetchedNow() string { return p.Now.In(japan).Format("2006-01-02T15:04") }

func (s *Server) postListLoad(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimSpace(r.PostFormValue("list"))
	if name == "" || len(name) > 60 {
		return fault.New(fault.Invalid, "Give the list a name of up to 60 bytes; the same name replaces it.", "リスト名を60バイト以内で入力してください。同じ名前のリストは置き換えられます。").At("list")
	}
	fetched, err := time.ParseInLocation("2006-01-02T15:04", r.PostFormValue("fetched"), japan)
	if err != nil {
		return fault.New(fault.Invalid, "Say when the list was fetched.", "リストの取得日時を入力してください。").At("fetched")
	}
	if r.MultipartForm == nil || len(r.MultipartForm.File["files"]) == 0 {
		return errNoFile.At("files")
	}
	files := map[string][]byte{}
	for _, head := range r.MultipartForm.File["files"] {
		f, err := head.Open()
		if err != nil {
			return fmt.Errorf("opening %s: %w", head.Filename, err)
		}
		b, err := io.ReadAll(f)
		_ = f.Close() // it was only read
		if err != nil {
			return fmt.Errorf("reading %s: %w", head.Filename, err)
		}
		files[head.Filename] = b
	}
	if err := s.Payouts.LoadList(r.Context(), caller(r), name, fetched, files); err != nil {
		return atField(err, "files", nil)
	}
	s.flash(w, "“%s” is loaded. Payees are screened against it from now on.", "「%s」を読み込みました。以後の照合に使用します。", name)
	return seeOther(w, r, listsPath)
}

func (s *Server) postListDrop(w http.ResponseWriter, r *http.Request) error {
	name := r.PostFormValue("drop_list")
	if err := s.Payouts.DropList(r.Context(), caller(r), name, r.PostFormValue("drop_why")); err != nil {
		return renamed("why", "drop_why", err)
	}
	s.flash(w, "“%s” is gone. Nobody is screened against it any more.", "「%s」を削除しました。以後の照合には使用しません。", name)
	return seeOther(w, r, listsPath)
}
