package followup

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
)

// raiseSQL takes in what is later than all before, and makes and locks the customers' rows, in
// the order of their keys, whether it changes them or not. A parallel call that raises the same
// row waits for it, and compares with what it finds then.
const raiseSQL = `-- name: RaiseActivity
INSERT INTO customer_activity AS a (lane, customer_id, last_contact_time, last_thanks_time, last_purchase_time, last_purchase_id)
SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::uuid[])
ON CONFLICT (lane, customer_id) DO UPDATE SET
    last_contact_time = greatest(a.last_contact_time, excluded.last_contact_time),
    last_thanks_time = greatest(a.last_thanks_time, excluded.last_thanks_time),
    last_purchase_time = greatest(a.last_purchase_time, excluded.last_purchase_time),
    last_purchase_id = CASE WHEN (a.last_purchase_time, a.last_purchase_id) >= (excluded.last_purchase_time, excluded.last_purchase_id)
        OR excluded.last_purchase_id IS NULL THEN a.last_purchase_id ELSE excluded.last_purchase_id END
WHERE excluded.last_contact_time > coalesce(a.last_contact_time, '-infinity')
OR excluded.last_thanks_time > coalesce(a.last_thanks_time, '-infinity')
OR excluded.last_purchase_time >= coalesce(a.last_purchase_time, '-infinity')`

// counts is the condition for an interaction to be a contact.
const counts = `i.delete_time IS NULL AND i.direction <> 'INTERNAL'
    AND (i.direction = 'OUTBOUND' AND i.customer_reaction = 'NO_RESPONSE') IS NOT TRUE`

// The statements that look for the latest again run behind the one that locks the rows, so
// they see what all who held them before have written. Each reads the customer's history from
// its end until the first that counts.
const (
	lastContactsSQL = `-- name: FindLastContacts
UPDATE customer_activity AS a SET last_contact_time = (
    SELECT max(i.occur_time) FROM interaction i WHERE i.lane = a.lane AND i.customer_id = a.customer_id AND ` + counts + `)
FROM unnest($1::smallint[], $2::uuid[]) AS w (lane, customer_id)
WHERE a.lane = w.lane AND a.customer_id = w.customer_id`

	lastThanksSQL = `-- name: FindLastThanks
UPDATE customer_activity AS a SET last_thanks_time = (
    SELECT max(i.occur_time) FROM interaction i WHERE i.lane = a.lane AND i.customer_id = a.customer_id AND i.purpose = 'THANK_YOU' AND ` + counts + `)
FROM unnest($1::smallint[], $2::uuid[]) AS w (lane, customer_id)
WHERE a.lane = w.lane AND a.customer_id = w.customer_id`

	lastPurchasesSQL = `-- name: FindLastPurchases
UPDATE customer_activity AS a SET (last_purchase_time, last_purchase_id) = (
    SELECT p.purchase_time, p.purchase_id FROM purchase p
    WHERE p.lane = a.lane AND p.customer_id = a.customer_id AND p.void_time IS NULL
    ORDER BY p.purchase_time DESC, p.purchase_id DESC LIMIT 1)
FROM unnest($1::smallint[], $2::uuid[]) AS w (lane, customer_id)
WHERE a.lane = w.lane AND a.customer_id = w.customer_id`
)

// activities are what moves in customer_activity.
type activities struct {
	raised map[uuid.UUID]*latest
	// Those of whom the latest may be gone.
	contacts, thanks, purchases keys
	// Those of whom another score may be the latest of its metric.
	scored keys
	// Those whose contact moved, and those who may have to be thanked now, or no more.
	contacted, thankable keys
}

// moment is a time as a parameter; not valid where there is none.
type moment = pgtype.Timestamptz

// latest is the latest of what is new to one customer.
type latest struct {
	contact, thanks, purchase moment
	purchaseID                uuid.UUID
}

func (a *activities) of(customer uuid.UUID) *latest {
	if a.raised == nil {
		a.raised = map[uuid.UUID]*latest{}
	}
	if a.raised[customer] == nil {
		a.raised[customer] = &latest{}
	}
	return a.raised[customer]
}

