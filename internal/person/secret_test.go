package person

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"hinomi.dev/hinomi/internal/fault"
)

var ctx = context.Background()

func TestAPasswordIsFoundAgain(t *testing.T) {
	h, err := HashPassword(ctx, "four words on paper")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %s", h)
	}
	for _, c := range []struct {
		stored, password string
		want             bool
	}{{h, "four words on paper", true}, {h, "four words on papers", false}, {h, "", false}, {"", "", false}, {"", "anything", false}} {
		ok, outdated, err := matches(ctx, c.stored, c.password)
		if ok != c.want || outdated && c.stored != "" || err != nil {
			t.Errorf("matches(%.12s…, %q) = %v, %v, %v", c.stored, c.password, ok, outdated, err)
		}
	}
	if h2, _ := HashPassword(ctx, "four words on paper"); h2 == h {
		t.Error("two hashes share their salt")
	}
}

func TestAHashOfAnotherCostStillMatchesAndIsReplaced(t *testing.T) {
	c := cost{memory: 64, time: 1, threads: 2}
	old := phc{c, []byte("salt of the old"), argon2.IDKey([]byte("p"), []byte("salt of the old"), 1, 64, 2, 32)}.String()
	ok, outdated, err := matches(ctx, old, "p")
	if !ok || !outdated || err != nil {
		t.Errorf("matches = %v, outdated %v, %v; want true, true", ok, outdated, err)
	}
}

func TestOnlyTwoHashesRunAtOnceAndTheRestMayGiveUp(t *testing.T) {
	hashing <- struct{}{}
	hashing <- struct{}{}
	defer func() { <-hashing; <-hashing }()
	stop, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := HashPassword(stop, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v: a third hash did not wait", err)
	}
}

func TestPHCStringsAreReadStrictly(t *testing.T) {
	good := phc{current, bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 32)}.String()
	if h, err := parsePHC(good); err != nil || h.String() != good {
		t.Fatalf("parsePHC(%q) = %v, %v", good, h, err)
	}
	for name, s := range map[string]string{
		"empty":              "",
		"argon2i":            strings.Replace(good, "argon2id", "argon2i", 1),
		"another version":    strings.Replace(good, "v=19", "v=16", 1),
		"no memory":          strings.Replace(good, "m=19456", "m=0", 1),
		"all the memory":     strings.Replace(good, "m=19456", "m=4294967295", 1),
		"more than a number": strings.Replace(good, "m=19456", "m=99999999999999999999", 1),
		"no pass":            strings.Replace(good, "t=2", "t=0", 1),
		"a year of passes":   strings.Replace(good, "t=2", "t=4000000", 1),
		"256 lanes":          strings.Replace(good, "p=1", "p=256", 1),
		"another order":      strings.Replace(good, "m=19456,t=2", "t=2,m=19456", 1),
		"leading zero":       strings.Replace(good, "t=2", "t=02", 1),
		"a sign":             strings.Replace(good, "t=2", "t=+2", 1),
		"padding":            good + "=",
		"more after it":      good + "$",
		"short salt":         phc{current, []byte("short"), bytes.Repeat([]byte{2}, 32)}.String(),
		"short key":          phc{current, bytes.Repeat([]byte{1}, 16), []byte("short")}.String(),
		"very long":          good + strings.Repeat("A", 10_000),
	} {
		if _, err := parsePHC(s); err == nil {
			t.Errorf("%s: %.80q was read", name, s)
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(phc{current, bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 32)}.String())
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parsePHC(s)
		if err != nil {
			return
		}
		if h.String() != s {
			t.Errorf("%q is read as %q", s, h.String())
		}
		if h.memory > mostMemory || h.time > mostTime || h.threads < 1 || len(h.key) < 16 {
			t.Errorf("%q asks for too much: %+v", s, h.cost)
		}
	})
}

