// Package bench measures the service against its limit: PostgreSQL running the same
// SQL for pgbench. docs/performance.md says what is measured and how to read it.
package bench

import "time"

// Options are the settings of a benchmark.
type Options struct {
	// DataDir keeps the filled database.
	DataDir string
	// Service is the built program.
	Service   string
	Customers int
	// Interactions are about as many as the calls about histories find.
	Interactions int
	Rounds       int
	Seconds      int
	// Methods, Protocols and InFlight choose cases.
	Methods   []string
	Protocols []string
	InFlight  []int
	// ImportRows is how many rows an import has; 0 leaves that case out.
	ImportRows int
	// GRPCClient is lean or grpc-go, Connections the HTTP/2 connections at most.
	GRPCClient  string
	Connections int
	// ServeFlags and ServeEnv change the service under test.
	ServeFlags, ServeEnv []string
	// Variant says that each case is compared with a second service, of these flags and
	// this environment. VariantService is its program, where that is another one.
	Variant                  bool
	VariantFlags, VariantEnv []string
	VariantService           string
	// VariantDatabase gives that service a database of the schema that its own program
	// makes, with the same customers. The verdict on creates is then on how many the first
	// makes beside the variant.
	VariantDatabase bool
	// SelfCheck compares the service with another of its kind.
	SelfCheck bool
	// Profiles is a folder for CPU profiles of the service, one a case, or empty.
	Profiles string
	// SharedBuffers is PostgreSQL's setting.
	SharedBuffers string
	// Say is told what is going on.
	Say func(string)
}

// warmUp is how long a case runs before it counts.
const warmUp = time.Second
