package bank

import (
	"maps"
	"slices"
	"strings"
)

// kanaForms are the readings of legal forms and of places of business, with the short forms that
// Japanese banks agreed on. The bracket beside a short form says where it stands: ｶ)ﾋﾉﾐ in front,
// ﾋﾉﾐ(ｶ at the end, ﾋﾉﾐ(ｶ)ﾄｳｷﾖｳ between.
var kanaForms = map[string]string{
	"ｶﾌﾞｼｷｶﾞｲｼﾔ": "ｶ", "ｶﾌﾞｼｷｶｲｼﾔ": "ｶ",
	"ﾕｳｹﾞﾝｶﾞｲｼﾔ": "ﾕ", "ﾕｳｹﾞﾝｶｲｼﾔ": "ﾕ",
	"ｺﾞｳﾒｲｶﾞｲｼﾔ": "ﾒ", "ｺﾞｳﾒｲｶｲｼﾔ": "ﾒ",
	"ｺﾞｳｼｶﾞｲｼﾔ": "ｼ", "ｺﾞｳｼｶｲｼﾔ": "ｼ",
	"ｺﾞｳﾄﾞｳｶﾞｲｼﾔ": "ﾄﾞ", "ｺﾞｳﾄﾞｳｶｲｼﾔ": "ﾄﾞ",
	"ｿｳｺﾞｶﾞｲｼﾔ": "ｿ", "ｿｳｺﾞｶｲｼﾔ": "ｿ",
	"ｲﾘﾖｳﾎｳｼﾞﾝ": "ｲ", "ｲﾘﾖｳﾎｳｼﾞﾝｼﾔﾀﾞﾝ": "ｲ", "ｲﾘﾖｳﾎｳｼﾞﾝｻﾞｲﾀﾞﾝ": "ｲ", "ｼﾔｶｲｲﾘﾖｳﾎｳｼﾞﾝ": "ｲ",
	"ｻﾞｲﾀﾞﾝﾎｳｼﾞﾝ": "ｻﾞｲ", "ｲﾂﾊﾟﾝｻﾞｲﾀﾞﾝﾎｳｼﾞﾝ": "ｻﾞｲ", "ｺｳｴｷｻﾞｲﾀﾞﾝﾎｳｼﾞﾝ": "ｻﾞｲ",
	"ｼﾔﾀﾞﾝﾎｳｼﾞﾝ": "ｼﾔ", "ｲﾂﾊﾟﾝｼﾔﾀﾞﾝﾎｳｼﾞﾝ": "ｼﾔ", "ｺｳｴｷｼﾔﾀﾞﾝﾎｳｼﾞﾝ": "ｼﾔ",
	"ｼﾕｳｷﾖｳﾎｳｼﾞﾝ":         "ｼﾕｳ",
	"ｶﾞﾂｺｳﾎｳｼﾞﾝ":          "ｶﾞｸ",
	"ｼﾔｶｲﾌｸｼﾎｳｼﾞﾝ":        "ﾌｸ",
	"ｺｳｾｲﾎｺﾞﾎｳｼﾞﾝ":        "ﾎｺﾞ",
	"ﾄｸﾃｲﾋｴｲﾘｶﾂﾄﾞｳﾎｳｼﾞﾝ":  "ﾄｸﾋ",
	"ﾄﾞｸﾘﾂｷﾞﾖｳｾｲﾎｳｼﾞﾝ":    "ﾄﾞｸ",
	"ﾁﾎｳﾄﾞｸﾘﾂｷﾞﾖｳｾｲﾎｳｼﾞﾝ": "ﾁﾄﾞｸ",
	"ｺｸﾘﾂﾀﾞｲｶﾞｸﾎｳｼﾞﾝ":     "ﾀﾞｲ",
	"ｺｳﾘﾂﾀﾞｲｶﾞｸﾎｳｼﾞﾝ":     "ﾀﾞｲ",
	"ﾍﾞﾝｺﾞｼﾎｳｼﾞﾝ":         "ﾍﾞﾝ",
	"ｼﾎｳｼﾖｼﾎｳｼﾞﾝ":         "ｼﾎｳ",
	"ｷﾞﾖｳｾｲｼﾖｼﾎｳｼﾞﾝ":      "ｷﾞﾖ",
	"ｾﾞｲﾘｼﾎｳｼﾞﾝ":          "ｾﾞｲ",
	"ｼﾔｶｲﾎｹﾝﾛｳﾑｼﾎｳｼﾞﾝ":    "ﾛｳﾑ",
	"ﾉｳｼﾞｸﾐｱｲﾎｳｼﾞﾝ":       "ﾉｳ",
	"ｶﾝﾘｸﾐｱｲﾎｳｼﾞﾝ":        "ｶﾝﾘ",
	"ﾁﾕｳｶﾝﾎｳｼﾞﾝ":          "ﾁﾕｳ",
	"ﾕｳｹﾞﾝｾｷﾆﾝﾁﾕｳｶﾝﾎｳｼﾞﾝ": "ﾁﾕｳ",
	"ﾑｹﾞﾝｾｷﾆﾝﾁﾕｳｶﾝﾎｳｼﾞﾝ":  "ﾁﾕｳ",
	"ｴｲｷﾞﾖｳｼﾖ":            "ｴｲ",
	"ｼﾕﾂﾁﾖｳｼﾖ":            "ｼﾕﾂ",
}

