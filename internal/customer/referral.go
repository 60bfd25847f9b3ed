package customer

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// maxReferralDepth is the longest chain of referrers.
const maxReferralDepth = 100

// guardReferralsSQL makes those who set referrers take turns, from the check to the
// commit: two who each refer to the other would otherwise both pass it.
const guardReferralsSQL = `-- name: GuardReferrals
SELECT lane FROM referral_guard WHERE lane = 0 FOR UPDATE`

// referrersSQL walks up from the referrer and, to know how long the chain through it
// becomes, down from the customer. It crosses lanes, as referrals do.
const referrersSQL = `-- name: WalkReferrals
WITH RECURSIVE up AS (
    SELECT customer_id, referrer_lane, referrer_id, delete_time, 1 AS depth FROM customer WHERE lane = $1 AND customer_id = $2
    UNION ALL
    SELECT c.customer_id, c.referrer_lane, c.referrer_id, c.delete_time, up.depth + 1
    FROM up JOIN customer c ON c.lane = up.referrer_lane AND c.customer_id = up.referrer_id WHERE up.depth <= $4
), down AS (
    SELECT customer_id, 1 AS depth FROM customer WHERE referrer_id = $3
    UNION ALL
    SELECT c.customer_id, down.depth + 1 FROM down JOIN customer c ON c.referrer_id = down.customer_id WHERE down.depth <= $4
)
SELECT (SELECT count(*) FROM up),
       (SELECT count(*) FROM up WHERE depth = 1 AND delete_time IS NULL),
       (SELECT count(*) FROM up WHERE customer_id = $3),
       (SELECT coalesce(max(depth), 0) FROM down)`

// referral is what a walk along the referrers of a customer found.
type referral struct {
	above, live, cycle, below int64
}

// walkReferrals queues the check of a referrer behind the guard.
func walkReferrals(tx *mutation.Tx, into *referral, customer, referrer uuid.UUID) {
	tx.Queue(guardReferralsSQL)
	tx.Queue(referrersSQL, db.Lane(referrer), db.UUID(referrer), db.UUID(customer), maxReferralDepth).QueryRow(func(row pgx.Row) error {
		return row.Scan(&into.above, &into.live, &into.cycle, &into.below)
	})
}

// check returns what is wrong with making referrer the customer's.
func (r referral) check(customer, referrer uuid.UUID) error {
	var (
		reason      rapportv1.ErrorReason
		description string
	)
	switch {
	case customer == referrer || r.cycle > 0:
		reason, description = rapportv1.ErrorReason_REFERRER_CYCLE, "was sent, directly or through others, by this customer"
	case r.live == 0:
		reason, description = rapportv1.ErrorReason_REFERRER_NOT_FOUND, "does not exist or is deleted"
	case r.above+r.below > maxReferralDepth:
		reason, description = rapportv1.ErrorReason_REFERRER_CHAIN_TOO_DEEP,
			fmt.Sprintf("would make the chain of referrers longer than %d", maxReferralDepth)
	default:
		return nil
	}
	return apierr.Invalid(reason, apierr.Violation{
		Field: "customer.referrer", Description: aip.CustomerName(referrer) + " " + description,
	})
}
