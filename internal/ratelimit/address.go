package ratelimit

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// Addresses tells who a client is. Proxies are those whose X-Forwarded-For is believed; a proxy
// that names nobody is not limited, as it answers for its own clients.
type Addresses struct{ Proxies []netip.Prefix }

// ParseProxies returns the networks that are written as addresses or CIDR ranges.
func ParseProxies(texts []string) (proxies []netip.Prefix, err error) {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("%q is no address and no range such as 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		proxies = append(proxies, prefix.Masked())
	}
	return proxies, nil
}

func (a Addresses) trusted(addr netip.Addr) bool {
	for _, proxy := range a.Proxies {
		if proxy.Contains(addr) {
			return true
		}
	}
	return false
}

// requestKey is the key of the HTTP request that a context is of.
type requestKey struct{}

// WithRequest returns the context of a call that an HTTP request makes.
func WithRequest(r *http.Request) context.Context {
	return context.WithValue(r.Context(), requestKey{}, r)
}

// client is the client's address, and false where there is none to limit by.
func (a Addresses) client(ctx context.Context) (netip.Addr, bool) {
	var (
		from      string
		forwarded []string
	)
	if r, ok := ctx.Value(requestKey{}).(*http.Request); ok {
		from, forwarded = r.RemoteAddr, r.Header.Values("X-Forwarded-For")
	} else if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		md, _ := metadata.FromIncomingContext(ctx)
		from, forwarded = p.Addr.String(), md.Get("x-forwarded-for")
	}
	port, err := netip.ParseAddrPort(from)
	if err != nil {
		return netip.Addr{}, false
	}
	return a.behind(port.Addr().Unmap(), hops(forwarded))
}

// hops are the addresses of the headers, in their order.
func hops(headers []string) (all []string) {
	for _, header := range headers {
		for hop := range strings.SplitSeq(header, ",") {
			all = append(all, strings.TrimSpace(hop))
		}
	}
	return all
}

// behind goes back along the proxies that are believed, the last one first, to the first address
// that is none of them: what stands before it, its sender may have made up.
func (a Addresses) behind(last netip.Addr, forwarded []string) (netip.Addr, bool) {
	for a.trusted(last) {
		if len(forwarded) == 0 {
			return netip.Addr{}, false
		}
		text := forwarded[len(forwarded)-1]
		forwarded = forwarded[:len(forwarded)-1]
		addr, err := netip.ParseAddr(text)
		if err != nil {
			port, err := netip.ParseAddrPort(text)
			if err != nil {
				return last, true // it speaks of nobody, and so for itself
			}
			addr = port.Addr()
		}
		last = addr.Unmap()
	}
	return last, true
}
