package main

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/load"
)

// TestTLS: a service behind TLS is reached with the authority that it belongs to, and
// not without it.
func TestTLS(t *testing.T) {
	s := apitest.Start(t)
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: certified.TLS.Certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12,
	})
	if err != nil {
		t.Fatal(err)
	}
	relay := apitest.StartRelayOn(t, listener, s.Server.GRPCAddr())
	ca := written(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certified.Certificate().Raw})))
	var out, shown bytes.Buffer
	std := stdio{out: &out, screen: &screen{w: &shown}}
	c := exportCustomersCommand{Out: "-", connectFlags: connectFlags{Addr: relay.Addr, CA: ca}}
	if err := c.run(t.Context(), std); err != nil || !strings.HasPrefix(out.String(), "name,") {
		t.Errorf("with its authority: %v, %q", err, out.String())
	}
	c.connectFlags = connectFlags{Addr: relay.Addr, TLS: true}
	shown.Reset()
	if err := c.run(t.Context(), std); err == nil || !strings.Contains(err.Error(), "certificate") || shown.Len() != 0 {
		t.Errorf("with the authorities of this machine: %v, and was tried again: %q", err, shown.String())
	}
}

// TestPlaintextStaysHere: customers leave the machine in the clear only where that is
// asked for.
func TestPlaintextStaysHere(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:9090": true, "localhost:9090": true, "[::1]:9090": true, "unix:/run/rapport": true,
		"10.0.0.1:9090": false, "crm.example.com:9090": false, "localhost.example.com:9090": false, "dns:///x": false,
	} {
		conn, err := (&connectFlags{Addr: addr}).connect()
		if (err == nil) != want {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	conn, err := (&connectFlags{Addr: "10.0.0.1:9090", Insecure: true}).connect()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if _, err := (&connectFlags{CA: written(t, "ca.pem", "nothing")}).connect(); err == nil {
		t.Error("a file without certificates is taken for authorities")
	}
}

// TestStoppedImport: an import that is stopped says that it can be continued.
func TestStoppedImport(t *testing.T) {
	s := apitest.Start(t)
	c := importFlags{File: "-", Map: written(t, "people.yaml", peopleMapping), connectFlags: connectFlags{Addr: s.Server.GRPCAddr()}}
	var shown bytes.Buffer
	err := c.load(cancelled(t), stdio{in: strings.NewReader("Id,Name,Mail,Age\n1,Ada,,\n"), screen: &screen{w: &shown}}, &importing{})
	if err == nil || errors.Is(err, errRejected) || !strings.Contains(err.Error(), "continues") {
		t.Errorf("%v, %s", err, shown.String())
	}
}

func TestProgressLine(t *testing.T) {
	s := load.Summary{Created: 12_000, Updated: 300, Unchanged: 40, Rejected: 5}
	for want, test := range map[string]struct{ waiting, size int64 }{
		"12,345 rows, 1,234/s, 25 %, 30s left: 12,000 created, 300 updated, 40 unchanged, 5 rejected": {0, 4000},
		"12,345 rows, 1,234/s, 50 %, 10s left: 12,000 created, 300 updated, 40 unchanged, 5 rejected": {12_345, 1000},
		"12,345 rows, 1,234/s: 12,000 created, 300 updated, 40 unchanged, 5 rejected":                 {0, 0},
	} {
		if got := progressLine(s, test.waiting, 10*time.Second, 1000, test.size); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestScreen: a line that stays pushes the changing one aside.
func TestScreen(t *testing.T) {
	var w bytes.Buffer
	s := &screen{w: &w, live: true}
	s.show("10 %")
	s.print("line %d", 3)
	s.show("20 %")
	s.clear()
	s.clear()
	if got, want := w.String(), "\x1b[?7l10 %\x1b[?7h\r\x1b[Kline 3\n\x1b[?7l20 %\x1b[?7h\r\x1b[K"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