// kanjiForms are legal forms in kanji, with the readings that kanaForms knows.
var kanjiForms = map[string]string{
	"株式会社": "ｶﾌﾞｼｷｶﾞｲｼﾔ", "㈱": "ｶﾌﾞｼｷｶﾞｲｼﾔ", "(株)": "ｶﾌﾞｼｷｶﾞｲｼﾔ", "（株）": "ｶﾌﾞｼｷｶﾞｲｼﾔ",
	"有限会社": "ﾕｳｹﾞﾝｶﾞｲｼﾔ", "㈲": "ﾕｳｹﾞﾝｶﾞｲｼﾔ", "(有)": "ﾕｳｹﾞﾝｶﾞｲｼﾔ", "（有）": "ﾕｳｹﾞﾝｶﾞｲｼﾔ",
	"合同会社": "ｺﾞｳﾄﾞｳｶﾞｲｼﾔ", "(同)": "ｺﾞｳﾄﾞｳｶﾞｲｼﾔ", "（同）": "ｺﾞｳﾄﾞｳｶﾞｲｼﾔ",
	"合名会社": "ｺﾞｳﾒｲｶﾞｲｼﾔ", "合資会社": "ｺﾞｳｼｶﾞｲｼﾔ", "相互会社": "ｿｳｺﾞｶﾞｲｼﾔ",
	"医療法人": "ｲﾘﾖｳﾎｳｼﾞﾝ", "学校法人": "ｶﾞﾂｺｳﾎｳｼﾞﾝ", "宗教法人": "ｼﾕｳｷﾖｳﾎｳｼﾞﾝ", "社会福祉法人": "ｼﾔｶｲﾌｸｼﾎｳｼﾞﾝ",
	"財団法人": "ｻﾞｲﾀﾞﾝﾎｳｼﾞﾝ", "一般財団法人": "ｻﾞｲﾀﾞﾝﾎｳｼﾞﾝ", "公益財団法人": "ｻﾞｲﾀﾞﾝﾎｳｼﾞﾝ",
	"社団法人": "ｼﾔﾀﾞﾝﾎｳｼﾞﾝ", "一般社団法人": "ｼﾔﾀﾞﾝﾎｳｼﾞﾝ", "公益社団法人": "ｼﾔﾀﾞﾝﾎｳｼﾞﾝ",
	"特定非営利活動法人": "ﾄｸﾃｲﾋｴｲﾘｶﾂﾄﾞｳﾎｳｼﾞﾝ", "国立大学法人": "ｺｸﾘﾂﾀﾞｲｶﾞｸﾎｳｼﾞﾝ",
	"独立行政法人": "ﾄﾞｸﾘﾂｷﾞﾖｳｾｲﾎｳｼﾞﾝ", "弁護士法人": "ﾍﾞﾝｺﾞｼﾎｳｼﾞﾝ", "税理士法人": "ｾﾞｲﾘｼﾎｳｼﾞﾝ",
	"司法書士法人": "ｼﾎｳｼﾖｼﾎｳｼﾞﾝ", "行政書士法人": "ｷﾞﾖｳｾｲｼﾖｼﾎｳｼﾞﾝ",
}

// latinForms are words of account names that say: not a person. They count only where the name that
// the person gave does not have them, for Sa, Co and Ag are family names too.
var latinForms = func() map[string]bool {
	m := make(map[string]bool)
	for f := range strings.FieldsSeq("LLC LLP LP LTD LIMITED PLC INC INCORPORATED CORP CORPORATION CO COMPANY GMBH MBH AG KG KGAA OHG GBR UG EV EK " +
		"KK GK YK KABUSHIKI GODO YUGEN KAISHA GAISHA SA SAS SASU SARL EURL SCI SL SLU SRL SPA SNC SAPI BV NV VOF CV AB HB AS ASA APS IVS OY OYJ OU " +
		"UAB SIA DOO DD KFT ZRT BT SRO SPZOO ZOO OO OOO PTY PTE PVT BHD SDN PT TBK LTDA EIRELI ME SE PLLC PC NPO TRUST FOUNDATION STIFTUNG ASSOCIATION VEREIN ENTERPRISES HOLDINGS") {
		m[f] = true
	}
	return m
}()

// byLength returns the keys of m, the longest first: a form that contains another is found before it.
func byLength(m map[string]string) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
}

var kanaFormList, kanjiFormList = byLength(kanaForms), byLength(kanjiForms)

// kanjiForm returns the reading of the legal form in kanji that s begins with, and its length.
func kanjiForm(s []rune) (reading string, n int) {
	head := string(s[:min(len(s), 9)]) // the longest has nine signs
	for _, form := range kanjiFormList {
		if strings.HasPrefix(head, form) {
			return kanjiForms[form], len([]rune(form))
		}
	}
	return "", 0
}

// shorten returns a name in half-width kana with its legal forms as the banks write them.
func shorten(name string) string {
	out := ""
	for rest := name; rest != ""; {
		form := kanaForm(rest)
		if form == "" {
			r := []rune(rest)[0]
			out += string(r)
			rest = rest[len(string(r)):]
			continue
		}
		out = strings.TrimRight(out, " ")
		rest = strings.TrimLeft(rest[len(form):], " ")
		front := out == ""
		if !front {
			out += "("
		}
		out += kanaForms[form]
		if front || rest != "" {
			out += ")"
		}
	}
	return out
}

// kanaForm returns the legal form that a name in half-width kana begins with.
func kanaForm(s string) string {
	for _, form := range kanaFormList {
		if strings.HasPrefix(s, form) {
			return form
		}
	}
	return ""
}

// company reports whether an account name in kana or kanji is that of a company: it has a legal form,
// written out or short.
func company(holder string) bool {
	for _, form := range kanjiFormList {
		if strings.Contains(holder, form) {
			return true
		}
	}
	kana := loose(holder)
	for _, form := range kanaFormList {
		short := kanaForms[form]
		if strings.Contains(kana, form) || strings.HasPrefix(kana, short+")") || strings.HasSuffix(kana, "("+short) || strings.Contains(kana, "("+short+")") {
			return true
		}
	}
	return false
}
