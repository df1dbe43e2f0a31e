package pain

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jacoelho/xsd"
	"pgregory.net/rapid"

	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout/bankfile"
)

var update = flag.Bool("update", false, "write what the tests print into their golden files")

// run returns a run that a bank takes, with one change.
func run(change func(r *bankfile.Run)) bankfile.Run {
	r := bankfile.Run{
		ID: "RUN-2019-01-31", Date: calendar.Of(2019, time.January, 31),
		Originator: bankfile.Originator{
			Name: "Hinomi Example KK", Town: "Tokyo", Country: "JP", BIC: "ABCDJPJT",
			Bank: bankfile.Bank{Code: "0009", Branch: "101"}, Account: bankfile.Account{Kind: bank.Ordinary, Number: "7654321"},
		},
		Payments: []bankfile.Payment{
			{
				Participant: "18", Reference: "201812", EndToEndID: "RUN-2019-01-31-18", Amount: money.Cents(159160),
				Name: "José Núñez", Town: "Madrid", Country: "ES", BIC: "BBVAESMM", Account: bankfile.Account{IBAN: "es91 2100 0418 4502 0005 1332"},
			},
			{
				Participant: "19", EndToEndID: "RUN-2019-01-31-19", Amount: money.Cents(5),
				Name: "Jane O'Doe", Town: "New York", Country: "US", BIC: "CHASUS33XXX", Clearing: bankfile.Clearing{System: "USABA", Member: "021000021"},
				Account: bankfile.Account{Number: "000123456789"},
			},
		},
	}
	if change != nil {
		change(&r)
	}
	return r
}

func TestFile(t *testing.T) {
	for _, v := range []Version{V03, V09} {
		t.Run(string(v), func(t *testing.T) {
			got, err := File(run(nil), v)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", string(v)+".xml")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			again, err := File(run(nil), v)
			if err != nil || !bytes.Equal(got, again) {
				t.Errorf("written again it is another file: %v", err)
			}
		})
	}
	if _, err := File(run(nil), "pain.001.001.11"); err == nil {
		t.Error("a version that we do not write was written")
	}
}

// schemas returns the schemas of a version: ours of the elements we write, and the published one where
// HINOMI_TEST_XSD names a directory that has it, as pain.001.001.09.xsd.
func schemas(t testing.TB, v Version) []*xsd.Schema {
	t.Helper()
	paths := []string{filepath.Join("testdata", string(v)+".profile.xsd")}
	if dir := os.Getenv("HINOMI_TEST_XSD"); dir != "" {
		paths = append(paths, filepath.Join(dir, string(v)+".xsd"))
	}
	var all []*xsd.Schema
	for _, p := range paths {
		s, err := xsd.LoadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func TestTheFileFitsItsSchema(t *testing.T) {
	for _, v := range []Version{V03, V09} {
		all := schemas(t, v)
		rapid.Check(t, func(t *rapid.T) {
			text := func(n int, label string) string {
				return rapid.StringOfN(rapid.RuneFrom([]rune("Aéz09-'. ")), 0, n-1, -1).Draw(t, label) + "x"
			}
			r := run(nil)
			r.ID = rapid.StringMatching(`[A-Za-z0-9-]{1,35}`).Draw(t, "id")
			if rapid.Bool().Draw(t, "made") {
				r.Made = r.Date.Start(time.UTC).Add(-time.Duration(rapid.IntRange(0, 1e6).Draw(t, "seconds")) * time.Second)
			}
			one := r.Payments
			r.Payments = nil
			for i := range rapid.IntRange(1, 6).Draw(t, "payments") {
				p := one[rapid.IntRange(0, 1).Draw(t, "kind")]
				p.EndToEndID = rapid.StringMatching(`[A-Za-z0-9+]{1,33}`).Draw(t, "end to end") + "." + string(rune('0'+i))
				p.Amount = money.Cents(rapid.Int64Range(1, 1e15).Draw(t, "cents"))
				p.Name, p.Town = text(140, "name"), text(35, "town")
				r.Payments = append(r.Payments, p)
			}
			b, err := File(r, v)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range all {
				if err := s.Validate(bytes.NewReader(b)); err != nil {
					t.Fatalf("%v\n%s", err, b)
				}
			}
		})
	}
}

// TestTheSchemaFindsWhatIsWrong: a schema that takes everything proves nothing.
func TestTheSchemaFindsWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name     string
		v        Version
		from, to string
	}{
		{"no end-to-end id", V03, `<EndToEndId>RUN-2019-01-31-18</EndToEndId>`, ``},
		{"the country before the town", V03, "<TwnNm>Madrid</TwnNm>\n            <Ctry>ES</Ctry>", `<Ctry>ES</Ctry><TwnNm>Madrid</TwnNm>`},
		{"a currency in small letters", V09, `Ccy="USD"`, `Ccy="usd"`},
		{"a UUID of another kind", V09, `-4`, `-1`},
		{"the bank's code of the other version", V03, `<BIC>BBVAESMM</BIC>`, `<BICFI>BBVAESMM</BICFI>`},
		{"the date of the other version", V09, `<Dt>2019-01-31</Dt>`, `2019-01-31`},
		{"six places", V09, `>1591.60<`, `>1591.600001<`},
		{"another namespace", V03, `pain.001.001.03`, `pain.001.001.04`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := File(run(nil), c.v)
			if err != nil {
				t.Fatal(err)
			}
			text := string(b)
			if i := strings.Index(text, "<UETR>"); c.from == "-4" {
				text = text[:i] + strings.Replace(text[i:], c.from, c.to, 1)
			} else {
				text = strings.Replace(text, c.from, c.to, 1)
			}
			if text == string(b) {
				t.Fatalf("there is no %q", c.from)
			}
			for _, s := range schemas(t, c.v) {
				if s.Validate(strings.NewReader(text)) == nil {
					t.Errorf("taken:\n%s", text)
				}
			}
		})
	}
}

