package bank

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"hinomi.dev/hinomi/internal/lang"
)

// An Answer says whether an account is held under the name of the person to be paid.
type Answer string

// The answers. A person decides on Review, and may overrule the others with a note.
const (
	Yes    Answer = "yes"
	No     Answer = "no"
	Review Answer = "review"
)

// A Verdict is an answer with its reason.
type Verdict struct {
	Match  Answer
	Reason string // "same", "initials", …: for machines
	Text   lang.Text
}

// reasons are all verdicts there are.
var reasons = map[string]Verdict{
	"same":          {Yes, "", lang.Text{EN: "The names are the same.", JA: "名義は一致しています。"}},
	"spacing":       {Review, "", lang.Text{EN: "The letters are the same, divided into other words.", JA: "文字は同じですが、区切りが異なります。"}},
	"order":         {Review, "", lang.Text{EN: "The words are the same, in another order.", JA: "語は同じですが、順序が異なります。"}},
	"initials":      {Review, "", lang.Text{EN: "A word stands as an initial only.", JA: "一部がイニシャルになっています。"}},
	"extra_token":   {Review, "", lang.Text{EN: "The account name has words that the name does not have.", JA: "口座名義に、氏名にない語があります。"}},
	"missing_token": {Review, "", lang.Text{EN: "The account name lacks words of the name.", JA: "口座名義に、氏名の一部がありません。"}},
	"joint":         {Review, "", lang.Text{EN: "It seems to be a joint account.", JA: "共同名義の口座のようです。"}},
	"variant":       {Review, "", lang.Text{EN: "The names differ in variants of the same characters.", JA: "異体字の違いがあります。"}},
	"kana_needed":   {Review, "", lang.Text{EN: "The account name is in kana: the name is needed in kana to compare them.", JA: "口座名義がカナのため、比べるには氏名のカナが必要です。"}},
	"script":        {Review, "", lang.Text{EN: "The names are in different scripts.", JA: "氏名と口座名義の文字の種類が異なります。"}},
	"missing":       {Review, "", lang.Text{EN: "There is nothing to compare.", JA: "比べる名前がありません。"}},
	"legal_form":    {No, "", lang.Text{EN: "The account belongs to a company: it has a legal form in its name.", JA: "口座名義に法人格があり、本人の口座ではありません。"}},
	"different":     {No, "", lang.Text{EN: "The names are different.", JA: "名義が異なります。"}},
}

func verdict(reason string) Verdict {
	v := reasons[reason]
	v.Reason = reason
	return v
}

// Match compares the name of a person, with its reading in kana if there is one, with the name on
// the account. In kana the reading decides, in half width as banks keep it; in alphabets the
// words do, whatever their order, accents and case.
func Match(name, kana, holder string) Verdict {
	name, kana, holder = strings.TrimSpace(name), strings.TrimSpace(kana), strings.TrimSpace(holder)
	if name == "" || holder == "" {
		return verdict("missing")
	}
	if company(holder) && !company(name) {
		return verdict("legal_form")
	}
	switch scriptOf(holder) {
	case kanaScript:
		if kana == "" && scriptOf(name) == kanaScript {
			kana = name
		}
		if kana == "" {
			return verdict("kana_needed")
		}
		return matchKana(kana, holder)
	case hanScript:
		return matchHan(name, holder)
	case alphabet:
		if s := scriptOf(name); s != alphabet {
			return verdict("script")
		}
		return matchWords(name, holder)
	}
	return verdict("missing") // signs and digits alone
}

type script int

const (
	noScript script = iota
	alphabet
	kanaScript
	hanScript // with kanji or hangul, whatever else there is
)

// scriptOf returns the script that a name has to be compared in.
func scriptOf(name string) script {
	s := noScript
	for _, r := range norm.NFKC.String(name) {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hangul):
			return hanScript
		case unicode.In(r, unicode.Katakana, unicode.Hiragana):
			s = kanaScript
		case unicode.IsLetter(r) && s == noScript:
			s = alphabet
		}
	}
	return s
}

// matchKana compares a reading with an account name in kana. Banks keep names with a space between
// family and given name or without, so spaces do not tell names apart.
func matchKana(kana, holder string) Verdict {
	a, b := strings.Fields(loose(kana)), strings.Fields(loose(holder))
	if strings.Join(a, "") == strings.Join(b, "") {
		return verdict("same")
	}
	missing, extra := difference(a, b)
	switch {
	case len(missing)+len(extra) == 0:
		return verdict("order")
	case len(missing) == 0, len(a) > 1 && strings.Contains(strings.Join(b, ""), strings.Join(a, "")):
		return verdict("extra_token")
	case len(extra) == 0:
		return verdict("missing_token")
	}
	return verdict("different")
}

// variants are kanji that families write in more than one way and banks in one.
var variants = strings.NewReplacer("髙", "高", "﨑", "崎", "碕", "崎", "邊", "辺", "邉", "辺", "齋", "斎", "齊", "斉", "濵", "浜", "濱", "浜",
	"澤", "沢", "嶋", "島", "嶌", "島", "櫻", "桜", "廣", "広", "國", "国", "眞", "真", "惠", "恵", "德", "徳", "曾", "曽", "𠮷", "吉", "冨", "富", "槇", "槙", "來", "来", "榮", "栄", "龍", "竜", "瀨", "瀬")

// matchHan compares names in kanji or hangul sign by sign.
func matchHan(name, holder string) Verdict {
	if scriptOf(name) != hanScript {
		return verdict("script")
	}
	a, b := unspaced(name), unspaced(holder)
	switch {
	case a == b:
		return verdict("same")
	case variants.Replace(a) == variants.Replace(b):
		return verdict("variant")
	case strings.Contains(b, a):
		return verdict("extra_token")
	}
	return verdict("different")
}

func unspaced(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || MiddleDot(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
}

// matchWords compares names in an alphabet.
func matchWords(name, holder string) Verdict {
	for _, a := range spellings(name) {
		for _, b := range spellings(holder) {
			if missing, extra := difference(a, b); len(missing)+len(extra) == 0 {
				return verdict("same")
			}
		}
	}
	a, b := words(name, false, false), words(holder, false, false)
	missing, extra := difference(a, b)
	common := len(a) - len(missing)
	isJoint := slices.ContainsFunc(extra, func(w string) bool { return jointWords[w] })
	missing, rest, initials := pairInitials(missing, extra)
	switch {
	case slices.ContainsFunc(extra, func(w string) bool { return latinForms[w] }):
		return verdict("legal_form")
	case isJoint && (common > 0 || initials):
		return verdict("joint")
	case strings.Join(missing, "") == strings.Join(rest, "") && !initials:
		return verdict("spacing")
	case common == 0 || len(missing) > 0 && len(rest) > 0:
		return verdict("different")
	case initials:
		return verdict("initials")
	case len(rest) > 0:
		return verdict("extra_token")
	}
	return verdict("missing_token")
}
