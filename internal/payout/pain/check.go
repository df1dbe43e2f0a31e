package pain

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/payout/bankfile"
)

// identifier checks a text that comes back in the answers of banks. Those that still translate it
// for older systems take no slash at its ends and no two in a row.
func (f *file) identifier(field, s string) {
	f.Add(field, text(s, 35, plain))
	if strings.HasPrefix(s, "/") || strings.HasSuffix(s, "/") || strings.Contains(s, "//") {
		f.Add(field, fault.New(fault.Invalid, "“%s” has a slash at an end, or two in a row, which banks refuse.", "「%s」の先頭か末尾に「/」があるか、「/」が続いています。銀行で受け付けられません。", s))
	}
}

// plain are the signs that every bank carries.
func plain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(" /-?:().,'+", r)
}

// latin are these and the Latin letters with their accents: names are spelled as their owners do.
func latin(r rune) bool {
	return plain(r) || unicode.Is(unicode.Latin, r) && unicode.IsLetter(r) || 0x300 <= r && r <= 0x36f
}

// text says what is wrong with a text of at most n signs.
func text(s string, n int, allowed func(rune) bool) error {
	if strings.TrimSpace(s) == "" {
		return fault.New(fault.Invalid, "It is missing.", "入力がありません。")
	}
	if !utf8.ValidString(s) {
		return fault.New(fault.Invalid, "It is not UTF-8.", "UTF-8ではありません。")
	}
	var bad []string
	for i, r := range []rune(s) {
		if !allowed(r) {
			sign := string(r)
			if !unicode.IsGraphic(r) {
				sign = fmt.Sprintf("%U", r)
			}
			bad = append(bad, fmt.Sprintf("“%s” (%d)", sign, i+1))
		}
	}
	if len(bad) > 0 {
		return fault.New(fault.Invalid, "Banks refuse %s: the number is the place. Write it in Latin letters, digits, spaces and / - ? : ( ) . , ' + only.",
			"銀行では%sを使えません（かっこ内は何文字目か）。ラテン文字、数字、空白と / - ? : ( ) . , ' + だけで書いてください。", strings.Join(bad[:min(len(bad), 8)], ", "))
	}
	if l := utf8.RuneCountInString(s); l > n {
		return fault.New(fault.Invalid, "It has %d signs, and the file has %d. Ask for a shorter form; nothing is cut.",
			"%d文字あり、ファイルに入るのは%d文字です。短い表記を確認してください。切り捨てはしません。", l, n)
	}
	return nil
}

// party checks and returns who pays or is paid.
func (f *file) party(at, name, town, country string) party {
	f.Add(at+"name", text(name, 140, latin))
	f.Add(at+"town", text(town, 35, latin))
	if region, err := language.ParseRegion(country); len(country) != 2 || err != nil || !region.IsCountry() || region.String() != country {
		f.Add(at+"country", fault.New(fault.Invalid, "“%s” is no country: write its two capitals, such as ES.", "「%s」は国コードではありません。ES のような英大文字2文字で書いてください。", country))
	}
	return party{Name: name, Address: address{Town: town, Country: country}}
}

// oldBIC is what version 03 demands of a BIC beyond its form.
var oldBIC = regexp.MustCompile(`^[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?$`)

// agent checks and returns a bank.
func (f *file) agent(at, bic string, c *clearing) agent {
	if bic == "" {
		f.Add(at+"bic", fault.New(fault.Invalid, "It is missing: the bank is found by its BIC.", "BICがありません。銀行の特定に必要です。"))
		return agent{}
	}
	got, err := bank.CheckBIC(bic)
	f.Add(at+"bic", err)
	if f.v == V03 {
		if err == nil && !oldBIC.MatchString(got) {
			f.Add(at+"bic", fault.New(fault.Invalid, "“%s” is a BIC that version 03 of the message does not take; write version 09.", "「%s」は03版のメッセージでは使えないBICです。09版を使ってください。", got))
		}
		return agent{institution{BIC: got, Clearing: c}}
	}
	return agent{institution{BICFI: got, Clearing: c}}
}

// account checks and returns an account: its IBAN, or its number where there are none.
func (f *file) account(at string, a bankfile.Account) account {
	switch {
	case a.IBAN != "" && a.Number != "":
		f.Add(at+"account", fault.New(fault.Invalid, "It has an IBAN and a number: give the one that the bank uses.", "IBANと口座番号の両方があります。銀行が使う方だけにしてください。"))
	case a.IBAN != "":
		iban, err := bank.CheckIBAN(a.IBAN)
		f.Add(at+"account.iban", err)
		return account{IBAN: iban}
	case a.Number == "":
		f.Add(at+"account", fault.New(fault.Invalid, "It has neither an IBAN nor a number.", "IBANも口座番号もありません。"))
	default:
		f.Add(at+"account.number", text(a.Number, 34, plain))
	}
	return account{Other: &other{a.Number}}
}

var system = regexp.MustCompile(`^[A-Z]{5}$`)

// clearing checks and returns a bank's number in the clearing system of its country, if there is one.
func (f *file) clearing(c bankfile.Clearing) *clearing {
	if c == (bankfile.Clearing{}) {
		return nil
	}
	if !system.MatchString(c.System) {
		f.Add("clearing.system", fault.New(fault.Invalid, "“%s” is no clearing system: write its code, such as USABA.", "「%s」は決済システムのコードではありません。USABA のように書いてください。", c.System))
	}
	if c.System == "USABA" && !routing(c.Member) {
		f.Add("clearing.member", fault.New(fault.Invalid, "“%s” is no routing number: it has nine digits, and the last one does not fit the others.",
			"「%s」は米国の銀行番号（9桁）として正しくありません。", c.Member))
	} else {
		f.Add("clearing.member", text(c.Member, 35, plain))
	}
	return &clearing{System: c.System, Member: c.Member}
}

// routing reports whether s is a routing number of the American Bankers Association.
func routing(s string) bool {
	if len(s) != 9 || strings.Trim(s, "0123456789") != "" {
		return false
	}
	sum := 0
	for i, r := range s {
		sum += int(r-'0') * [...]int{3, 7, 1}[i%3]
	}
	return sum%10 == 0 && sum > 0
}
