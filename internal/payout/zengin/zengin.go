// Package zengin writes the file with which Japanese banks take a batch of transfers in yen: records
// of 120 bytes in JIS X 0201, by the format of the Japanese Bankers Association (type 21).
//
// By default the records follow one another without line ends, which every bank takes; some ask for
// CR LF after each. The date has no year, so a run that says when it was made has to be paid in the
// same year.
package zengin

import (
	"bytes"
	"fmt"
	"strings"

	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
	"hinomi.dev/hinomi/internal/payout/bankfile"
)

// Limits of the fields.
const (
	maxAmount = 9_999_999_999
	maxTotal  = 999_999_999_999
	maxCount  = 999_999
)

// recordLength is the length of every record, without its line end.
const recordLength = 120

// kinds are the codes of the kinds of accounts.
var kinds = map[bank.Kind]string{bank.Ordinary: "1", bank.Current: "2", bank.Savings: "4", bank.Other: "9"}

// File returns the file for a run in yen, or a bankfile.Refused with all its faults. With crlf each
// record ends in CR LF.
func File(r bankfile.Run, crlf bool) ([]byte, error) {
	f := &file{Checker: bankfile.NewChecker(r, money.JPY), run: r, crlf: crlf}
	f.header()
	var total int64
	for i, p := range r.Payments {
		f.At(i + 1)
		if p.InAnother(money.JPY) {
			continue
		}
		f.data(p)
		total += min(max(p.Amount.Minor, 0), maxTotal) // bounded, so that the sum is one
	}
	f.At(0)
	f.limits(len(r.Payments), total)
	f.record("8", number(fmt.Sprint(len(r.Payments)), 6), number(fmt.Sprint(total), 12), filler(101))
	f.record("9", filler(119))
	if err := f.Err(); err != nil {
		return nil, err
	}
	return f.out.Bytes(), nil
}

// A file is one in the making. Records of faulty payments are written too, and thrown away at the end.
type file struct {
	*bankfile.Checker
	run  bankfile.Run
	crlf bool
	out  bytes.Buffer
}

// record writes a record. Its fields have their lengths, unless there is a fault.
func (f *file) record(fields ...string) {
	line := strings.Join(fields, "")
	if len(line) != recordLength && f.Err() == nil {
		panic(fmt.Sprintf("zengin: a record of %d bytes", len(line)))
	}
	f.out.WriteString(line)
	if f.crlf {
		f.out.WriteString("\r\n")
	}
}

// header writes who pays, when, and from which account.
func (f *file) header() {
	o, d := f.run.Originator, f.run.Date
	if made := calendar.In(f.run.Made, calendar.JST); !f.run.Made.IsZero() && made.Year != d.Year {
		f.Add("date", fault.New(fault.Invalid, "%v is in another year than %v, when the run was made, and this file carries no year. Make the run in the year in which it is paid.",
			"%vは、ファイル作成日%vと年が異なります。このファイルの日付には年がないため、支払う年に作成してください。", d, made))
	}
	if o.Account.Kind == bank.Savings {
		f.Add("originator.account.kind", fault.New(fault.Invalid, "Transfers cannot be paid from a savings account: it is ordinary, current or other.",
			"貯蓄預金からは振込できません。ordinary（普通）、current（当座）、other（その他）のいずれかです。"))
	}
	f.record("1", "21", "0",
		f.digits("originator.client_code", o.ClientCode, 10), f.name("originator.name_kana", o.NameKana, 40, true),
		fmt.Sprintf("%02d%02d", int(d.Month), d.Day),
		f.branch("originator.", o.Bank), f.account("originator.", o.Account),
		filler(17))
}

// data writes one payment.
func (f *file) data(p bankfile.Payment) {
	if p.Amount.Minor > maxAmount {
		f.Add("amount_jpy", fault.New(fault.Invalid, "%s is more than the file can carry, %s.", "%sは、このファイルで支払える上限%sを超えています。",
			p.Amount, money.Amount{Minor: maxAmount, Currency: money.JPY}))
	}
	bank, branch := f.bankOf("", p.Bank), f.branchOf("", p.Bank)
	f.record("2",
		bank, branch, "0000", // the clearing house is no longer used
		f.account("", p.Account), f.name("account.holder_kana", p.Account.HolderKana, bankPayee, true),
		number(fmt.Sprint(p.Amount.Minor), 10), "0",
		f.digits("participant", p.Participant, 10), f.reference(p.Reference),
		"7", " ", filler(7))
}

