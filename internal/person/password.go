package person

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hinomi.dev/hinomi/internal/fault"
)

const (
	minPassword      = 12   // characters after normalisation
	maxPasswordBytes = 1024 // argon2id reads it twice; a sentence is far shorter
)

//go:embed common.txt
var commonText string

// common is the embedded list of words that passwords are made of, each line one.
var common = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if w := strings.TrimSpace(line); w != "" && !strings.HasPrefix(w, "#") {
			words[w] = true
		}
	}
	return words
})

// normalPassword returns the password as it is hashed: NFKC, so that a keyboard which writes ｐａｓｓ or a
// decomposed é opens the same door. It refuses what is too long before anything costly is done with it.
func normalPassword(s string) (string, error) {
	n := s
	if len(s) <= maxPasswordBytes {
		n = norm.NFKC.String(s) // makes some characters longer: so the length is looked at afterwards
	}
	switch {
	case len(n) > maxPasswordBytes:
		return "", fault.New(fault.Invalid,
			"This password is longer than %d bytes. A sentence of six or seven words is as strong: choose a shorter one, please.",
			"パスワードが%dバイトを超えています。6〜7語程度の文で十分に安全です。もう少し短くしてください。", maxPasswordBytes).At("password")
	case !utf8.ValidString(n) || strings.ContainsRune(n, 0):
		return "", fault.New(fault.Invalid,
			"This password is not text. Type it instead of pasting it.",
			"パスワードに文字として読めないデータが含まれています。貼り付けずに入力してください。").At("password")
	}
	return n, nil
}

// CheckPassword returns a new password as it is hashed, or says why it will not do. about is what an
// attacker tries first: the person's mail address and name. No rule asks for digits or signs: they
// make passwords worse, not better.
func CheckPassword(s string, about ...string) (string, error) {
	n, err := normalPassword(s)
	if err != nil {
		return "", err
	}
	if utf8.RuneCountInString(n) < minPassword {
		return "", fault.New(fault.Invalid,
			"A password needs at least %d characters. Three or four words that do not belong together are easy to remember.",
			"パスワードは%d文字以上にしてください。関係のない言葉を3〜4つ並べると覚えやすくなります。", minPassword).At("password")
	}
	low := strings.ToLower(n)
	for _, w := range ownWords(about) {
		if strings.Contains(low, w) {
			return "", fault.New(fault.Invalid,
				"This password contains your name or mail address, which is what others try first. Choose another.",
				"お名前またはメールアドレスが含まれています。推測されやすいため、別のパスワードにしてください。").At("password")
		}
	}
	if guessable(low) {
		return "", fault.New(fault.Invalid,
			"This password is among the first that attackers try. Choose another: words that do not belong together.",
			"推測されやすいパスワードです。関係のない言葉を組み合わせた、別のパスワードにしてください。").At("password")
	}
	return n, nil
}

// ownWords returns the pieces of a mail address and a name that are long enough to matter: whole
// words only, because three letters of a name occur in honest passwords.
func ownWords(about []string) []string {
	var words []string
	for _, a := range about {
		a = strings.ToLower(norm.NFKC.String(a))
		pieces := strings.FieldsFunc(a, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
		for _, p := range append(pieces, a) {
			if n := utf8.RuneCountInString(p); n >= 5 || n >= 3 && len(p) > n { // 佐藤芽 says more than "tom"
				words = append(words, p)
			}
		}
	}
	return words
}

// guessable reports whether a lower-case password is a common word dressed up: with digits and signs
// around it, with 0 for o and the like, repeated, or a run along the keyboard or the alphabet.
func guessable(low string) bool {
	distinct := map[rune]bool{}
	for _, r := range low {
		distinct[r] = true
	}
	if len(distinct) < 5 || run(low) {
		return true
	}
	core := letters(low)
	for _, s := range []string{low, core, plain.Replace(core), letters(plain.Replace(low))} {
		s = repeated(s)
		if common()[s] || pair(s) {
			return true
		}
	}
	return false
}

// plain undoes what people do to letters to please rules about digits and signs.
var plain = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// letters returns s without what is no letter at either end.
func letters(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}

// pair reports whether s is two common words one after the other.
func pair(s string) bool {
	for i := range s {
		if common()[s[:i]] && common()[s[i:]] {
			return true
		}
	}
	return false
}

// repeated returns the piece that s repeats, or s.
func repeated(s string) string {
	for n := 1; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return s[:n]
		}
	}
	return s
}

// keys are the runs that fingers make.
var keys = []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"}

// run reports whether at least two thirds of the password lie in runs of four or more neighbouring keys.
func run(s string) bool {
	r := []rune(s)
	in := 0
	for i := 0; i < len(r); {
		n := 1
		for n < len(r)-i && neighbours(r[i:i+n+1]) {
			n++
		}
		if n >= 4 {
			in += n
		}
		i += n
	}
	return in*3 >= len(r)*2
}

func neighbours(r []rune) bool {
	forward := string(r)
	back := slices.Clone(r)
	slices.Reverse(back)
	for _, k := range keys {
		if strings.Contains(k, forward) || strings.Contains(k, string(back)) {
			return true
		}
	}
	return false
}