// contactTime is when an interaction was a contact with the customer.
func contactTime(i *rapportv1.Interaction) moment {
	switch {
	case i == nil, i.GetDeleteTime() != nil, i.GetDirection() == rapportv1.Interaction_INTERNAL,
		i.GetDirection() == rapportv1.Interaction_OUTBOUND && i.GetCustomerReaction() == rapportv1.Interaction_NO_RESPONSE:
		return moment{}
	}
	return moment{Time: i.GetOccurTime().AsTime(), Valid: true}
}

// thanksTime is when an interaction thanked the customer.
func thanksTime(i *rapportv1.Interaction) moment {
	if i.GetPurpose() != rapportv1.Interaction_THANK_YOU {
		return moment{}
	}
	return contactTime(i)
}

func (a *activities) interaction(customer uuid.UUID, before, after *rapportv1.Interaction) {
	if was, is := contactTime(before), contactTime(after); was != is {
		l := a.of(customer)
		a.contacted.add(customer, uuid.Nil)
		if !was.Valid {
			l.contact = latestOf(l.contact, is)
		} else {
			a.contacts.add(customer, uuid.Nil)
		}
	}
	if was, is := thanksTime(before), thanksTime(after); was != is {
		l := a.of(customer)
		if !was.Valid {
			l.thanks = latestOf(l.thanks, is)
		} else {
			a.thanks.add(customer, uuid.Nil)
		}
	}
}

func latestOf(a, b moment) moment {
	if !b.Valid || a.Valid && a.Time.After(b.Time) {
		return a
	}
	return b
}

func (a *activities) purchase(customer uuid.UUID, before, after *rapportv1.Purchase) {
	switch was, is := before != nil && before.GetVoidTime() == nil, after.GetVoidTime() == nil; {
	case was == is:
	case was:
		a.of(customer)
		a.purchases.add(customer, uuid.Nil)
	default:
		l, at, id := a.of(customer), after.GetPurchaseTime().AsTime(), idOf(after.GetName())
		if !l.purchase.Valid || at.After(l.purchase.Time) || at.Equal(l.purchase.Time) && (key{id: id}).compare(key{id: l.purchaseID}) > 0 {
			l.purchase, l.purchaseID = moment{Time: at, Valid: true}, id
		}
	}
}

// queue queues the statements about customer_activity, and those about what follows from it.
func (a *activities) queue(to queuer, now time.Time) {
	if len(a.raised) == 0 {
		return
	}
	a.queueRaise(to, now)
	for _, f := range []struct {
		sql string
		of  *keys
	}{{lastContactsSQL, &a.contacts}, {lastThanksSQL, &a.thanks}, {lastPurchasesSQL, &a.purchases}, {latestScoresSQL, &a.scored}} {
		if lanes, customers, _ := f.of.arrays(); len(customers) > 0 {
			to.Queue(f.sql, lanes, customers)
		}
	}
	if lanes, customers, _ := a.contacted.arrays(); len(customers) > 0 {
		to.Queue(restartContactsSQL, lanes, customers)
	}
	a.thankable.all = slices.Concat(a.thankable.all, a.thanks.all, a.purchases.all)
	if lanes, customers, _ := a.thankable.arrays(); len(customers) > 0 {
		to.Queue(removeThanksSQL, lanes, customers)
		to.Queue(putThanksSQL, lanes, customers, now)
	}
}

// queueRaise queues the statement that locks the rows, and notes who may have to be thanked. A
// history that is loaded years later asks for no thanks, and costs no statement about them.
func (a *activities) queueRaise(to queuer, now time.Time) {
	var customers keys
	for customer := range a.raised {
		customers.add(customer, uuid.Nil)
	}
	lanes, ids, _ := customers.arrays()
	contacts, thanks, purchases := make([]moment, len(ids)), make([]moment, len(ids)), make([]moment, len(ids))
	purchaseIDs := make([]pgtype.UUID, len(ids))
	for i, k := range customers.all {
		l := a.raised[k.customer]
		contacts[i], thanks[i], purchases[i] = l.contact, l.thanks, l.purchase
		if l.purchaseID != uuid.Nil {
			purchaseIDs[i] = db.UUID(l.purchaseID)
		}
		if at := latestOf(l.thanks, l.purchase); at.Valid && at.Time.After(now.Add(-thanksEnd)) {
			a.thankable.add(k.customer, uuid.Nil)
		}
	}
	to.Queue(raiseSQL, lanes, ids, contacts, thanks, purchases, purchaseIDs)
}
