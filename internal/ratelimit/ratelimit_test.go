package ratelimit_test

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/ratelimit"
)

func limiter(t testing.TB, perSecond float64, proxies ...string) *ratelimit.Limiter {
	t.Helper()
	parsed, err := ratelimit.ParseProxies(proxies)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ratelimit.New(perSecond, ratelimit.Addresses{Proxies: parsed})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// call is a call of an HTTP client.
func call(t testing.TB, l *ratelimit.Limiter, from string, forwarded ...string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = from
	for _, value := range forwarded {
		r.Header.Add("X-Forwarded-For", value)
	}
	return l.Check(ratelimit.WithRequest(r))
}

func TestBurst(t *testing.T) {
	l := limiter(t, 0.001) // so little that no time matters
	if err := call(t, l, "203.0.113.7:1"); err != nil {
		t.Error(err)
	}
	apitest.WantReason(t, call(t, l, "203.0.113.7:2"), codes.ResourceExhausted, rapportv1.ErrorReason_QUOTA_EXCEEDED)
	for i, other := range []string{"203.0.113.8:1", "[2001:db8:1:2::1]:1"} {
		if err := call(t, l, other); err != nil {
			t.Error(i, err)
		}
	}
	// Who has a network of IPv6 is one client, however many addresses that has.
	apitest.WantReason(t, call(t, l, "[2001:db8:1:2:ffff::2]:1"), codes.ResourceExhausted, rapportv1.ErrorReason_QUOTA_EXCEEDED)
	apitest.WantReason(t, call(t, l, "[::ffff:203.0.113.8]:1"), codes.ResourceExhausted, rapportv1.ErrorReason_QUOTA_EXCEEDED)

	l = limiter(t, 5)
	for i := range 20 {
		if err := call(t, l, "203.0.113.7:1"); err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
	l = limiter(t, 0)
	for range 1000 {
		if err := call(t, l, "203.0.113.7:1"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClients tells clients behind proxies apart, and believes nobody else.
func TestClients(t *testing.T) {
	for _, test := range []struct {
		from      string
		forwarded []string
		client    string // the address that is limited; empty for none
	}{
		{"203.0.113.7:1", nil, "203.0.113.7"},
		{"203.0.113.7:1", []string{"198.51.100.1"}, "203.0.113.7"},
		{"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"192.0.2.66, 198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"192.0.2.66", "198.51.100.1,10.1.1.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{" 198.51.100.1:4711 "}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"10.0.0.1:1", []string{"unknown"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"[2001:db8:ffff::1]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", nil, ""},
		{"10.0.0.1:1", []string{"10.0.0.2"}, ""},
		{"no address", nil, ""},
	} {
		l := limiter(t, 0.001, "10.0.0.0/8", "2001:db8:ffff::1")
		if err := call(t, l, test.from, test.forwarded...); err != nil {
			t.Errorf("%+v: %v", test, err)
		}
		refused := call(t, l, test.from, test.forwarded...) != nil
		if refused != (test.client != "") {
			t.Errorf("%+v: the second call was refused: %t", test, refused)
		}
		if test.client == "" || test.client[:3] == "10." {
			continue
		}
		if err := call(t, l, netip.AddrPortFrom(netip.MustParseAddr(test.client), 9).String()); err == nil {
			t.Errorf("%+v: another client was limited", test)
		}
	}
}

func TestGRPC(t *testing.T) {
	l := limiter(t, 0.001, "10.0.0.1")
	from := func(ip string, md metadata.MD) error {
		ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: &net.TCPAddr{IP: net.ParseIP(ip), Port: 1}})
		return l.Check(metadata.NewIncomingContext(ctx, md))
	}
	for i, want := range []bool{true, false} {
		if err := from("203.0.113.7", nil); (err == nil) != want {
			t.Errorf("call %d: %v", i, err)
		}
		if err := from("10.0.0.1", metadata.Pairs("x-forwarded-for", "198.51.100.1")); (err == nil) != want {
			t.Errorf("forwarded call %d: %v", i, err)
		}
		if err := from("10.0.0.1", nil); err != nil {
			t.Errorf("the proxy's own call %d: %v", i, err)
		}
	}
	if err := l.Check(t.Context()); err != nil {
		t.Errorf("a call from nowhere: %v", err)
	}
}

func TestParseProxies(t *testing.T) {
	for _, text := range []string{"", "example.com", "10.0.0.0/33", "10.0.0", "*"} {
		if got, err := ratelimit.ParseProxies([]string{text}); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
	got, err := ratelimit.ParseProxies([]string{"10.1.2.3/8", "::1", "127.0.0.1"})
	if fmt.Sprint(got) != "[10.0.0.0/8 ::1/128 127.0.0.1/32]" || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}
