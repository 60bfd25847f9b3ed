// Package customer keeps customers: who the company serves.
//
// Each RPC has its file. A handler parses its request, decides, and calls the SQL of
// sql.go; row.go turns rows into messages and back. A change runs through package
// mutation, which makes it exactly-once and writes its place in the feed.
package customer

import (
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// Server serves the customer RPCs of CustomerService.
type Server struct {
	// DB is what reads run on.
	DB *db.Pool
	// Mutations runs what changes something.
	Mutations *mutation.Runner
	// DefaultRegion is the CLDR region by which numbers without a leading + are read
	// where a customer has no address; it may be empty.
	DefaultRegion string
	// PurgeAfter is how long a deleted customer can be undeleted.
	PurgeAfter time.Duration
	// Validate checks a request that the handler of a stream has put together from one
	// of its rows, by the rules by which the same request is checked that came alone.
	Validate func(proto.Message) error
	// RequireEtag makes updates and deletes without an etag fail with ETAG_REQUIRED.
	RequireEtag bool
}
