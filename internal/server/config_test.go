package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/server"
)

func TestAWrongSettingIsNamedWithItsFlagAndVariable(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*server.Config)
		want   string // in the error; empty for a right setting
	}{
		"as they come":            {func(*server.Config) {}, ""},
		"a database without auth": {func(c *server.Config) { c.Auth = "" }, "--auth (RAPPORT_AUTH)"},
		"an unknown auth":         {func(c *server.Config) { c.Auth = "magic" }, "--auth (RAPPORT_AUTH)"},
		"the private database":    {func(c *server.Config) { c.DatabaseURL, c.Auth = "", "" }, ""},
		"no port":                 {func(c *server.Config) { c.GRPCAddr = "localhost" }, "--grpc-addr (RAPPORT_GRPC_ADDR)"},
		"all interfaces":          {func(c *server.Config) { c.HTTPAddr = ":8080" }, "--http-addr (RAPPORT_HTTP_ADDR)"},
		"another machine's":       {func(c *server.Config) { c.AdminAddr = "192.0.2.1:9" }, "--admin-addr (RAPPORT_ADMIN_ADDR)"},
		"insecure on purpose":     {func(c *server.Config) { c.HTTPAddr, c.AllowInsecure = ":8080", true }, ""},
		"IPv6 loopback":           {func(c *server.Config) { c.HTTPAddr = "[::1]:8080" }, ""},
		"no pool of reports":      {func(c *server.Config) { c.ReportPoolSize = 0 }, "--report-pool-size (RAPPORT_REPORT_POOL_SIZE)"},
		"no pool":                 {func(c *server.Config) { c.PoolSize = 0 }, "--pool-size (RAPPORT_POOL_SIZE)"},
		"idle over the pool":      {func(c *server.Config) { c.PoolMinIdle = 99 }, "--pool-min-idle (RAPPORT_POOL_MIN_IDLE)"},
		"a short TTL":             {func(c *server.Config) { c.RequestTTL = time.Hour }, "--request-ttl (RAPPORT_REQUEST_TTL)"},
		"no timeout":              {func(c *server.Config) { c.StatementTimeout = 0 }, "--statement-timeout (RAPPORT_STATEMENT_TIMEOUT)"},
		"a region in small":       {func(c *server.Config) { c.DefaultRegion = "cn" }, "--default-region (RAPPORT_DEFAULT_REGION)"},
		"a negative delay":        {func(c *server.Config) { d := -time.Second; c.DrainDelay = &d }, "--drain-delay (RAPPORT_DRAIN_DELAY)"},
	} {
		t.Run(name, func(t *testing.T) {
			config := apitest.Defaults()
			config.DatabaseURL = "postgres://localhost/x"
			c.change(&config)
			err := config.Validate()
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want an error that names %s", err, c.want)
			}
		})
	}
}

func TestTheDrainDelayFollowsTheDatabase(t *testing.T) {
	for url, want := range map[string]time.Duration{"": 0, "postgres://localhost/x": 5 * time.Second} {
		c := apitest.Defaults()
		c.DatabaseURL, c.DrainDelay = url, nil
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		if *c.DrainDelay != want {
			t.Errorf("database %q: %s, want %s", url, *c.DrainDelay, want)
		}
	}
}
