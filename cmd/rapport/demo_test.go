package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestDemo(t *testing.T) {
	s := apitest.Start(t)
	run := func(customers int) (out, shown string, err error) {
		t.Helper()
		var printed, told bytes.Buffer
		c := demoCommand{connectFlags: connectFlags{Addr: s.Server.GRPCAddr()}, Customers: customers, Seed: 1}
		err = c.run(t.Context(), stdio{out: &printed, screen: &screen{w: &told}})
		return printed.String(), told.String(), err
	}
	for _, want := range []string{"customers:    30 created, 0 updated, 0 unchanged, 0 rejected\n", "customers:    0 created, 0 updated, 30 unchanged, 0 rejected\n"} {
		if out, shown, err := run(30); err != nil || !strings.HasPrefix(out, want) || strings.Count(out, "\n") != 7 {
			t.Errorf("the demo ended with %v and said\n%s%swant %q", err, shown, out, want)
		}
	}
	if _, _, err := run(-1); err == nil || !strings.Contains(err.Error(), "--customers") {
		t.Errorf("a negative number of customers: %v", err)
	}
	stopped := demoCommand{connectFlags: connectFlags{Addr: s.Server.GRPCAddr()}, Customers: 30, Seed: 1}
	if err := stopped.run(cancelled(t), stdio{out: &bytes.Buffer{}, screen: &screen{w: &bytes.Buffer{}}}); err == nil || !strings.HasPrefix(err.Error(), "stopped") {
		t.Errorf("a demo that was stopped: %v", err)
	}
	c := demoCommand{connectFlags: connectFlags{Addr: "192.0.2.1:9090"}, Customers: 1}
	if err := c.run(t.Context(), stdio{}); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("without TLS to another machine: %v", err)
	}
}
