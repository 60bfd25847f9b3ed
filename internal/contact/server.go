// Package contact keeps the people at a customer whom the company deals with. It has
// the shape of package customer.
package contact

import (
	"time"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// Server serves the contact RPCs of CustomerService.
type Server struct {
	// DB is what reads run on.
	DB *db.Pool
	// Mutations runs what changes something.
	Mutations *mutation.Runner
	// DefaultRegion is the CLDR region by which numbers without a leading + are read;
	// it may be empty.
	DefaultRegion string
	// PurgeAfter is how long a deleted contact can be undeleted.
	PurgeAfter time.Duration
	// RequireEtag makes updates and deletes without an etag fail with ETAG_REQUIRED.
	RequireEtag bool
}
