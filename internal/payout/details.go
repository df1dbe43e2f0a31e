package payout

import (
	"strings"

	"golang.org/x/text/language"

	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/report"
)

// A form collects everything that is wrong with payment data, so that one look is enough to put it right.
type form struct{ faults report.Faults }

// add puts a fault on the list, at its field; an err that is nil is none.
func (f *form) add(field string, err error) {
	if e := fault.As(err); e != nil {
		f.faults = append(f.faults, e.At(field))
	}
}

func (f *form) err() error {
	if len(f.faults) == 0 {
		return nil
	}
	return f.faults
}

// text demands a text that is there and not endless.
func (f *form) text(field, s string) {
	if strings.TrimSpace(s) == "" || len(s) > 200 {
		f.add(field, fault.New(fault.Invalid, "This is needed to pay you, in up to 200 bytes.", "お支払いに必要な項目です。200バイト以内で入力してください。"))
	}
}

// check says everything that is wrong with the details, each at its field, and returns them as they
// are written in files.
func (d Details) check() (Details, error) {
	f := &form{}
	f.text("name", d.Name)
	f.text("street", d.Street)
	f.text("town", d.Town)
	f.text("phone", d.Phone)
	if region, err := language.ParseRegion(d.Country); len(d.Country) != 2 || err != nil || !region.IsCountry() {
		f.add("country", fault.New(fault.Invalid, "Choose the country you live in.", "お住まいの国を選んでください。"))
	}
	if d.Japanese {
		d.BIC, d.Account.IBAN, d.Clearing.System, d.Clearing.Member = "", "", "", ""
		d.checkJapanese(f)
		if d.Holder == "" {
			d.Holder = d.Account.HolderKana
		}
	} else {
		d.Account.Kind, d.Account.HolderKana, d.Bank.Code, d.Bank.Branch = "", "", "", ""
		d = d.checkAbroad(f)
		f.text("holder", d.Holder)
	}
	if !d.Own {
		f.add("own", fault.New(fault.Invalid, "The reward goes only to an account of your own (terms 6.6).", "報奨金はご本人名義の口座にのみ支払われます（規約6.6）。"))
	}
	return d, f.err()
}

func (d Details) checkJapanese(f *form) {
	f.add("bank", bank.CheckBankCode(d.Bank.Code))
	f.add("branch", bank.CheckBranchCode(d.Bank.Branch))
	switch d.Account.Kind {
	case bank.Ordinary, bank.Current, bank.Savings, bank.Other:
	default:
		f.add("kind", fault.New(fault.Invalid, "Choose the kind of account.", "預金種目を選んでください。"))
	}
	f.add("number", bank.CheckAccountNumber(d.Account.Number))
	kana, err := bank.Zengin(d.Account.HolderKana)
	switch {
	case err != nil:
		f.add("holder_kana", err)
	case strings.ContainsFunc(d.Account.HolderKana, bank.MiddleDot):
		f.add("holder_kana", fault.New(fault.Invalid, "The bank's file has no sign for a middle dot. Write the name as the bank has it, with a space or nothing instead.",
			"中黒（・）は銀行のファイルで使えません。銀行の届出名義のとおり、空白にするか詰めて書いてください。"))
	case kana.Len() == 0 || kana.Len() > bank.PayeeLength:
		f.add("holder_kana", fault.New(fault.Invalid, "The name on the account in kana has %d bytes, and the bank's file %d. Ask your bank for the short form it uses; we cut nothing.",
			"口座名義カナは%dバイトですが、銀行のファイルに入るのは%dバイトです。銀行で使われている略称を確認してください。当方では切り捨てません。", kana.Len(), bank.PayeeLength))
	}
}

// checkAbroad checks an account outside of Japan. The BIC names the country of the bank: one in Japan
// is paid in yen, whatever the currency of the account.
func (d Details) checkAbroad(f *form) Details {
	bic, err := bank.CheckBIC(d.BIC)
	if err != nil {
		f.add("bic", err)
		return d
	}
	d.BIC = bic
	country := d.BIC[4:6]
	if country == "JP" {
		f.add("bic", fault.New(fault.Invalid, "This bank is in Japan, so the account is paid in yen (terms 6.5.i). Give it as an account in Japan, with bank and branch code.",
			"日本の銀行のBICです。日本の銀行口座には円でお支払いします（規約6.5.i）。「日本の銀行口座」として、銀行コードと支店コードを入力してください。"))
		return d
	}
	given := d.Account.IBAN + d.Account.Number // one field of the form: an account has the one or the other
	d.Account.IBAN, d.Account.Number = "", strings.TrimSpace(given)
	if bank.HasIBAN(country) {
		d.Account.Number = ""
		d.Account.IBAN, err = bank.CheckIBAN(given)
		f.add("iban", err)
	} else if d.Account.Number == "" || len(d.Account.Number) > 34 {
		f.add("iban", fault.New(fault.Invalid, "Give the number of the account, up to 34 signs.", "口座番号を34文字以内で入力してください。"))
	}
	if country == "US" && d.Clearing.Member == "" {
		f.add("routing", fault.New(fault.Invalid, "Banks in the United States need the routing number, nine digits.", "米国の銀行への送金には、9桁の銀行番号（routing number）が必要です。"))
	}
	if d.Clearing.Member != "" && d.Clearing.System == "" {
		d.Clearing.System = clearings[country]
	}
	if d.Clearing.Member != "" && d.Clearing.System == "" {
		f.add("routing", fault.New(fault.Invalid, "We know no clearing system of this bank's country. Leave the field empty.", "この国の決済システムは登録されていません。この項目は空欄にしてください。"))
	}
	return d
}

// clearings are the clearing systems by the country of a bank, as ISO 20022 calls them.
var clearings = map[string]string{
	"US": "USABA", "CA": "CACPA", "AU": "AUBSB", "NZ": "NZNCC", "IN": "INFSC", "HK": "HKNCC", "SG": "SGIBG", "ZA": "ZANCC", "TW": "TWNCC", "CN": "CNAPS",
}

// at returns a fault with the field it is about.
func at(err error, field string) error {
	if f := fault.As(err); f != nil {
		return f.At(field)
	}
	return err
}
