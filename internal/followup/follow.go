package followup

import (
	"github.com/google/uuid"

	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Follow is the Follow of a resource whose records Changes has to be told of, by note, and of
// which nothing else follows.
func Follow[R any, M owned.Message, P owned.Row[R, M]](note func(c *Changes, customer uuid.UUID, before, after M)) func(*mutation.Tx, []owned.Moved[M, P]) {
	return func(tx *mutation.Tx, moved []owned.Moved[M, P]) {
		var changes Changes
		for _, m := range moved {
			note(&changes, m.Row.Own().CustomerID, m.Before, m.After)
		}
		changes.Queue(tx, tx.Now)
	}
}
