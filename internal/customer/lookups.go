package customer

import (
	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/followup"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/search"
)

// lookups gathers what has to change in the tables by which customers are found and in
// those of what there is to do for them, for one customer or for a thousand, and queues it
// in a few statements.
type lookups struct {
	externalIDs externalIDChanges
	attributes  attributeCounts
	keys        search.Changes
	followUps   followup.Changes
}

// move notes that a customer, as stored, turned from before into after. A customer
// that is new has no before.
func (l *lookups) move(id uuid.UUID, before, after *rapportv1.Customer) {
	l.externalIDs.move(id, before.GetExternalIds(), after.GetExternalIds())
	l.attributes.move(id, before, after)
	l.keys.MoveCustomer(id, before, after)
	l.followUps.Customer(id, before, after)
}

// queue queues the statements, in an order that is the same for every transaction.
func (l *lookups) queue(tx *mutation.Tx) {
	l.externalIDs.queue(tx)
	l.attributes.queue(tx)
	l.keys.Queue(tx)
	l.followUps.Queue(tx, tx.Now)
}
