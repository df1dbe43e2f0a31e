package zengin

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout/bankfile"
)

func yen(n int64) money.Amount { return money.Amount{Minor: n, Currency: money.JPY} }

// run returns a run that a bank takes, with one change.
func run(change func(r *bankfile.Run)) bankfile.Run {
	r := bankfile.Run{
		ID: "R-1", Date: calendar.Of(2019, time.January, 31),
		Originator: bankfile.Originator{
			ClientCode: "0000000007", NameKana: "ｶ)ﾋﾉﾐ",
			Bank:    bankfile.Bank{Code: "0009", NameKana: "ﾚｲ", Branch: "101", BranchNameKana: "ﾎﾝﾃﾝ"},
			Account: bankfile.Account{Kind: bank.Ordinary, Number: "7654321"},
		},
		Payments: []bankfile.Payment{
			{
				Participant: "17", Reference: "201812", Amount: yen(984722),
				Bank:    bankfile.Bank{Code: "0001", NameKana: "ﾐｽﾞﾎ", Branch: "110", BranchNameKana: "ｼﾌﾞﾔ"},
				Account: bankfile.Account{Kind: bank.Ordinary, Number: "0001234", HolderKana: "ｽｽﾞｷ ﾊﾅｺ"},
			},
			{
				Participant: "23", Amount: yen(1),
				Bank:    bankfile.Bank{Code: "0005", Branch: "002"},
				Account: bankfile.Account{Kind: bank.Savings, Number: "7777777", HolderKana: "ジョン スミス"},
			},
		},
	}
	if change != nil {
		change(&r)
	}
	return r
}

