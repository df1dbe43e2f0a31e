package screening

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// romanised returns a name in kana in Latin letters, as different people would write it: by Hepburn
// (as in passports: SHI, and M before B, M and P) and by Kunrei (SI), with the long vowels as they
// stand in kana (OU), left out (O), and as OH. A name with anything else than kana returns nothing:
// nobody knows how kanji are read.
func romanised(name string) []string {
	kana := strings.Map(hiragana, norm.NFKC.String(name))
	found := false
	for _, r := range kana {
		if unicode.Is(unicode.Hiragana, r) {
			found = true
		} else if r != 'ー' && r != ' ' {
			return nil
		}
	}
	if !found {
		return nil
	}
	var all []string
	for _, kunrei := range []bool{false, true} {
		for _, long := range []longVowel{spelt, dropped, withH} {
			all = append(all, roman([]rune(kana), kunrei, long))
		}
	}
	return all
}

// hiragana folds katakana, and whatever may stand between the parts of a name into a space.
func hiragana(r rune) rune {
	switch {
	case 'ァ' <= r && r <= 'ヶ':
		return r - 'ァ' + 'ぁ'
	case unicode.IsSpace(r), strings.ContainsRune("・゠=＝,.、-‐", r):
		return ' '
	}
	return r
}

type longVowel int

const (
	spelt   longVowel = iota // OU, UU
	dropped                  // O, U
	withH                    // OH, U
)

// hepburn has the kana in rows; a row's syllables stand in the order of the kana.
var hepburn = func() map[rune]string {
	m := map[rune]string{'ん': "N", 'ゔ': "VU", 'わ': "WA", 'ゐ': "I", 'ゑ': "E", 'を': "O", 'ゎ': "WA", 'ゕ': "KA", 'ゖ': "KE"}
	for kana, syllables := range map[string]string{
		"あいうえお": "A I U E O", "かきくけこ": "KA KI KU KE KO", "がぎぐげご": "GA GI GU GE GO",
		"さしすせそ": "SA SHI SU SE SO", "ざじずぜぞ": "ZA JI ZU ZE ZO",
		"たちつてと": "TA CHI TSU TE TO", "だぢづでど": "DA JI ZU DE DO",
		"なにぬねの": "NA NI NU NE NO", "はひふへほ": "HA HI FU HE HO", "ばびぶべぼ": "BA BI BU BE BO", "ぱぴぷぺぽ": "PA PI PU PE PO",
		"まみむめも": "MA MI MU ME MO", "やゆよ": "YA YU YO", "らりるれろ": "RA RI RU RE RO",
		"ぁぃぅぇぉ": "A I U E O", "ゃゅょ": "YA YU YO",
	} {
		each := strings.Fields(syllables)
		for i, r := range []rune(kana) {
			m[r] = each[i]
		}
	}
	return m
}()

// kunrei are the consonants that Kunrei writes otherwise. It needs the vowel: JI is ZI, FU is HU.
var kunreiOf = strings.NewReplacer("SHI", "SI", "CHI", "TI", "TSU", "TU", "JI", "ZI", "FU", "HU",
	"SH", "SY", "CH", "TY", "J", "ZY")

// roman writes kana syllable by syllable.
func roman(kana []rune, kunrei bool, long longVowel) string {
	var out []byte
	double := false // after っ
	for i := 0; i < len(kana); i++ {
		r := kana[i]
		switch {
		case r == ' ':
			out = append(out, ' ')
			continue
		case r == 'っ':
			double = true
			continue
		case lengthens(out, r):
			out = lengthen(out, r, long)
			continue
		case r == 'ー':
			continue // lengthens nothing
		}
		s := hepburn[r]
		if i+1 < len(kana) && strings.ContainsRune("ぁぃぅぇぉゃゅょ", kana[i+1]) {
			i++
			s = contract(s, hepburn[kana[i]])
		}
		if kunrei {
			s = kunreiOf.Replace(s)
		}
		if s != "" && double && !strings.ContainsRune("AIUEO", rune(s[0])) {
			if strings.HasPrefix(s, "CH") {
				out = append(out, 'T')
			} else {
				out = append(out, s[0])
			}
		}
		double = false
		if n := len(out); n > 0 && out[n-1] == 'N' && !kunrei && s != "" && strings.ContainsRune("BMP", rune(s[0])) {
			out[n-1] = 'M'
		}
		out = append(out, s...)
	}
	return string(out)
}

// contract joins a syllable and a small kana: KI and YA are KYA, SHI and YA are SHA, FU and A are
// FA, U and I are WI.
func contract(s, small string) string {
	if s == "" || s == "N" {
		return s + small
	}
	consonant := s[:len(s)-1]
	switch {
	case consonant == "" && s == "U" && small[0] != 'Y':
		return "W" + small
	case consonant == "":
		return s + small
	case small[0] == 'Y' && (consonant == "SH" || consonant == "CH" || consonant == "J"):
		return consonant + small[1:]
	}
	return consonant + small
}

// lengthens reports whether r makes the vowel before it long.
func lengthens(out []byte, r rune) bool {
	if len(out) == 0 {
		return false
	}
	switch last := out[len(out)-1]; r {
	case 'ー':
		return strings.ContainsRune("AIUEO", rune(last))
	case 'う':
		return last == 'O' || last == 'U'
	case 'お':
		return last == 'O'
	}
	return false
}

func lengthen(out []byte, r rune, long longVowel) []byte {
	last := out[len(out)-1]
	switch {
	case long == spelt && r == 'う':
		return append(out, 'U')
	case long == spelt:
		return append(out, last)
	case long == withH && last == 'O':
		return append(out, 'H')
	}
	return out
}
