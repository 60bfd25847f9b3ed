package followup

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/genproto/googleapis/type/date"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/worktime"
)

// occasionDays makes an occasion late by one when its day is over.
const occasionDays = 1

// occasionRows are the next days of occasions, in their order.
func occasionRows(occasions []*rapportv1.Occasion, subject uuid.UUID, zone string, now time.Time) (rows []row) {
	for i, o := range occasions {
		title := o.GetLabel()
		if title == "" {
			title = o.GetType().String()
		}
		monthDay := monthDayOf(o.GetDate())
		start, end := NextOccasion(monthDay, zone, now)
		rows = append(rows, row{
			reason: rapportv1.FollowUp_OCCASION, subject: subject, place: int16(i), title: title, outreach: true, //nolint:gosec // at most 20
			paceDays: occasionDays, start: at(start), end: at(end), monthDay: monthDay,
		})
	}
	return rows
}

// monthDayOf is a day of the year as a number, such as 1224.
func monthDayOf(d *date.Date) int16 { return int16(d.GetMonth()*100 + d.GetDay()) } //nolint:gosec // at most 1231

// NextOccasion returns when the row of an occasion starts and ends the next time.
func NextOccasion(monthDay int16, zone string, now time.Time) (start, end time.Time) {
	due, end := nextDay(monthDay, zone, now)
	return startOf(due, occasionDays), end
}

// nextDay returns when the day of an occasion, such as 1224, begins and ends in the time zone
// the next time that it is not over. 29 February is kept on the 28th in years without one.
func nextDay(monthDay int16, zone string, now time.Time) (start, end time.Time) {
	// A zone that is unknown to this version of the zones' list is as good as none.
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	month, d := time.Month(monthDay/100), int(monthDay%100)
	for year := now.In(loc).Year(); ; year++ {
		of := d
		if month == time.February && d == 29 && time.Date(year, month, d, 0, 0, 0, 0, time.UTC).Month() != month {
			of = 28
		}
		if end = worktime.StartOfDay(year, month, of+1, loc); end.After(now) {
			return worktime.StartOfDay(year, month, of, loc), end
		}
	}
}

// zoneSQL moves the occasions of customers, and of their contacts, to where their days are in
// another time zone.
const zoneSQL = `-- name: MoveOccasions
UPDATE follow_up AS f SET start_time = d.start_time, end_time = d.end_time
FROM unnest($1::smallint[], $2::uuid[]) AS w (lane, customer_id),
    unnest($3::smallint[], $4::timestamptz[], $5::timestamptz[]) AS d (month_day, start_time, end_time)
WHERE f.lane = w.lane AND f.customer_id = w.customer_id AND f.reason = 'OCCASION' AND f.month_day = d.month_day`

// queueZone queues the move of customers to a time zone. Which days their contacts have is not
// known, so the statement is told of all.
func queueZone(to queuer, zone string, customers *keys, now time.Time) {
	lanes, ids, _ := customers.arrays()
	var (
		days         []int16
		starts, ends []pgtype.Timestamptz
	)
	for d := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() == 2024; d = d.AddDate(0, 0, 1) {
		monthDay := int16(int(d.Month())*100 + d.Day()) //nolint:gosec // at most 1231
		start, end := NextOccasion(monthDay, zone, now)
		days, starts, ends = append(days, monthDay), append(starts, at(start)), append(ends, at(end))
	}
	to.Queue(zoneSQL, lanes, ids, days, starts, ends)
}
