package servicetier

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/timeofday"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/worktime"
)

// maxContactDays is the longest contact interval.
const maxContactDays = 3650

// normalise brings a whole tier, as it would be stored, into its stored form in place, and
// returns all that is wrong with it beyond what the annotations state. The order of
// targets, hours and holidays means nothing, so that is always the same one.
func normalise(t *rapportv1.ServiceTier) error {
	var wrong apierr.Violations
	if t.GetDisplayName() == "" {
		wrong.Add("service_tier.display_name", "is required")
	}
	targets(&wrong, t.GetTargets())
	if d := t.GetContactInterval(); d != nil {
		if n := d.AsDuration(); d.CheckValid() != nil || n < day || n > maxContactDays*day || n%day != 0 {
			wrong.Add("service_tier.contact_interval", "must be 1 to 3,650 whole days of 24 hours")
		}
	}
	if c := t.GetCalendar(); c != nil {
		calendar(&wrong, c)
	}
	return wrong.Err()
}

func targets(wrong *apierr.Violations, all []*rapportv1.ServiceTier_Target) {
	seen := map[rapportv1.Priority]bool{}
	for i, t := range all {
		field := fmt.Sprintf("service_tier.targets[%d]", i)
		if seen[t.GetPriority()] {
			wrong.Add(field+".priority", "has a target already: %s", t.GetPriority())
		}
		seen[t.GetPriority()] = true
		if t.GetFirstResponse() == nil && t.GetResolve() == nil {
			wrong.Add(field, "needs a first_response, a resolve or both")
		}
		whole(wrong, field+".first_response", t.GetFirstResponse())
		whole(wrong, field+".resolve", t.GetResolve())
	}
	slices.SortStableFunc(all, func(a, b *rapportv1.ServiceTier_Target) int { return cmp.Compare(a.GetPriority(), b.GetPriority()) })
}

func whole(wrong *apierr.Violations, field string, d *durationpb.Duration) {
	if d != nil && (d.CheckValid() != nil || d.GetNanos()%int32(time.Microsecond) != 0) {
		wrong.Add(field, "must be a whole number of microseconds")
	}
}

const calendarField = "service_tier.calendar"

// calendar normalises the calendar: each span has a start and an end, and spans of one day
// that overlap or touch are one.
func calendar(wrong *apierr.Violations, c *rapportv1.ServiceTier_Calendar) {
	before := len(*wrong)
	for i, h := range c.GetHours() {
		field := fmt.Sprintf("%s.hours[%d].", calendarField, i)
		if h.GetStart() == nil {
			h.Start = &timeofday.TimeOfDay{}
		}
		if h.GetEnd() == nil {
			h.End = &timeofday.TimeOfDay{Hours: 24}
		}
		wholeMinute(wrong, field+"start", h.GetStart())
		wholeMinute(wrong, field+"end", h.GetEnd())
	}
	if len(*wrong) > before {
		return
	}
	var problems worktime.Problems
	if _, err := newCalendar(c); errors.As(err, &problems) {
		for _, p := range problems {
			wrong.Add(calendarField+"."+strings.Replace(p.Field, "zone", "time_zone", 1), "%s", p.Text)
		}
		return
	}
	c.Hours = merged(c.GetHours())
	slices.SortFunc(c.GetHolidays(), compareDates)
	c.Holidays = slices.CompactFunc(c.GetHolidays(), func(a, b *date.Date) bool { return compareDates(a, b) == 0 })
}

func wholeMinute(wrong *apierr.Violations, field string, t *timeofday.TimeOfDay) {
	h, m := t.GetHours(), t.GetMinutes()
	if h < 0 || m < 0 || m > 59 || h > 24 || h == 24 && m > 0 || t.GetSeconds() != 0 || t.GetNanos() != 0 {
		wrong.Add(field, "must be a time from 00:00 to 24:00, to the minute")
	}
}

// newCalendar is the calendar to count with. All hours have a start and an end.
func newCalendar(c *rapportv1.ServiceTier_Calendar) (*worktime.Calendar, error) {
	hours := make([]worktime.Hours, len(c.GetHours()))
	for i, h := range c.GetHours() {
		hours[i] = worktime.Hours{
			Day:   time.Weekday(int(h.GetDay()) % 7), // Sunday is the seventh day there, and the day 0 here
			Start: time.Duration(minutes(h.GetStart())) * time.Minute, End: time.Duration(minutes(h.GetEnd())) * time.Minute,
		}
	}
	holidays := make([]worktime.Holiday, len(c.GetHolidays()))
	for i, d := range c.GetHolidays() {
		holidays[i] = worktime.Holiday{Year: int(d.GetYear()), Month: time.Month(d.GetMonth()), Day: int(d.GetDay())}
	}
	return worktime.New(c.GetTimeZone(), hours, holidays)
}

func merged(all []*rapportv1.ServiceTier_Hours) (out []*rapportv1.ServiceTier_Hours) {
	slices.SortFunc(all, func(a, b *rapportv1.ServiceTier_Hours) int {
		return cmp.Or(cmp.Compare(a.GetDay(), b.GetDay()), cmp.Compare(minutes(a.GetStart()), minutes(b.GetStart())))
	})
	for _, h := range all {
		if n := len(out); n > 0 && out[n-1].GetDay() == h.GetDay() && minutes(h.GetStart()) <= minutes(out[n-1].GetEnd()) {
			if minutes(h.GetEnd()) > minutes(out[n-1].GetEnd()) {
				out[n-1].End = h.GetEnd()
			}
			continue
		}
		out = append(out, h)
	}
	return out
}

func compareDates(a, b *date.Date) int {
	return cmp.Or(cmp.Compare(a.GetYear(), b.GetYear()), cmp.Compare(a.GetMonth(), b.GetMonth()), cmp.Compare(a.GetDay(), b.GetDay()))
}
