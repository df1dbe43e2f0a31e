package fold

import (
	"unicode"
	"unicode/utf8"
)

// kana writes r if it is kana or belongs to kana (a long mark, an iteration mark), and reports
// whether it was. Everything becomes hiragana of full size: small ones are often typed large
// (ウィルス, ウイルス), and half-width text has lost the difference.
func (f *folder) kana(r, next rune) bool {
	kata := katakana(r)
	switch {
	case r == 0x3099 || r == 0x309a:
		return true // a voiced mark that composed with nothing
	case f.longMark(r, next):
		f.lengthen()
		return true
	case r == 'ゝ' || r == 'ヽ' || r == 'ゞ' || r == 'ヾ':
		if f.gap != none || !hiragana(f.last) {
			return true // repeats nothing
		}
		again := f.last
		if (r == 'ゞ' || r == 'ヾ') && voiceable(again) {
			again++
		}
		f.letter(again, r == 'ヽ' || r == 'ヾ')
		return true
	case !kata && !hiragana(r):
		return false
	}
	if f.vu && f.gap == none {
		if b := after(r); b != 0 { // ヴァ ヴィ ヴェ ヴォ are バ ビ ベ ボ
			f.out = append(f.out[:len(f.out)-utf8.RuneLen('ぶ')], string(b)...)
			f.last, f.vu = b, false
			return true
		}
	}
	f.letter(full(r), kata)
	f.vu = r == 'ヴ' || r == 'ゔ'
	return true
}

// letter writes a kana and counts it as part of its katakana word.
func (f *folder) letter(r rune, kata bool) {
	if !f.kata || f.gap != none {
		f.word = 0
	}
	if kata {
		f.word++
	}
	f.vu = false
	f.write(r, kata)
}

// longMark reports whether r lengthens the kana before it: ー after kana, or a dash that stands
// between two katakana where somebody could not find the ー key.
func (f *folder) longMark(r, next rune) bool {
	if f.gap != none {
		return false
	}
	switch r {
	case 'ー':
		return hiragana(f.last) || f.last == 'ー'
	case '−', '―', '—', '─':
		return f.kata && katakana(next)
	}
	return false
}

// lengthen writes one long mark for any number of them.
func (f *folder) lengthen() {
	if f.last == 'ー' || f.long && f.kata && f.word >= 2 {
		return
	}
	f.write('ー', f.kata)
}

func katakana(r rune) bool { return 'ァ' <= r && r <= 'ヺ' || 'ㇰ' <= r && r <= 'ㇿ' }
func hiragana(r rune) bool { return 'ぁ' <= r && r <= 'ゖ' }

// full returns the hiragana of full size that r is folded into.
func full(r rune) rune {
	switch {
	case 'ㇰ' <= r && r <= 'ㇿ':
		return []rune("くしすとぬはひふへほむらりるれろ")[r-'ㇰ']
	case 'ヷ' <= r:
		return []rune("ばびべぼ")[r-'ヷ']
	case 'ァ' <= r && r <= 'ヶ':
		r -= 'ァ' - 'ぁ'
	}
	switch r {
	case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ', 'っ', 'ゃ', 'ゅ', 'ょ', 'ゎ':
		return r + 1
	case 'ゕ', 'ゖ':
		return 'か' // 三ヶ月, 三ヵ月, 三か月
	case 'ゔ':
		return 'ぶ'
	}
	return r
}

// after returns what ヴ and the small vowel r are folded into, or 0.
func after(r rune) rune {
	switch r {
	case 'ァ', 'ぁ':
		return 'ば'
	case 'ィ', 'ぃ':
		return 'び'
	case 'ェ', 'ぇ':
		return 'べ'
	case 'ォ', 'ぉ':
		return 'ぼ'
	}
	return 0
}

// voiceable reports whether the sign after r in Unicode is r with a voiced mark.
func voiceable(r rune) bool {
	return 'か' <= r && r <= 'ぢ' && (r-'か')%2 == 0 || r == 'つ' || r == 'て' || r == 'と' ||
		'は' <= r && r <= 'ほ' && (r-'は')%3 == 0
}

// Dense reports whether r belongs to a script written without spaces between words, or with few:
// such text is searched by pairs of signs.
func Dense(r rune) bool {
	switch {
	case r < 0x0e00:
		return false
	case 0x3041 <= r && r <= 0x30ff, 0x4e00 <= r && r <= 0x9fff:
		return r != '゠' && r != '・'
	case r == '々', r == '〆', r == '〇', 0x3400 <= r && r <= 0x4dbf, 0xac00 <= r && r <= 0xd7a3,
		0x0e00 <= r && r <= 0x0eff, 0x1000 <= r && r <= 0x109f, 0x1100 <= r && r <= 0x11ff,
		0x1780 <= r && r <= 0x17ff, 0x3105 <= r && r <= 0x312f, 0xf900 <= r && r <= 0xfaff,
		0x20000 <= r && r <= 0x3ffff:
		return unicode.In(r, unicode.L, unicode.M, unicode.N)
	}
	return false
}
