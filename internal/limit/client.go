package limit

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ParseProxies reads the networks of the proxies in front of us, such as "10.0.0.0/8" or "192.0.2.7".
func ParseProxies(networks []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range networks {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, notOne := netip.ParseAddr(s)
			if notOne != nil {
				return nil, fmt.Errorf("the proxy %q is neither an address nor a network such as 10.0.0.0/8", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 { // as Client sees addresses
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("the network %q is everybody: name the proxies alone, or anybody can claim any address", s)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// Client returns where a request comes from. A proxy on this machine and those in Proxies say whom they
// speak for, each in the last place of X-Forwarded-For: the list is read from its end, up to the first
// address that is no proxy of ours. Anybody else's word about that is not heard.
func (l *Limits) Client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	from, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	from = from.Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !l.trusts(from) {
			break
		}
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break // a proxy that does not say: all its clients are one
		}
		from = a.Unmap()
	}
	return from.String()
}

func (l *Limits) trusts(a netip.Addr) bool {
	return a.IsLoopback() || slices.ContainsFunc(l.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}
