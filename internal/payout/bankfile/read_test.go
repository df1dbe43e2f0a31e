package bankfile

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/money"
)

const good = `{"id":"R-1","date":"2019-01-31","made":"2019-01-28T10:00:00+09:00",
 "originator":{"client_code":"7","name_kana":"ｶ)ﾋﾉﾐ","name":"Hinomi","town":"Tokyo","country":"JP","bic":"ABCDJPJT","bank":{"code":"0009","branch":"101"},"account":{"kind":"ordinary","number":"7654321"}},
 "payments":[{"participant":"17","reference":"201812","amount_jpy":984722,"account":{"kind":"ordinary","number":"0001234","holder_kana":"ｽｽﾞｷ"}},
             {"participant":"18","end_to_end_id":"R-1-18","amount_usd":"1591.60","name":"José","clearing":{"system":"USABA","member":"021000021"},"account":{"iban":"ES91"}}]}`

func TestRead(t *testing.T) {
	want := Run{
		ID: "R-1", Date: calendar.Of(2019, 1, 31), Made: time.Date(2019, 1, 28, 1, 0, 0, 0, time.UTC),
		Originator: Originator{ClientCode: "7", NameKana: "ｶ)ﾋﾉﾐ", Name: "Hinomi", Town: "Tokyo", Country: "JP", BIC: "ABCDJPJT",
			Bank: Bank{Code: "0009", Branch: "101"}, Account: Account{Kind: bank.Ordinary, Number: "7654321"}},
		Payments: []Payment{
			{Participant: "17", Reference: "201812", Amount: money.Amount{Minor: 984722, Currency: money.JPY}, Account: Account{Kind: bank.Ordinary, Number: "0001234", HolderKana: "ｽｽﾞｷ"}},
			{Participant: "18", EndToEndID: "R-1-18", Amount: money.Cents(159160), Name: "José", Clearing: Clearing{System: "USABA", Member: "021000021"}, Account: Account{IBAN: "ES91"}},
		},
	}
	for _, text := range []string{good, "\ufeff" + good} {
		got, refused, err := Read(strings.NewReader(text))
		if err != nil || refused != nil {
			t.Fatal(refused, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestFieldsThatCannotBeReadAreNamed(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"half a yen", `984722`, `984722.5`, "payment 1 (participant 17), amount_jpy: 984722.5 is no amount of yen: write a whole number such as 984722."},
		{"an exponent", `984722`, `1e6`, "payment 1 (participant 17), amount_jpy: 1e6 is no amount of yen"},
		{"yen in a string", `984722`, `"984722"`, "amount_jpy: \"984722\" is no amount of yen"},
		{"a tenth of a cent", `"1591.60"`, `"1591.605"`, "payment 2 (participant 18), amount_usd: \"1591.605\" is no amount of dollars"},
		{"dollars as a number", `"1591.60"`, `1591.60`, "amount_usd: 1591.60 is no amount of dollars: write a string"},
		{"negative dollars", `"1591.60"`, `"-1.00"`, "amount_usd: \"-1.00\" is no amount of dollars"},
		{"both", `"amount_jpy":984722`, `"amount_jpy":984722,"amount_usd":"1.00"`, "payment 1 (participant 17), amount_usd: It has an amount in yen and one in dollars"},
		{"a day that does not exist", `2019-01-31`, `2019-02-31`, "the run, date: “2019-02-31” is no date"},
		{"a time without a zone", `10:00:00+09:00`, `10:00:00`, "the run, made: “2019-01-28T10:00:00” is no time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run, refused, err := Read(strings.NewReader(strings.Replace(good, c.from, c.to, 1)))
			if err != nil || len(refused) != 1 || !strings.Contains(refused.Error(), c.want) {
				t.Errorf("%v, %v; want %q", refused, err, c.want)
			}
			if len(run.Payments) != 2 {
				t.Error("the rest was not read")
			}
		})
	}
}

func TestWhatIsNoRunIsAnError(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "is no JSON"},
		{"half of it", good[:len(good)-3], "is no JSON"},
		{"two of them", good + good, "is no JSON"},
		{"a list", "[]", "cannot be read"},
		{"a number for a name", strings.Replace(good, `"17"`, `17`, 1), "payments.participant has the wrong kind of value, number"},
		{"a list for a bank", strings.Replace(good, `{"code":"0009","branch":"101"}`, `[]`, 1), "originator.bank has the wrong kind of value, array"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := Read(strings.NewReader(c.in)); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
	broken := errors.New("cable cut")
	if _, _, err := Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a broken line: %v", err)
	}
}

func TestMadeMayBeADay(t *testing.T) {
	run, refused, err := Read(strings.NewReader(strings.Replace(good, "2019-01-28T10:00:00+09:00", "2019-01-28", 1)))
	if err != nil || refused != nil || !run.Made.Equal(time.Date(2019, 1, 27, 15, 0, 0, 0, time.UTC)) {
		t.Errorf("%v, %v, %v", run.Made, refused, err)
	}
}

func TestFaultsOfReadingComeFirst(t *testing.T) {
	at := func(payment int, field, text string) Fault {
		return Fault{payment, "17", fault.New(fault.Invalid, "x", "x").At(field).Because(errors.New(text))}
	}
	got := Refused{at(2, "amount_usd", "read"), at(0, "date", "read")}.And(Refused{at(0, "date", "checked"), at(1, "bic", "checked"), at(2, "amount_jpy", "checked"), at(2, "bic", "checked")})
	var texts []string
	for _, f := range got {
		texts = append(texts, f.key()+" "+errors.Unwrap(f.Error).Error())
	}
	if diff := cmp.Diff([]string{"0date read", "1bic checked", "2amount read", "2bic checked"}, texts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := at(0, "date", "").In(lang.JA) + at(1, "bic", "").In(lang.JA); got != "支払い全体, date: x支払い1（参加者17）, bic: x" {
		t.Errorf("in Japanese %s", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"payments":[{"amount_jpy":-01}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		run, refused, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, p := range run.Payments {
			if c := p.Amount.Currency; c != "" && c != money.JPY && c != money.USD {
				t.Fatalf("an amount of %q", c)
			}
		}
		_ = refused.Error()
		_ = NewChecker(run, money.USD).Err()
	})
}
