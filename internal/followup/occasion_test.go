package followup

import (
	"testing"
	"time"
)

// TestNextDay compares the days of occasions with what a clock on the wall shows, minute by
// minute, where clocks are changed at midnight too.
func TestNextDay(t *testing.T) {
	for _, test := range []struct {
		monthDay         int16
		zone             string
		now              string
		wantDue, wantEnd string
	}{
		{1224, "", "2026-11-26T12:00:00Z", "2026-12-24T00:00:00Z", "2026-12-25T00:00:00Z"},
		{1126, "Asia/Shanghai", "2026-11-26T15:59:59Z", "2026-11-25T16:00:00Z", "2026-11-26T16:00:00Z"},
		{1126, "Asia/Shanghai", "2026-11-26T16:00:00Z", "2027-11-25T16:00:00Z", "2027-11-26T16:00:00Z"},
		{1231, "America/New_York", "2027-01-01T04:00:00Z", "2026-12-31T05:00:00Z", "2027-01-01T05:00:00Z"},
		{101, "Pacific/Kiritimati", "2026-12-31T09:00:00Z", "2026-12-31T10:00:00Z", "2027-01-01T10:00:00Z"},
		{229, "Europe/Berlin", "2026-11-26T12:00:00Z", "2027-02-27T23:00:00Z", "2027-02-28T23:00:00Z"},
		{229, "Europe/Berlin", "2027-11-26T12:00:00Z", "2028-02-28T23:00:00Z", "2028-02-29T23:00:00Z"},
		{228, "UTC", "2027-11-26T12:00:00Z", "2028-02-28T00:00:00Z", "2028-02-29T00:00:00Z"},
		// 23 and 25 hours long.
		{328, "Europe/Berlin", "2027-01-01T00:00:00Z", "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z"},
		{1031, "Europe/Berlin", "2027-01-01T00:00:00Z", "2027-10-30T22:00:00Z", "2027-10-31T23:00:00Z"},
		// It began at one o'clock, as the clocks were put forward at midnight.
		{1104, "America/Sao_Paulo", "2018-10-01T00:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		// Its first hour came twice.
		{1101, "America/Havana", "2026-10-01T00:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		{1224, "No/Such_Zone", "2026-11-26T12:00:00Z", "2026-12-24T00:00:00Z", "2026-12-25T00:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		due, end := nextDay(test.monthDay, test.zone, now)
		if got, gotEnd := due.Format(time.RFC3339), end.Format(time.RFC3339); got != test.wantDue || gotEnd != test.wantEnd {
			t.Errorf("%d in %q at %s: %s to %s, want %s to %s", test.monthDay, test.zone, test.now, got, gotEnd, test.wantDue, test.wantEnd)
		}
	}
}

// TestNextDayOfAll walks through all days of all hours of a few years in zones whose clocks
// change, and asks of each day whether it is as the wall clock has it.
func TestNextDayOfAll(t *testing.T) {
	for _, zone := range []string{"America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Asia/Beirut", "Atlantic/Azores", "Asia/Kathmandu", "Australia/Lord_Howe"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2020; at = at.Add(7 * time.Hour) {
			local := at.In(loc)
			monthDay := int16(int(local.Month())*100 + local.Day()) //nolint:gosec // at most 1231
			due, end := nextDay(monthDay, zone, at)
			// The day holds the instant; one minute earlier and at its end it is another day.
			early, last := due.Add(-time.Minute).In(loc), end.Add(-time.Minute).In(loc)
			if due.After(at) || !end.After(at) || due.In(loc).Day() != local.Day() || early.Day() == local.Day() || last.Day() != local.Day() || end.In(loc).Day() == local.Day() {
				t.Fatalf("%s at %s: %s to %s", zone, local, due.In(loc), end.In(loc))
			}
		}
	}
}

func TestPace(t *testing.T) {
	paces := map[int32]bool{}
	for _, test := range []struct {
		given time.Duration
		want  int32
	}{
		{-day, 1},
		{0, 1},
		{time.Microsecond, 1},
		{day, 1},
		{day + time.Microsecond, 2},
		{60 * day, 60},
		{60*day + 1, 90},
		{90 * day, 90},
		{91 * day, 120},
		{3599 * day, 3600},
		{100 * 365 * day, 3600},
		{1<<63 - 1, 3600},
	} {
		if got := paceOf(test.given); got != test.want {
			t.Errorf("%v: %d days, want %d", test.given, got, test.want)
		}
	}
	for d := range 5000 {
		paces[paceOf(time.Duration(d)*day)] = true
	}
	if len(paces) != 178 {
		t.Errorf("%d paces", len(paces))
	}
}
