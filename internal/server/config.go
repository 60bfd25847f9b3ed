package server

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/rapport-crm/rapport/internal/ratelimit"
)

// Config is every setting of a running service: flags, environment variables and help
// text in one place. OpenTelemetry's own settings keep their OTEL_* names.
type Config struct {
	GRPCAddr  string `name:"grpc-addr" env:"RAPPORT_GRPC_ADDR" default:"127.0.0.1:9090" help:"Address of gRPC."`
	HTTPAddr  string `name:"http-addr" env:"RAPPORT_HTTP_ADDR" default:"127.0.0.1:8080" help:"Address of REST under /v1, of the API reference under /docs and of /openapi.json."`
	AdminAddr string `name:"admin-addr" env:"RAPPORT_ADMIN_ADDR" default:"127.0.0.1:9091" help:"Address of /livez, /readyz, /metrics and /debug/pprof. Keep it private."`

	DatabaseURL string `name:"database-url" env:"RAPPORT_DATABASE_URL" help:"PostgreSQL to use. Empty: a private PostgreSQL is started under the data directory."`
	Migrate     bool   `name:"migrate" env:"RAPPORT_MIGRATE" help:"Bring the schema up to date before serving. The private PostgreSQL is always brought up to date."`
	DataDir     string `name:"data-dir" env:"RAPPORT_DATA_DIR" help:"Files of the private PostgreSQL. Empty: the XDG data home, or /var/lib/rapport for root."`
	PostgresBin string `name:"postgres-bin" env:"RAPPORT_POSTGRES_BIN" help:"Folder of PostgreSQL's programs for the private one. Empty: they are looked for in the usual places."`

	PoolSize         int32         `name:"pool-size" env:"RAPPORT_POOL_SIZE" default:"16" help:"Database connections at most. Writers wait for the disk together, so more of them than cores do good."`
	PoolMinIdle      int32         `name:"pool-min-idle" env:"RAPPORT_POOL_MIN_IDLE" default:"2" help:"Database connections kept open."`
	AcquireTimeout   time.Duration `name:"acquire-timeout" env:"RAPPORT_ACQUIRE_TIMEOUT" default:"250ms" help:"How long a call may wait for a database connection before it is refused with OVERLOADED."`
	StatementTimeout time.Duration `name:"statement-timeout" env:"RAPPORT_STATEMENT_TIMEOUT" default:"5s" help:"Limit of one SQL statement."`
	LockTimeout      time.Duration `name:"lock-timeout" env:"RAPPORT_LOCK_TIMEOUT" default:"2s" help:"Limit of one wait for a row that another call is changing."`

	Auth          string `name:"auth" env:"RAPPORT_AUTH" help:"Who may call: none. Must be set with a database URL; on the private PostgreSQL it is none."`
	AllowInsecure bool   `name:"allow-insecure" env:"RAPPORT_ALLOW_INSECURE" help:"Serve without authentication on addresses other than loopback."`
	Reflection    bool   `name:"reflection" env:"RAPPORT_REFLECTION" help:"Serve gRPC reflection. Always on without authentication."`

	DefaultRegion string        `name:"default-region" env:"RAPPORT_DEFAULT_REGION" help:"Region (CLDR, such as CN) of phone numbers without + where the customer has no address."`
	RequireEtag   bool          `name:"require-etag" env:"RAPPORT_REQUIRE_ETAG" help:"Refuse updates and deletes without an etag (REST: 428); upserts with allow_missing excepted."`
	RequestTTL    time.Duration `name:"request-ttl" env:"RAPPORT_REQUEST_TTL" default:"24h" help:"How long a repeated request_id gets the first answer; at least 24h."`
	PurgeAfter    time.Duration `name:"purge-after" env:"RAPPORT_PURGE_AFTER" default:"720h" help:"How long a deleted record can be undeleted."`
	SweepInterval time.Duration `name:"sweep-interval" env:"RAPPORT_SWEEP_INTERVAL" default:"1m" help:"Time between two removals of what is past its time."`
	ClockInterval time.Duration `name:"clock-interval" env:"RAPPORT_CLOCK_INTERVAL" default:"1s" help:"Time between two looks for cases that are overdue, or close because the customer keeps silent."`

	CORSOrigins    []string `name:"cors-origins" env:"RAPPORT_CORS_ORIGINS" help:"Origins of web pages that may call REST, such as https://crm.example.com."`
	PublicEndpoint bool     `name:"public-endpoint" env:"RAPPORT_PUBLIC_ENDPOINT" help:"Link to a gRPC caller's trace instead of continuing it. REST always links."`
	StreamWorkers  uint32   `name:"stream-workers" env:"RAPPORT_STREAM_WORKERS" default:"64" help:"Goroutines kept for gRPC handlers, so that their stacks need not grow again; 0 starts one for each call."`

	PublicURL      string   `name:"public-url" env:"RAPPORT_PUBLIC_URL" help:"Where customers reach the HTTP port, such as https://answers.example.com; links of surveys begin with it. Empty: the address of the port itself, where that is loopback; else links have no address."`
	SurveyKeysFile string   `name:"survey-keys-file" env:"RAPPORT_SURVEY_KEYS_FILE" help:"File of the keys by which links of surveys are signed, a Tink keyset as JSON. Empty: the database keeps them."`
	ResponseRate   float64  `name:"response-rate" env:"RAPPORT_RESPONSE_RATE" default:"5" help:"How many calls a second that need no credentials, answers to surveys and their pages, each client address may make; four seconds' worth at once. 0: no limit."`
	TrustedProxies []string `name:"trusted-proxies" env:"RAPPORT_TRUSTED_PROXIES" help:"Addresses or ranges of the proxies whose X-Forwarded-For says who the client is."`

	GCPercent int `name:"gc-percent" env:"RAPPORT_GC_PERCENT" default:"800" help:"How much the heap may grow before it is collected, in percent of what is live. The variable GOGC wins where it is set."`

	DrainDelay *time.Duration `name:"drain-delay" env:"RAPPORT_DRAIN_DELAY" help:"How long the service still accepts calls after SIGTERM, as not ready, so that balancers turn away. Default: 5s with a database URL, else none."`
	DrainGrace time.Duration  `name:"drain-grace" env:"RAPPORT_DRAIN_GRACE" default:"30s" help:"How long running calls may take to finish after that."`

	LogLevel  string `name:"log-level" env:"RAPPORT_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: debug, info, warn or error."`
	LogFormat string `name:"log-format" env:"RAPPORT_LOG_FORMAT" default:"" enum:",json,text" help:"json or text. Empty: text on a terminal, else json."`
}

