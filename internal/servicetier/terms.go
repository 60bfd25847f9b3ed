package servicetier

import (
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/worktime"
)

// Terms are what a tier says of the cases of its customers. The zero value says nothing, as
// for a customer without a tier.
type Terms struct {
	// Targets are in working time, by priority.
	Targets map[rapportv1.Priority]Target
	// Silence is how long a customer keeps silent before a case closes; 0 is for ever.
	Silence time.Duration
	// Calendar says when clocks run; nil is around the clock.
	Calendar *worktime.Calendar
}

// Target is how long a case may take to its first response and to its resolution; 0 is no
// target.
type Target struct{ FirstResponse, Resolve time.Duration }

// Add is when so much working time will have passed since from, and false where that is too
// far to say.
func (t *Terms) Add(from time.Time, work time.Duration) (time.Time, bool) {
	if t.Calendar == nil {
		return from.Add(max(work, 0)), true
	}
	return t.Calendar.Add(from, work)
}

// Between is the working time from one instant to another, 0 where that is not later.
func (t *Terms) Between(from, to time.Time) time.Duration {
	if t.Calendar == nil {
		return max(to.Sub(from), 0)
	}
	return t.Calendar.Between(from, to)
}

const termsSQL = `-- name: GetServiceTerms
SELECT service_tier.targets, service_tier.silence_days, service_tier.calendar
FROM customer JOIN service_tier ON service_tier.service_tier_id = customer.service_tier_id
WHERE customer.lane = $1 AND customer.customer_id = $2`

// Queue queues the reading of the terms of a customer, who is locked, so that they are those of
// the moment; done is called with them.
func Queue(tx *mutation.Tx, customer uuid.UUID, done func(Terms)) {
	tx.Queue(termsSQL, db.Lane(customer), db.UUID(customer)).Query(func(rows pgx.Rows) (err error) {
		var (
			terms    Terms
			targets  string
			silence  pgtype.Int4
			calendar pgtype.Text
		)
		if rows.Next() {
			if err := rows.Scan(&targets, &silence, &calendar); err != nil {
				return err
			}
			if terms, err = newTerms(targets, silence, calendar); err != nil {
				return err
			}
		}
		done(terms)
		return rows.Err()
	})
}

func newTerms(targets string, silence pgtype.Int4, calendar pgtype.Text) (t Terms, err error) {
	t = Terms{Targets: map[rapportv1.Priority]Target{}, Silence: time.Duration(silence.Int32) * day}
	for _, target := range decodeTargets(targets) {
		t.Targets[target.GetPriority()] = Target{target.GetFirstResponse().AsDuration(), target.GetResolve().AsDuration()}
	}
	if calendar.Valid {
		t.Calendar, err = calendars.get(calendar.String)
	}
	return t, err
}

// cache keeps calendars by their columns: to read a time zone takes longer than to count with it.
type cache struct {
	mu  sync.Mutex
	all map[string]*worktime.Calendar
}

// maxCalendars bounds the cache. Each version of a tier's calendar is one.
const maxCalendars = 1000

var calendars = cache{all: map[string]*worktime.Calendar{}}

func (c *cache) get(column string) (*worktime.Calendar, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.all[column]; ok {
		return found, nil
	}
	made, err := newCalendar(decodeCalendar(column))
	if err != nil {
		return nil, err
	}
	if len(c.all) >= maxCalendars {
		clear(c.all)
	}
	c.all[column] = made
	return made, nil
}