func TestEveryPaymentHasAUETROfItsOwn(t *testing.T) {
	form := regexp.MustCompile(`^[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "run"), rapid.String().Draw(t, "payment")
		if u := uetr(a, b); !form.MatchString(u) || u != uetr(a, b) || u == uetr(a, b+"x") || u == uetr(a+"x", b) {
			t.Fatalf("%q", u)
		}
	})
}

func TestARunIsRefusedWholeWithEveryFault(t *testing.T) {
	first := func(change func(p *bankfile.Payment)) func(r *bankfile.Run) {
		return func(r *bankfile.Run) { change(&r.Payments[0]) }
	}
	for _, c := range []struct {
		name   string
		change func(r *bankfile.Run)
		want   []string
	}{
		{"a Sunday", func(r *bankfile.Run) { r.Date = calendar.Of(2019, 2, 3) }, []string{"the run, date: Banks are closed"}},
		{"yen", first(func(p *bankfile.Payment) { p.Amount = money.Amount{Minor: 5, Currency: money.JPY} }), []string{"payment 1 (participant 18), amount_jpy: This file is for USD, not for JPY"}},
		{"zero", first(func(p *bankfile.Payment) { p.Amount = money.Cents(0) }), []string{"amount_usd: $0.00 cannot be paid"}},
		{"a negative amount", first(func(p *bankfile.Payment) { p.Amount = money.Cents(-1) }), []string{"amount_usd: −$0.01 cannot be paid"}},
		{"more than eighteen digits", first(func(p *bankfile.Payment) { p.Amount = money.Cents(maxCents + 1) }), []string{"amount_usd: With it the run is more"}},
		{"together more than eighteen digits", first(func(p *bankfile.Payment) { p.Amount = money.Cents(maxCents) }), []string{"payment 2 (participant 19), amount_usd: With it the run is more"}},
		{"an id twice", first(func(p *bankfile.Payment) { p.EndToEndID = "RUN-2019-01-31-19" }), []string{"payment 2 (participant 19), end_to_end_id: “RUN-2019-01-31-19” is that of payment 1 too"}},
		{"no id", first(func(p *bankfile.Payment) { p.EndToEndID = "" }), []string{"end_to_end_id: It is missing"}},
		{"an id of 36 signs", first(func(p *bankfile.Payment) { p.EndToEndID = strings.Repeat("x", 36) }), []string{"end_to_end_id: It has 36 signs, and the file has 35"}},
		{"an id with a slash at its end", first(func(p *bankfile.Payment) { p.EndToEndID = "a/" }), []string{"end_to_end_id: “a/” has a slash"}},
		{"an id that is not plain", first(func(p *bankfile.Payment) { p.EndToEndID = "é" }), []string{"end_to_end_id: Banks refuse “é” (1)"}},
		{"a run without an id", func(r *bankfile.Run) { r.ID = "" }, []string{"the run, id: It is missing"}},
		{"a name in kanji", first(func(p *bankfile.Payment) { p.Name = "鈴木 Hanako" }), []string{"name: Banks refuse “鈴” (1), “木” (2)"}},
		{"a name with a control character", first(func(p *bankfile.Payment) { p.Name = "Jane\x01" }), []string{"name: Banks refuse “U+0001” (5)"}},
		{"a name that is no text", first(func(p *bankfile.Payment) { p.Name = "Jane\xff" }), []string{"name: It is not UTF-8"}},
		{"a name of 141 signs", first(func(p *bankfile.Payment) { p.Name = strings.Repeat("é", 141) }), []string{"name: It has 141 signs, and the file has 140"}},
		{"no town", first(func(p *bankfile.Payment) { p.Town = " " }), []string{"town: It is missing"}},
		{"no country", first(func(p *bankfile.Payment) { p.Country = "" }), []string{"country: “” is no country"}},
		{"a country in small letters", first(func(p *bankfile.Payment) { p.Country = "es" }), []string{"country: “es” is no country"}},
		{"a country there is not", first(func(p *bankfile.Payment) { p.Country = "XX" }), []string{"country: “XX” is no country"}},
		{"no BIC", first(func(p *bankfile.Payment) { p.BIC = "" }), []string{"bic: It is missing"}},
		{"a BIC of nine", first(func(p *bankfile.Payment) { p.BIC = "BBVAESMMX" }), []string{"bic: “BBVAESMMX” has 9 signs"}},
		{"a BIC that only version 09 takes", first(func(p *bankfile.Payment) { p.BIC = "1BVAESMM" }), []string{"bic: “1BVAESMM” is a BIC that version 03"}},
		{"a wrong IBAN", first(func(p *bankfile.Payment) { p.Account.IBAN = "ES9121000418450200051333" }), []string{"account.iban: “ES9121000418450200051333” is mistyped"}},
		{"no account", first(func(p *bankfile.Payment) { p.Account = bankfile.Account{} }), []string{"account: It has neither"}},
		{"two accounts", first(func(p *bankfile.Payment) { p.Account.Number = "1" }), []string{"account: It has an IBAN and a number"}},
		{"a routing number with a wrong digit", func(r *bankfile.Run) { r.Payments[1].Clearing.Member = "021000022" }, []string{"payment 2 (participant 19), clearing.member: “021000022” is no routing number"}},
		{"a clearing system that is none", func(r *bankfile.Run) { r.Payments[1].Clearing.System = "us" }, []string{"clearing.system: “us”"}},
		{"a long reference", first(func(p *bankfile.Payment) { p.Reference = strings.Repeat("1", 141) }), []string{"reference: It has 141 signs"}},
		{"an originator without a town", func(r *bankfile.Run) { r.Originator.Town = "" }, []string{"the run, originator.town: It is missing"}},
		{"an originator with half a bank code", func(r *bankfile.Run) { r.Originator.Bank.Code = "9" }, []string{"the run, originator.bank.code: “9”"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := File(run(c.change), V03)
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
	if _, err := File(run(first(func(p *bankfile.Payment) { p.BIC = "1BVAESMM" })), V09); err != nil {
		t.Errorf("version 09 takes it: %v", err)
	}
}
