package worktime_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-crm/rapport/internal/worktime"
)

// Everything that is wrong is told at once, each by its field.
func TestNewTellsAllProblems(t *testing.T) {
	_, err := worktime.New("Europe/Atlantis",
		[]worktime.Hours{
			{Day: time.Monday, Start: 9 * time.Hour, End: 17 * time.Hour},
			{Day: 7, Start: 9 * time.Hour, End: 17 * time.Hour},
			{Day: time.Monday, Start: -1, End: time.Hour},
			{Day: time.Monday, Start: time.Hour, End: time.Hour},
			{Day: time.Monday, Start: 22 * time.Hour, End: 6 * time.Hour},
			{Day: time.Monday, Start: 0, End: 24*time.Hour + 1},
		},
		[]worktime.Holiday{
			{Month: time.February, Day: 29},
			{Year: 2027, Month: time.February, Day: 29},
			{Month: time.April, Day: 31},
			{Month: 13, Day: 1},
			{Year: -1, Month: 1, Day: 1},
			{Year: 10000, Month: 1, Day: 1},
			{},
		})
	wrong, ok := errors.AsType[worktime.Problems](err)
	if !ok {
		t.Fatalf("New: %v, which is no worktime.Problems", err)
	}
	var fields []string
	for _, one := range wrong {
		fields = append(fields, one.Field)
	}
	want := []string{
		"zone", "hours[1]", "hours[2]", "hours[3]", "hours[4]", "hours[5]",
		"holidays[1]", "holidays[2]", "holidays[3]", "holidays[4]", "holidays[5]", "holidays[6]",
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestNewRefusesZonesOfTheMachine(t *testing.T) {
	for _, zone := range []string{"", "Local", "europe/atlantis", "../etc/passwd", "/etc/localtime", "CEST"} {
		if _, err := worktime.New(zone, nil, nil); err == nil {
			t.Errorf("New took the zone %q", zone)
		}
	}
}

// A calendar without a day to work is refused; with one day it is a calendar, even if
// that day comes every four years only.
func TestNewRefusesACalendarOfHolidays(t *testing.T) {
	var all []worktime.Holiday
	for date := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC); date.Year() == 2028; date = date.AddDate(0, 0, 1) {
		all = append(all, worktime.Holiday{Month: date.Month(), Day: date.Day()})
	}
	_, err := worktime.New("UTC", nil, append(all, all...))
	want := worktime.Problems{{Field: "holidays", Text: "leave no day to work"}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("New (-want +got):\n%s", diff)
	}

	var ordinary []worktime.Holiday
	for _, h := range all {
		if h.Month != time.February || h.Day != 29 {
			ordinary = append(ordinary, h)
		}
	}
	c := calendar(t, "UTC", nil, ordinary...)
	due, ok := c.Add(at(t, "UTC", "2026-01-01 00:00"), time.Hour)
	if want := at(t, "UTC", "2028-02-29 01:00"); !ok || !due.Equal(want) {
		t.Errorf("an hour of leap days ends at %v, %v; want %v", due, ok, want)
	}
}

// calendar is New of what must be right.
func calendar(t testing.TB, zone string, hours []worktime.Hours, holidays ...worktime.Holiday) *worktime.Calendar {
	t.Helper()
	c, err := worktime.New(zone, hours, holidays)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at reads a time of a zone, with an offset where the clock shows it twice.
func at(t testing.TB, zone, text string) time.Time {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := time.Parse("2006-01-02 15:04 -07:00", text); err == nil {
		return out.In(location)
	}
	out, err := time.ParseInLocation("2006-01-02 15:04", text, location)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// days are the same spans, from and to in hours, on each of the days.
func days(from, to float64, days ...time.Weekday) (out []worktime.Hours) {
	for _, day := range days {
		out = append(out, worktime.Hours{
			Day: day, Start: time.Duration(from * float64(time.Hour)), End: time.Duration(to * float64(time.Hour)),
		})
	}
	return out
}

var (
	everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	weekdays = everyDay[1:6]
)
