package servicetier

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/tidwall/gjson"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/dayofweek"
	"google.golang.org/genproto/googleapis/type/timeofday"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
)

// storedTarget is a target in its column, with durations in microseconds; 0 is none.
type storedTarget struct {
	Priority      string `json:"priority"`
	FirstResponse int64  `json:"first_response,omitempty"`
	Resolve       int64  `json:"resolve,omitempty"`
}

func encodeTargets(targets []*rapportv1.ServiceTier_Target) (string, error) {
	return jsoncolumn.EncodeList(targets, func(t *rapportv1.ServiceTier_Target) storedTarget {
		return storedTarget{t.GetPriority().String(), t.GetFirstResponse().AsDuration().Microseconds(), t.GetResolve().AsDuration().Microseconds()}
	})
}

func decodeTargets(column string) []*rapportv1.ServiceTier_Target {
	return jsoncolumn.DecodeList(column, func(t *rapportv1.ServiceTier_Target, key string, value gjson.Result) {
		switch key {
		case "priority":
			t.Priority = db.EnumOf[rapportv1.Priority](value.Str)
		case "first_response":
			t.FirstResponse = duration(value)
		case "resolve":
			t.Resolve = duration(value)
		}
	})
}

func duration(micros gjson.Result) *durationpb.Duration {
	return durationpb.New(time.Duration(micros.Int()) * time.Microsecond)
}

// storedCalendar is a calendar in its column: spans as day of the week (Monday is 1), start and
// end in minutes; holidays as year, month and day.
type storedCalendar struct {
	TimeZone string     `json:"time_zone"`
	Hours    [][3]int32 `json:"hours,omitempty"`
	Holidays [][3]int32 `json:"holidays,omitempty"`
}

func encodeCalendar(c *rapportv1.ServiceTier_Calendar) (pgtype.Text, error) {
	if c == nil {
		return pgtype.Text{}, nil
	}
	stored := storedCalendar{TimeZone: c.GetTimeZone()}
	for _, h := range c.GetHours() {
		stored.Hours = append(stored.Hours, [3]int32{int32(h.GetDay()), minutes(h.GetStart()), minutes(h.GetEnd())})
	}
	for _, d := range c.GetHolidays() {
		stored.Holidays = append(stored.Holidays, [3]int32{d.GetYear(), d.GetMonth(), d.GetDay()})
	}
	encoded, err := jsoncolumn.Encode(stored)
	return db.Text(encoded), err
}

func minutes(t *timeofday.TimeOfDay) int32 { return t.GetHours()*60 + t.GetMinutes() }

func decodeCalendar(column string) *rapportv1.ServiceTier_Calendar {
	stored := gjson.Parse(column)
	c := &rapportv1.ServiceTier_Calendar{TimeZone: stored.Get("time_zone").Str}
	stored.Get("hours").ForEach(func(_, span gjson.Result) bool {
		day, start, end := three(span)
		c.Hours = append(c.Hours, &rapportv1.ServiceTier_Hours{Day: dayofweek.DayOfWeek(day), Start: timeOfDay(start), End: timeOfDay(end)})
		return true
	})
	stored.Get("holidays").ForEach(func(_, holiday gjson.Result) bool {
		year, month, day := three(holiday)
		c.Holidays = append(c.Holidays, &date.Date{Year: year, Month: month, Day: day})
		return true
	})
	return c
}

func three(numbers gjson.Result) (a, b, c int32) {
	all := numbers.Array()
	return int32(all[0].Int()), int32(all[1].Int()), int32(all[2].Int()) //nolint:gosec // written by encodeCalendar
}

func timeOfDay(minutes int32) *timeofday.TimeOfDay {
	return &timeofday.TimeOfDay{Hours: minutes / 60, Minutes: minutes % 60}
}