func TestNewPasswordsAreChecked(t *testing.T) {
	about := []string{"mei.sato@example.test", "佐藤芽衣"}
	for s, ok := range map[string]bool{
		"four words on paper":          true,
		"correct stapler of the horse": true,
		"夕焼けの丘で猫が三匹歌う":                 true,
		"ｗｉｄｅ　ｌｅｔｔｅｒｓ　ａｒｅ　ｆｉｎｅ":        true,
		"193847562019":                        true,
		strings.Repeat("long sentence, ", 60): true,
		"elevenchars":                         false,
		"寿限無寿限無":                              false,
		"password1234":                        false,
		"P455w0rd!!2020":                      false,
		"passwordpassword":                    false,
		"letmeinletmein":                      false,
		"ilovesakura2020":                     false,
		"123456789012":                        false,
		"qwertyuiop123":                       false,
		"1qaz2wsx3edc":                        false,
		"aaaaaaaaaaaaa":                       false,
		"abcabcabcabc":                        false,
		"zyxwvutsrqponm":                      false,
		"パスワードパスワード123":                       false,
		"xx-sato-likes-tea":                   true, // four letters of a name occur by chance
		"my name is 佐藤芽衣 ok":                  false,
		"mei.sato@example.test":               false,
		"the example is nice":                 false,
		strings.Repeat("a b c d e f ", 86):    false, // 1032 bytes
		strings.Repeat("ﷺ", 100):              false, // 300 bytes that NFKC makes 3,300
		"broken \xff text here":               false,
	} {
		got, err := CheckPassword(s, about...)
		if (err == nil) != ok {
			t.Errorf("CheckPassword(%.40q) = %v, want fine = %v", s, err, ok)
		}
		if err != nil && (!fault.Is(err, fault.Invalid) || fault.As(err).Field != "password" || got != "") {
			t.Errorf("CheckPassword(%.40q) = %q, %v", s, got, err)
		}
	}
}

func TestTwoKeyboardsWriteOnePassword(t *testing.T) {
	a, err1 := CheckPassword("ｆｏｕｒ ｗｏｒｄｓ ｏｎ ｐａｐｅｒ")
	b, err2 := CheckPassword("four words on paper")
	c, err3 := CheckPassword("cafe\u0301 au lait noir")
	d, err4 := CheckPassword("café au lait noir")
	if err := errors.Join(err1, err2, err3, err4); err != nil || a != b || c != d {
		t.Errorf("%q and %q, %q and %q, %v", a, b, c, d, err)
	}
}

func TestTenThousandCharactersAreRefusedWithoutHashing(t *testing.T) {
	hashing <- struct{}{}
	hashing <- struct{}{} // a hash would wait now, and say that many people are signing in
	defer func() { <-hashing; <-hashing }()
	_, err := CheckPassword(strings.Repeat("あ", 10_000))
	if f := fault.As(err); f == nil || !strings.Contains(f.Text.EN, "longer than 1024 bytes") {
		t.Errorf("err = %v", err)
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("four words on paper", "mei@example.test")
	f.Add("ﷺﷺﷺﷺ", "")
	f.Fuzz(func(t *testing.T, s, about string) {
		got, err := CheckPassword(s, about)
		if err != nil {
			return
		}
		if len(got) > maxPasswordBytes || len([]rune(got)) < minPassword {
			t.Errorf("%q became %q", s, got)
		}
		// What is stored when choosing must be what is compared when signing in.
		if again, err := normalPassword(s); err != nil || again != got {
			t.Errorf("%q is hashed as %q and compared as %q, %v", s, got, again, err)
		}
	})
}

// The test vectors of RFC 6238, appendix B, for SHA-1, and of RFC 4226, appendix D.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := totp(secret, stepAt(time.Unix(unix, 0)), 8); got != want {
			t.Errorf("at %d: %s, want %s", unix, got, want)
		}
	}
	for step, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := totp(secret, int64(step), 6); got != want {
			t.Errorf("step %d: %s, want %s", step, got, want)
		}
	}
}

