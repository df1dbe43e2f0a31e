package attachment

import (
	"mime"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSafeName(t *testing.T) {
	for name, want := range map[string]string{
		"poc.png": "poc.png",
		"スクリーンショット 2020-10-15.png":           "スクリーンショット 2020-10-15.png",
		"か\u3099ぞう.png":                      "がぞう.png",
		"결과.txt":                             "결과.txt",
		"../../etc/passwd":                   "passwd",
		`C:\Users\me\poc.html`:               "poc.html",
		"/":                                  "file",
		"":                                   "file",
		"...":                                "file",
		" . . ":                              "file",
		".htaccess":                          "htaccess",
		"name.exe.":                          "name.exe",
		"cod\u202eexe.doc":                   "codexe.doc",
		"\u2066a\u2069\u200bb\ufeff.txt":     "ab.txt",
		"a\r\nSet-Cookie: x=1.txt":           "a Set-Cookie_ x=1.txt",
		"nul\x00byte.png":                    "nulbyte.png",
		"CON":                                "_CON",
		"con.txt":                            "_con.txt",
		"Aux .zip":                           "_Aux .zip",
		"COM1.log":                           "_COM1.log",
		"com¹":                               "_com¹",
		"CONSOLE.txt":                        "CONSOLE.txt",
		"lpt.txt":                            "lpt.txt",
		`a"b<c>d|e?f*g:h.txt`:                "a_b_c_d_e_f_g_h.txt",
		"a\u2215b\u2044c":                    "a_b_c",
		"  two   spaces\t.txt":               "two spaces .txt",
		"\xff\xfe.bin":                       "_.bin",
		"e" + strings.Repeat("\u0335", 30):   "e\u0335\u0335",
		"\u115f\u3164":                       "file",
		strings.Repeat("あ", 300) + ".tar.gz": strings.Repeat("あ", 65) + ".gz",
		strings.Repeat("x", 10_000):          strings.Repeat("x", 200),
		"a." + strings.Repeat("y", 300):      "a." + strings.Repeat("y", 198),
	} {
		if got := SafeName(name); got != want {
			t.Errorf("SafeName(%.60q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"poc.png", "cod\u202eexe.doc", "con", ".. /..", "か\u3099", "\xff", "a\u0301\u0301\u0301.", "ﬁ.txt", "com¹ .x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		s := SafeName(name)
		if again := SafeName(s); again != s {
			t.Fatalf("SafeName(%q) = %q, and again %q", name, s, again)
		}
		if s == "" || len(s) > maxName+1 || !utf8.ValidString(s) || strings.ContainsAny(s, "/\\:<>\"|?*\x00") || s[0] == '.' || reserved.MatchString(s) {
			t.Fatalf("SafeName(%q) = %q", name, s)
		}
		for _, r := range s {
			if unicode.In(r, unicode.C) || unicode.IsSpace(r) && r != ' ' {
				t.Fatalf("SafeName(%q) = %q has %U", name, s, r)
			}
		}
		h := http.Header{}
		Headers(h, name, 1)
		kind, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
		if err != nil || kind != "attachment" || params["filename"] != s {
			t.Fatalf("SafeName(%q): the header %q is read as %q %v, %v", name, h.Get("Content-Disposition"), kind, params, err)
		}
	})
}

func TestADownloadIsNeverOpenedInOurOrigin(t *testing.T) {
	h := http.Header{}
	Headers(h, `証拠 "1".html`, 42)
	for key, want := range map[string]string{
		"Content-Type":                 "application/octet-stream",
		"Content-Length":               "42",
		"Content-Disposition":          `attachment; filename="__ _1_.html"; filename*=UTF-8''%E8%A8%BC%E6%8B%A0%20_1_.html`,
		"X-Content-Type-Options":       "nosniff",
		"Content-Security-Policy":      "sandbox; default-src 'none'",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "private, no-store",
	} {
		if got := h.Get(key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64][2]string{
		0: {"0 bytes", "0バイト"}, 1023: {"1023 bytes", "1023バイト"}, 1536: {"1.5 KB", "1.5 KB"}, 200 << 20: {"200 MB", "200 MB"}, 1<<63 - 1: {"8 EB", "8 EB"},
	} {
		if en, ja := Bytes(n); en != want[0] || ja != want[1] {
			t.Errorf("Bytes(%d) = %s, %s", n, en, ja)
		}
	}
}
