// Package followup keeps what follows for customers from all that is recorded of them: when
// they were last in contact, bought and were thanked (table customer_activity), and what there
// is to do for them (table follow_up). The rows change with the records from which they follow,
// in their transactions, and ListFollowUps reads a page of them without looking at the rest.
package followup

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// Changes gathers what has to change in the two tables, for one record or for a thousand, and
// queues it in a few statements. Queue comes behind the statements that write the records:
// what cannot be told from one record alone is worked out from the tables.
//
// Whoever calls it holds the customer, FOR SHARE or stronger, and the record. It locks the
// rows of customer_activity next, in the order of their keys, and changes the rows of
// follow_up only under the lock of the record or activity from which they follow; so it never
// waits for another transaction there.
type Changes struct {
	activity activities
	cases    keys
	answered keys // cases whose first response may be another now
	rows     rowMoves
	aligned  keys // customers whose owner or wishes changed
	zones    map[string]*keys
	later    []func(now time.Time)
}

// Interaction notes that an interaction of the customer turned from before into after. One
// that is new has no before.
func (c *Changes) Interaction(customer uuid.UUID, before, after *rapportv1.Interaction) {
	c.activity.interaction(customer, before, after)
	was, is := answerOf(before), answerOf(after)
	if was == is {
		return
	}
	for _, a := range []answer{was, is} {
		if a.caseName != "" {
			c.answered.add(customer, idOf(a.caseName))
		}
	}
}

// Purchase notes that a purchase of the customer turned from before into after.
func (c *Changes) Purchase(customer uuid.UUID, before, after *rapportv1.Purchase) {
	c.activity.purchase(customer, before, after)
}

// SatisfactionScore notes that a score of the customer was made, and has no before, or that it
// was removed, and has no after.
func (c *Changes) SatisfactionScore(customer uuid.UUID, _, _ *rapportv1.SatisfactionScore) {
	c.activity.satisfaction(customer)
}

// Case notes that a case of the customer turned from before into after. What follows is read
// from the case's row, where the clocks are.
func (c *Changes) Case(customer uuid.UUID, before, after *rapportv1.Case) {
	if before == nil && after.GetResolveTime() != nil {
		return // it came in resolved
	}
	c.cases.add(customer, idOf(after.GetName()))
}

// Task notes that a task of the customer turned from before into after.
func (c *Changes) Task(customer uuid.UUID, before, after *rapportv1.Task) {
	c.rows.move(customer, taskRow(before), taskRow(after))
}

// Contact notes that a contact of the customer, whose time zone is given, turned from before
// into after. The zone is of no account where neither has occasions.
func (c *Changes) Contact(customer uuid.UUID, zone string, before, after *rapportv1.Contact) {
	if len(before.GetOccasions())+len(after.GetOccasions()) == 0 {
		return
	}
	c.later = append(c.later, func(now time.Time) {
		subject := idOf(after.GetName())
		c.rows.move(customer, contactRows(before, subject, zone, now), contactRows(after, subject, zone, now))
	})
}

// Customer notes that a customer turned from before into after. What a client sets of it must
// be in both.
func (c *Changes) Customer(id uuid.UUID, before, after *rapportv1.Customer) {
	if before != nil {
		if wishesOf(before) != wishesOf(after) {
			c.aligned.add(id, uuid.Nil)
		}
		if was, is := before.GetTimeZone(), after.GetTimeZone(); was != is {
			if c.zones == nil {
				c.zones = map[string]*keys{}
			}
			if c.zones[is] == nil {
				c.zones[is] = &keys{}
			}
			c.zones[is].add(id, uuid.Nil)
		}
	}
	if !hasRows(before) && !hasRows(after) {
		return
	}
	c.later = append(c.later, func(now time.Time) {
		c.rows.move(id, customerRows(before, id, now), customerRows(after, id, now))
	})
}

// queuer is a transaction or a batch.
type queuer interface {
	Queue(sql string, args ...any) *pgx.QueuedQuery
}

// Queue queues the statements. The time is that of the write.
func (c *Changes) Queue(to queuer, now time.Time) {
	for _, f := range c.later {
		f(now)
	}
	c.queueCases(to, now)
	c.activity.queue(to, now)
	c.rows.queue(to, now)
	for zone, customers := range c.zones {
		queueZone(to, zone, customers, now)
	}
	if lanes, ids, _ := c.aligned.arrays(); len(ids) > 0 {
		to.Queue(alignSQL, lanes, ids, now)
	}
}
