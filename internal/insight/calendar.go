package insight

import (
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/worktime"
)

// maxAhead is how far the clock of who gave a score may be ahead of ours.
const maxAhead = 5 * time.Minute

// calendar steps through the periods of a granularity.
type calendar struct {
	granularity rapportv1.Granularity
	zone        *time.Location
	// date is the first day of the period, as a time in UTC.
	date time.Time
}

// startCalendar is at the period that t is in.
func startCalendar(t time.Time, g rapportv1.Granularity, zone *time.Location) *calendar {
	year, month, day := t.In(zone).Date()
	switch g {
	case rapportv1.Granularity_WEEK:
		weekday := int(t.In(zone).Weekday())
		day -= (weekday + 6) % 7 // Monday is the first
	case rapportv1.Granularity_MONTH:
		day = 1
	case rapportv1.Granularity_QUARTER:
		month, day = month-(month-1)%3, 1
	default:
	}
	return &calendar{granularity: g, zone: zone, date: time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

// next goes to the next period and returns when it begins.
func (c *calendar) next() time.Time {
	switch c.granularity {
	case rapportv1.Granularity_WEEK:
		c.date = c.date.AddDate(0, 0, 7)
	case rapportv1.Granularity_MONTH:
		c.date = c.date.AddDate(0, 1, 0)
	case rapportv1.Granularity_QUARTER:
		c.date = c.date.AddDate(0, 3, 0)
	default:
		c.date = c.date.AddDate(0, 0, 1)
	}
	return c.start()
}

// start is when the period begins.
func (c *calendar) start() time.Time {
	return worktime.StartOfDay(c.date.Year(), c.date.Month(), c.date.Day(), c.zone)
}