// decoded is the text of a file in JIS X 0201.
func decoded(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		if c >= 0xa1 {
			out.WriteRune(rune(c) + 0xff61 - 0xa1)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

func TestFile(t *testing.T) {
	got, err := File(run(nil), true)
	if err != nil {
		t.Fatal(err)
	}
	want := "" +
		"1210" + "0000000007" + pad("ｶ)ﾋﾉﾐ", 40) + "0131" + "0009" + pad("ﾚｲ", 15) + "101" + pad("ﾎﾝﾃﾝ", 15) + "1" + "7654321" + pad("", 17) + "\r\n" +
		"2" + "0001" + pad("ﾐｽﾞﾎ", 15) + "110" + pad("ｼﾌﾞﾔ", 15) + "0000" + "1" + "0001234" + pad("ｽｽﾞｷ ﾊﾅｺ", 30) + "0000984722" + "0" + "0000000017" + "0000201812" + "7" + " " + pad("", 7) + "\r\n" +
		"2" + "0005" + pad("", 15) + "002" + pad("", 15) + "0000" + "4" + "7777777" + pad("ｼﾞﾖﾝ ｽﾐｽ", 30) + "0000000001" + "0" + "0000000023" + "0000000000" + "7" + " " + pad("", 7) + "\r\n" +
		"8" + "000002" + "000000984723" + pad("", 101) + "\r\n" +
		"9" + pad("", 119) + "\r\n"
	if diff := cmp.Diff(strings.Split(want, "\r\n"), strings.Split(decoded(got), "\r\n")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	plain, err := File(run(nil), false)
	if err != nil || decoded(plain) != strings.ReplaceAll(want, "\r\n", "") || len(plain) != 5*120 {
		t.Errorf("without line ends: %d bytes, %v", len(plain), err)
	}
}

func pad(s string, n int) string { return s + strings.Repeat(" ", n-len([]rune(s))) }

func TestARunIsRefusedWholeWithEveryFault(t *testing.T) {
	first := func(change func(p *bankfile.Payment)) func(r *bankfile.Run) {
		return func(r *bankfile.Run) { change(&r.Payments[0]) }
	}
	for _, c := range []struct {
		name   string
		change func(r *bankfile.Run)
		want   []string // place, field and a part of the sentence
	}{
		{"no payments", func(r *bankfile.Run) { r.Payments = nil }, []string{"the run, payments: There are none"}},
		{"a Sunday", func(r *bankfile.Run) { r.Date = calendar.Of(2019, 2, 3) }, []string{"the run, date: Banks are closed on 2019-02-03. The bank day before is 2019-02-01, the next one 2019-02-04."}},
		{"the last of December", func(r *bankfile.Run) { r.Date = calendar.Of(2018, 12, 31) }, []string{"next one 2019-01-04"}},
		{"no date", func(r *bankfile.Run) { r.Date = calendar.Date{} }, []string{"the run, date: It is missing"}},
		{"a year without known holidays", func(r *bankfile.Run) { r.Date = calendar.Of(2100, 3, 1) }, []string{"date: 2100-03-01 is outside"}},
		{"paid before it was made", func(r *bankfile.Run) { r.Made = time.Date(2019, 2, 1, 0, 0, 0, 0, calendar.JST) }, []string{"lies before 2019-02-01"}},
		{"made in the year before", func(r *bankfile.Run) { r.Made = time.Date(2018, 12, 31, 14, 59, 59, 0, time.UTC) }, []string{"date: 2019-01-31 is in another year than 2018-12-31"}},
		{"dollars", first(func(p *bankfile.Payment) { p.Amount = money.Cents(100) }), []string{"payment 1 (participant 17), amount_usd: This file is for JPY, not for USD"}},
		{"no amount", first(func(p *bankfile.Payment) { p.Amount = money.Amount{} }), []string{"amount_jpy: It is missing"}},
		{"zero", first(func(p *bankfile.Payment) { p.Amount = yen(0) }), []string{"amount_jpy: ¥0 cannot be paid"}},
		{"a negative amount", first(func(p *bankfile.Payment) { p.Amount = yen(-5) }), []string{"amount_jpy: −¥5 cannot be paid"}},
		{"one yen too much", first(func(p *bankfile.Payment) { p.Amount = yen(maxAmount + 1) }), []string{"¥10,000,000,000 is more than the file can carry, ¥9,999,999,999"}},
		{"a name of 31 bytes", first(func(p *bankfile.Payment) { p.Account.HolderKana = strings.Repeat("ｱ", 31) }), []string{"payment 1 (participant 17), account.holder_kana: “" + strings.Repeat("ｱ", 31) + "” takes 31 bytes"}},
		{"a name in kanji", first(func(p *bankfile.Payment) { p.Account.HolderKana = "鈴木" }), []string{"account.holder_kana: The bank file has kana"}},
		{"a name with a middle dot", first(func(p *bankfile.Payment) { p.Account.HolderKana = "ｼﾞﾖﾝ･ｽﾐｽ" }), []string{"account.holder_kana: “ｼﾞﾖﾝ･ｽﾐｽ” has a middle dot"}},
		{"no name", first(func(p *bankfile.Payment) { p.Account.HolderKana = "" }), []string{"account.holder_kana: It is missing"}},
		{"a bank of three digits", first(func(p *bankfile.Payment) { p.Bank.Code = "001" }), []string{"bank.code: “001”"}},
		{"a branch of four", first(func(p *bankfile.Payment) { p.Bank.Branch = "1101" }), []string{"bank.branch: “1101”"}},
		{"a bank's name that is too long", first(func(p *bankfile.Payment) { p.Bank.NameKana = "ｱｱｱｱｱｱｱｱｱｱｱｱｱｱｱｱ" }), []string{"bank.name_kana: “ｱｱｱｱｱｱｱｱｱｱｱｱｱｱｱｱ” takes 16 bytes, and the file has 15"}},
		{"an account of six digits", first(func(p *bankfile.Payment) { p.Account.Number = "123456" }), []string{"account.number: “123456”"}},
		{"a kind of account there is not", first(func(p *bankfile.Payment) { p.Account.Kind = "gold" }), []string{"account.kind: “gold”"}},
		{"a participant with letters", first(func(p *bankfile.Payment) { p.Participant = "p17" }), []string{"payment 1 (participant p17), participant: “p17” is not 1 to 10 digits"}},
		{"no participant", first(func(p *bankfile.Payment) { p.Participant = "" }), []string{"payment 1 (participant ?), participant: “”"}},
		{"a reference of eleven digits", first(func(p *bankfile.Payment) { p.Reference = "12345678901" }), []string{"reference: “12345678901”"}},
		{"a client code with letters", func(r *bankfile.Run) { r.Originator.ClientCode = "A" }, []string{"the run, originator.client_code: “A”"}},
		{"an originator without a name", func(r *bankfile.Run) { r.Originator.NameKana = " " }, []string{"the run, originator.name_kana: It is missing"}},
		{"paid from savings", func(r *bankfile.Run) { r.Originator.Account.Kind = bank.Savings }, []string{"originator.account.kind: Transfers cannot be paid from a savings account"}},
		{"several at once, in order", func(r *bankfile.Run) {
			r.Date = calendar.Of(2019, 2, 2)
			r.Payments[1].Amount, r.Payments[1].Account.Number = yen(0), "1"
			r.Payments[0].Account.HolderKana = "é"
		}, []string{"the run, date: Banks are closed", "payment 1 (participant 17), account.holder_kana:", "payment 2 (participant 23), amount_jpy:", "payment 2 (participant 23), account.number:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := File(run(c.change), false)
			refused, ok := errors.AsType[bankfile.Refused](err)
			if !ok || b != nil || len(refused) != len(c.want) {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
			for i, line := range strings.Split(err.Error(), "\n") {
				if !strings.Contains(line, c.want[i]) {
					t.Errorf("%q does not say %q", line, c.want[i])
				}
			}
		})
	}
}

func TestTheSumsHaveALimit(t *testing.T) {
	r := run(func(r *bankfile.Run) {
		p := r.Payments[0]
		p.Amount = yen(maxAmount)
		r.Payments = nil
		for range 101 {
			r.Payments = append(r.Payments, p)
		}
	})
	if _, err := File(r, false); err == nil || !strings.Contains(err.Error(), "Together they are more than the file can carry, ¥999,999,999,999") {
		t.Errorf("got %v", err)
	}
	r.Payments = r.Payments[:100]
	if b, err := File(r, false); err != nil || !strings.Contains(decoded(b), "8000100999999999900 ") {
		t.Errorf("a hundred of the largest: %v", err)
	}
}

func TestALongRunHasALimit(t *testing.T) {
	f := &file{Checker: bankfile.NewChecker(run(nil), money.JPY)}
	f.limits(maxCount+1, 0)
	if err := f.Err(); err == nil || !strings.Contains(err.Error(), "There are 1000000, and the file can carry 999999") {
		t.Errorf("got %v", err)
	}
}

// A parsed is what a bank reads from a file.
type parsed struct {
	Date     string
	Total    int64
	Payments []bankfile.Payment
}

// parse reads a file as a bank does, by the places of the fields alone.
func parse(b []byte, crlf bool) (parsed, error) {
	var p parsed
	length := 120
	if crlf {
		length += 2
	}
	if len(b)%length != 0 {
		return p, fmt.Errorf("%d bytes", len(b))
	}
	var count int
	for i := 0; i < len(b); i += length {
		if crlf && string(b[i+120:i+122]) != "\r\n" {
			return p, errors.New("no line end")
		}
		rec := b[i : i+120]
		field := func(from, n int) string { return strings.TrimRight(decoded(rec[from:from+n]), " ") }
		switch rec[0] {
		case '1':
			p.Date = field(54, 4)
		case '2':
			var amount int64
			if _, err := fmt.Sscanf(string(rec[80:90]), "%d", &amount); err != nil {
				return p, err
			}
			p.Payments = append(p.Payments, bankfile.Payment{
				Participant: strings.TrimLeft(field(91, 10), "0"), Reference: strings.TrimLeft(field(101, 10), "0"), Amount: yen(amount),
				Bank:    bankfile.Bank{Code: field(1, 4), NameKana: field(5, 15), Branch: field(20, 3), BranchNameKana: field(23, 15)},
				Account: bankfile.Account{Kind: map[byte]bank.Kind{'1': bank.Ordinary, '2': bank.Current, '4': bank.Savings, '9': bank.Other}[rec[42]], Number: field(43, 7), HolderKana: field(50, 30)},
			})
		case '8':
			if _, err := fmt.Sscanf(string(rec[1:7])+" "+string(rec[7:19]), "%d %d", &count, &p.Total); err != nil {
				return p, err
			}
			if count != len(p.Payments) {
				return p, fmt.Errorf("a trailer for %d of %d", count, len(p.Payments))
			}
		case '9':
			if i+length != len(b) {
				return p, errors.New("an end before the end")
			}
		default:
			return p, fmt.Errorf("a record of kind %q", rec[0])
		}
	}
	return p, nil
}

func TestABankReadsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kana := func(n int, label string) string {
			k, err := bank.Zengin(rapid.StringOfN(rapid.RuneFrom([]rune("アガパッー ン0A.(/")), 1, n/2, -1).Draw(t, label))
			if err != nil {
				t.Fatal(err)
			}
			return string(k)
		}
		r := run(func(r *bankfile.Run) { r.Payments = nil })
		var want parsed
		for range rapid.IntRange(1, 20).Draw(t, "payments") {
			p := bankfile.Payment{
				Participant: rapid.StringMatching(`[1-9][0-9]{0,9}`).Draw(t, "participant"), Reference: rapid.StringMatching(`([1-9][0-9]{0,9})?`).Draw(t, "reference"),
				Amount: yen(rapid.Int64Range(1, maxAmount).Draw(t, "amount")),
				Bank: bankfile.Bank{Code: rapid.StringMatching(`[0-9]{4}`).Draw(t, "bank"), NameKana: kana(15, "bank name"),
					Branch: rapid.StringMatching(`[0-9]{3}`).Draw(t, "branch"), BranchNameKana: kana(15, "branch name")},
				Account: bankfile.Account{Kind: rapid.SampledFrom(bank.Kinds()).Draw(t, "kind"), Number: rapid.StringMatching(`[0-9]{7}`).Draw(t, "number"), HolderKana: "ｱ" + kana(28, "holder")},
			}
			r.Payments = append(r.Payments, p)
			want.Total += p.Amount.Minor
		}
		want.Date, want.Payments = "0131", r.Payments
		crlf := rapid.Bool().Draw(t, "crlf")
		b, err := File(r, crlf)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(b, crlf)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}