// Private reports whether the service runs its own PostgreSQL.
func (c *Config) Private() bool { return c.DatabaseURL == "" }

// Validate returns all that is wrong with the settings, each named as its flag and
// its variable, and completes those whose default depends on others.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(flag, format string, args ...any) {
		variable := "RAPPORT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		errs = append(errs, fmt.Errorf("--%s (%s): %s", flag, variable, fmt.Sprintf(format, args...)))
	}
	c.validateAuth(wrong)
	for _, d := range []struct {
		flag       string
		value, min time.Duration
	}{
		{"acquire-timeout", c.AcquireTimeout, time.Millisecond},
		{"statement-timeout", c.StatementTimeout, time.Millisecond},
		{"lock-timeout", c.LockTimeout, time.Millisecond},
		{"request-ttl", c.RequestTTL, 24 * time.Hour},
		{"purge-after", c.PurgeAfter, time.Second},
		{"sweep-interval", c.SweepInterval, 100 * time.Millisecond},
		{"clock-interval", c.ClockInterval, 100 * time.Millisecond},
		{"drain-grace", c.DrainGrace, 0},
	} {
		if d.value < d.min {
			wrong(d.flag, "must be at least %s, not %s", d.min, d.value)
		}
	}
	if c.GCPercent < 1 {
		wrong("gc-percent", "must be at least 1, not %d", c.GCPercent)
	}
	if c.PoolSize < 1 {
		wrong("pool-size", "must be at least 1, not %d", c.PoolSize)
	}
	if c.PoolMinIdle < 0 || c.PoolMinIdle > c.PoolSize {
		wrong("pool-min-idle", "must be 0 to the pool's size, not %d", c.PoolMinIdle)
	}
	c.validateLinks(wrong)
	if c.DefaultRegion != "" {
		if region, err := language.ParseRegion(c.DefaultRegion); err != nil || region.String() != c.DefaultRegion {
			wrong("default-region", "must be a CLDR region of two capital letters, such as CN, not %q", c.DefaultRegion)
		}
	}
	if c.DrainDelay == nil {
		var delay time.Duration
		if !c.Private() {
			delay = 5 * time.Second
		}
		c.DrainDelay = &delay
	} else if *c.DrainDelay < 0 {
		wrong("drain-delay", "must not be negative, not %s", *c.DrainDelay)
	}
	return errors.Join(errs...)
}

// validateLinks checks what links of surveys and the calls behind them need.
func (c *Config) validateLinks(wrong func(flag, format string, args ...any)) {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" &&
		(err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		wrong("public-url", "must be http or https with a host, such as https://answers.example.com, not %q", c.PublicURL)
	}
	if c.ResponseRate < 0 || math.IsInf(c.ResponseRate, 0) || math.IsNaN(c.ResponseRate) {
		wrong("response-rate", "must be 0 or more, not %g", c.ResponseRate)
	}
	if _, err := ratelimit.ParseProxies(c.TrustedProxies); err != nil {
		wrong("trusted-proxies", "%s", err)
	}
}

func (c *Config) validateAuth(wrong func(flag, format string, args ...any)) {
	switch {
	case c.Auth == "" && c.Private():
		c.Auth = "none"
	case c.Auth == "":
		wrong("auth", "must be set where the database is given; the only choice so far is none")
		return
	case c.Auth != "none":
		wrong("auth", "must be none, not %q", c.Auth)
		return
	}
	c.Reflection = true
	for _, a := range []struct{ flag, addr string }{
		{"grpc-addr", c.GRPCAddr}, {"http-addr", c.HTTPAddr}, {"admin-addr", c.AdminAddr},
	} {
		host, _, err := net.SplitHostPort(a.addr)
		if err != nil {
			wrong(a.flag, "must be host:port, not %q", a.addr)
			continue
		}
		if ip := net.ParseIP(host); host != "localhost" && !ip.IsLoopback() && !c.AllowInsecure {
			wrong(a.flag, "%s is not a loopback address, and without authentication anybody who reaches it may "+
				"read and write everything; set RAPPORT_ALLOW_INSECURE=true to serve there all the same", a.addr)
		}
	}
}