const bankPayee = bank.PayeeLength

// limits checks the sums of the trailer.
func (f *file) limits(n int, total int64) {
	if total > maxTotal {
		f.Add("payments", fault.New(fault.Invalid, "Together they are more than the file can carry, %s. Make two runs of it.",
			"合計が、このファイルで支払える上限%sを超えています。2回に分けてください。", money.Amount{Minor: maxTotal, Currency: money.JPY}))
	}
	if n > maxCount {
		f.Add("payments", fault.New(fault.Invalid, "There are %d, and the file can carry %d.", "支払いが%d件あります。上限は%d件です。", n, maxCount))
	}
}

func (f *file) branch(at string, b bankfile.Bank) string { return f.bankOf(at, b) + f.branchOf(at, b) }

// bankOf writes a bank's code and name. The code is what counts; a name may be absent.
func (f *file) bankOf(at string, b bankfile.Bank) string {
	f.Add(at+"bank.code", bank.CheckBankCode(b.Code))
	return b.Code + f.name(at+"bank.name_kana", b.NameKana, 15, false)
}

func (f *file) branchOf(at string, b bankfile.Bank) string {
	f.Add(at+"bank.branch", bank.CheckBranchCode(b.Branch))
	return b.Branch + f.name(at+"bank.branch_name_kana", b.BranchNameKana, 15, false)
}

// account writes the kind and the number of an account.
func (f *file) account(at string, a bankfile.Account) string {
	kind, known := kinds[a.Kind]
	if !known {
		f.Add(at+"account.kind", fault.New(fault.Invalid, "“%s” is no kind of account: it is ordinary, current, savings or other.",
			"「%s」という預金種目はありません。ordinary（普通）、current（当座）、savings（貯蓄）、other（その他）のいずれかです。", a.Kind))
	}
	f.Add(at+"account.number", bank.CheckAccountNumber(a.Number))
	return kind + a.Number
}

// name writes a name in kana, left aligned. What does not fit is asked for, never cut: nor is a middle
// dot left out here, where nobody would see it.
func (f *file) name(field, name string, n int, needed bool) string {
	k, err := bank.Zengin(name)
	switch {
	case err != nil:
		f.Add(field, err)
	case strings.ContainsFunc(name, bank.MiddleDot):
		f.Add(field, fault.New(fault.Invalid, "“%s” has a middle dot, for which the file has no sign. Write the name as the bank has it, with a space or nothing instead.",
			"「%s」の中黒はファイルで使えません。銀行の届出名義のとおり、空白にするか詰めて書いてください。", name))
	case needed && k == "":
		f.Add(field, fault.New(fault.Invalid, "It is missing: the bank needs the name in kana.", "カナの名前がありません。銀行への届出に必要です。"))
	case k.Len() > n:
		f.Add(field, fault.New(fault.Invalid, "“%[1]s” takes %[2]d bytes, and the file has %[3]d. Ask for the short form that the bank uses; nothing is cut.",
			"「%[1]s」は%[2]dバイトで、ファイルに入るのは%[3]dバイトです。銀行での略称を確認してください。切り捨てはしません。", k, k.Len(), n))
	}
	return string(k.JIS()) + filler(n-k.Len())
}

// digits writes a code of at most n digits, right aligned.
func (f *file) digits(field, s string, n int) string {
	if s == "" || len(s) > n || strings.Trim(s, "0123456789") != "" {
		f.Add(field, fault.New(fault.Invalid, "“%s” is not 1 to %d digits.", "「%s」は1桁から%d桁の数字ではありません。", s, n))
	}
	return number(s, n)
}

// reference writes customer code 2, which may be absent.
func (f *file) reference(s string) string {
	if s == "" {
		return number("", 10)
	}
	return f.digits("reference", s, 10)
}

// number aligns digits to the right, with zeros.
func number(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }

// filler is spaces, none for a field that is too long already.
func filler(n int) string { return strings.Repeat(" ", max(0, n)) }
