package limit

import (
	"net"
	"net/http"
	"net/netip"
)

// Client returns where a request comes from, for rate limits. A proxy on this machine says whom it
// speaks for; anybody else's word about that is not heard.
func Client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	from, err := netip.ParseAddr(host)
	if err != nil || !from.IsLoopback() {
		return host
	}
	list := r.Header.Values("X-Forwarded-For")
	if len(list) == 0 {
		return host
	}
	last := list[len(list)-1]
	for i := len(last) - 1; i >= 0; i-- {
		if last[i] == ',' || last[i] == ' ' {
			last = last[i+1:]
			break
		}
	}
	if a, err := netip.ParseAddr(last); err == nil {
		return a.String()
	}
	return host
}
