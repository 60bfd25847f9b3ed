// Package names holds every name of telemetry that this service emits itself.
//
// Names of the OpenTelemetry semantic conventions stand here too where our own code
// sends them: those of RPC and of connection pools are not stable yet, and a rename
// must be one line. What the instrumentation libraries send by themselves
// (rpc.server.call.duration, http.server.request.duration, go.*) is theirs, and is
// named here only where a view or a dashboard refers to it.
package names

// ServiceName is the default of the resource's service.name.
const ServiceName = "rapport"

// Scope is the instrumentation scope of our own meters and tracers.
const Scope = "github.com/rapport-crm/rapport"

// Other stands for whatever a stranger made up, so that it makes no new series.
const Other = "_OTHER"

// Metrics of the libraries that our views shape.
const (
	RPCServerDuration     = "rpc.server.call.duration"
	HTTPServerDuration    = "http.server.request.duration"
	HTTPServerRequestSize = "http.server.request.body.size"
	HTTPServerReplySize   = "http.server.response.body.size"
	DBDuration            = "db.client.operation.duration"
)

// Metrics of our own, and those of the conventions that our code sends.
const (
	// RPCInFlight is how many calls run now.
	RPCInFlight = "rapport.rpc.in_flight"
	// RPCPanics counts calls that ended in a panic.
	RPCPanics = "rapport.rpc.panics"
	// RPCErrors counts answers that are errors, by reason.
	RPCErrors = "rapport.rpc.errors"

	PoolCount    = "db.client.connection.count"
	PoolMax      = "db.client.connection.max"
	PoolTimeouts = "db.client.connection.timeouts"
	// PoolAcquires counts connections handed out; PoolWaits those of them for which
	// the caller had to wait, and PoolWaitTime is the sum of these waits, in seconds.
	// The conventions ask for a histogram, for which the pool gives no figures.
	PoolAcquires    = "rapport.db.pool.acquires"
	PoolWaits       = "rapport.db.pool.waits"
	PoolWaitTime    = "rapport.db.pool.wait_time"
	PoolConnections = "rapport.db.pool.opened"
)

// Attributes of spans and metrics.
const (
	ErrorType       = "error.type"
	RPCMethod       = "rpc.method"
	RPCStatusCode   = "rpc.response.status_code"
	RPCSystem       = "rpc.system.name"
	HTTPMethod      = "http.request.method"
	HTTPRoute       = "http.route"
	HTTPStatusCode  = "http.response.status_code"
	DBSystem        = "db.system.name"
	DBSystemValue   = "postgresql"
	DBQuerySummary  = "db.query.summary"
	DBBatchSize     = "db.operation.batch.size"
	DBStatusCode    = "db.response.status_code"
	PoolName        = "db.client.connection.pool.name"
	ConnectionState = "db.client.connection.state"
	// RequestIDAttr leads from a span to the log line and the change record.
	RequestIDAttr = "rapport.request_id"
)

// Keys of log records.
const (
	TraceID    = "trace_id"
	SpanID     = "span_id"
	RequestID  = "request_id"
	Method     = "method"
	Code       = "code"
	Reason     = "reason"
	DurationMS = "duration_ms"
	Principal  = "principal"
	Peer       = "peer"
	Cause      = "cause"
	SQLState   = "sqlstate"
	Severity   = "severity"
	Constraint = "constraint"
	Table      = "table"
	Panic      = "panic"
	Stack      = "stack"
)
