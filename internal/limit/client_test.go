package limit

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestOnlyOurProxiesSayWhoTheClientIs(t *testing.T) {
	ours, err := ParseProxies([]string{"10.1.0.0/16", "2001:db8::7", "::ffff:172.16.0.0/108"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		from string
		says []string
		want string
	}{
		"nobody in between":                    {"192.0.2.1:9", nil, "192.0.2.1"},
		"a stranger's claim":                   {"192.0.2.1:9", []string{"198.51.100.1"}, "192.0.2.1"},
		"a proxy on this machine":              {"127.0.0.1:9", []string{"198.51.100.1"}, "198.51.100.1"},
		"a proxy of ours":                      {"10.1.2.3:9", []string{"198.51.100.1"}, "198.51.100.1"},
		"a proxy of ours by IPv6":              {"[2001:db8::7]:9", []string{"198.51.100.1"}, "198.51.100.1"},
		"a proxy mapped into IPv6":             {"[::ffff:10.1.2.3]:9", []string{"198.51.100.1"}, "198.51.100.1"},
		"a proxy that was written mapped":      {"172.17.0.1:9", []string{"198.51.100.1"}, "198.51.100.1"},
		"two proxies of ours":                  {"127.0.0.1:9", []string{"198.51.100.1, 10.1.9.9"}, "198.51.100.1"},
		"the same in two lines":                {"127.0.0.1:9", []string{"198.51.100.1", "10.1.9.9"}, "198.51.100.1"},
		"what the client wrote before":         {"10.1.2.3:9", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		"a client that claims to be our proxy": {"10.1.2.3:9", []string{"203.0.113.9, 10.1.7.7, 198.51.100.1"}, "198.51.100.1"},
		"a proxy that says nothing":            {"10.1.2.3:9", nil, "10.1.2.3"},
		"a proxy that says nonsense":           {"10.1.2.3:9", []string{"unknown"}, "10.1.2.3"},
		"no address at all":                    {"@", nil, "@"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.from
			for _, s := range c.says {
				r.Header.Add("X-Forwarded-For", s)
			}
			l := &Limits{Proxies: ours}
			if got := l.Client(r); got != c.want {
				t.Errorf("the client is %q, want %q", got, c.want)
			}
		})
	}
}

func TestEverybodyIsNoProxy(t *testing.T) {
	for _, s := range []string{"0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "proxy.example", "10.0.0.0/33", ""} {
		if _, err := ParseProxies([]string{s}); err == nil {
			t.Errorf("%q passes as a proxy", s)
		}
	}
}

func FuzzClient(f *testing.F) {
	f.Add("127.0.0.1:1", "198.51.100.1, 10.1.9.9")
	f.Add("[::1]:1", ",,")
	f.Fuzz(func(t *testing.T, from, says string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = from
		r.Header["X-Forwarded-For"] = []string{says}
		l := &Limits{Proxies: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
		if got := l.Client(r); got == "" && from != "" {
			t.Errorf("%q with %q is nobody", from, says)
		}
	})
}