func TestACodeIsTakenOneStepEitherSide(t *testing.T) {
	secret, now := newTOTPSecret(), time.Unix(1_600_000_000, 0)
	for off := int64(-3); off <= 3; off++ {
		step, ok := matchStep(secret, totp(secret, stepAt(now)+off, 6), now)
		if want := off >= -1 && off <= 1; ok != want || ok && step != stepAt(now)+off {
			t.Errorf("%+d steps: %v at %d", off, ok, step)
		}
	}
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	for in, want := range map[string]code{
		"123456":                 {digits: "123456"},
		" 123 456 ":              {digits: "123456"},
		"１２３４５６":                 {digits: "123456"},
		"123-456":                {digits: "123456"},
		"7K3M-9QXA-BCDE-0123":    {recovery: "7K3M9QXABCDE0123"},
		"7k3m 9qxa bcde oil3":    {recovery: "7K3M9QXABCDE0113"},
		"12345":                  {},
		"1234567":                {},
		"12345a":                 {},
		"":                       {},
		"٣٤٥٦٧٨":                 {}, // digits, but not of the app
		strings.Repeat("1", 1e5): {},
	} {
		if got := parseCode(in); got != want {
			t.Errorf("parseCode(%.30q) = %+v, want %+v", in, got, want)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"123456", "１２３ ４５６", "7K3M-9QXA-BCDE-0123", "ー", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := parseCode(s)
		if c.digits != "" && c.recovery != "" || c.digits != "" && len(c.digits) != 6 || c.recovery != "" && len(c.recovery) != codeLetters {
			t.Errorf("parseCode(%q) = %+v", s, c)
		}
		if c.recovery != "" && parseCode(Groups(c.recovery)) != c {
			t.Errorf("%q does not come back from its groups", c.recovery)
		}
	})
}

func TestProvisioningURIsAreReadByApps(t *testing.T) {
	got := provisioning("Hinomi & Co", "mei+line@example.test", []byte("12345678901234567890"))
	want := "otpauth://totp/Hinomi%20&%20Co:mei+line@example.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Hinomi%20%26%20Co&algorithm=SHA1&digits=6&period=30"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSealedSecretsOpenOnlyWhereTheyBelong(t *testing.T) {
	p := &People{Key: bytes.Repeat([]byte{7}, KeySize)}
	sealed, err := p.seal("totp", "person 1", []byte("secret"))
	if err != nil || bytes.Contains(sealed, []byte("secret")) {
		t.Fatalf("sealed = %x, %v", sealed, err)
	}
	if text, err := p.unseal("totp", "person 1", sealed); err != nil || string(text) != "secret" {
		t.Errorf("unseal = %q, %v", text, err)
	}
	other := &People{Key: bytes.Repeat([]byte{8}, KeySize)}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another person": func() ([]byte, error) { return p.unseal("totp", "person 2", sealed) },
		"another use":    func() ([]byte, error) { return p.unseal("offer", "person 1", sealed) },
		"another key":    func() ([]byte, error) { return other.unseal("totp", "person 1", sealed) },
		"a changed bit":  func() ([]byte, error) { return p.unseal("totp", "person 1", changed) },
		"too little":     func() ([]byte, error) { return p.unseal("totp", "person 1", sealed[:5]) },
		"no key":         func() ([]byte, error) { return (&People{}).unseal("totp", "person 1", sealed) },
	} {
		if text, err := open(); err == nil {
			t.Errorf("%s: it opened: %q", name, text)
		}
	}
}

func TestHashingHoldsNoPlaceAfterwards(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			if _, err := derive(ctx, fmt.Sprint(i), make([]byte, 16), cost{64, 1, 1}, 32); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(hashing) != 0 {
		t.Errorf("%d places are still held", len(hashing))
	}
}

func TestTokensAreRandomAndStoredHashed(t *testing.T) {
	a, ha := newToken()
	b, hb := newToken()
	if a == b || len(a) != 43 || bytes.Equal(ha, hb) || !bytes.Equal(ha, tokenHash(a)) || bytes.Contains(ha, []byte(a[:8])) {
		t.Errorf("tokens %q, %q", a, b)
	}
}
