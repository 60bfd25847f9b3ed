package worktime_test

import (
	"testing"
	"time"

	"github.com/rapport-crm/rapport/internal/worktime"
)

var sink time.Time

func BenchmarkAdd(b *testing.B) {
	holidays := []worktime.Holiday{{Month: 12, Day: 25}, {Month: 12, Day: 26}, {Month: 1, Day: 1}, {Year: 2026, Month: 4, Day: 6}}
	lunch := append(days(9, 12, weekdays...), days(13, 18, weekdays...)...)
	c := calendar(b, "Europe/Berlin", lunch, holidays...)
	for _, bench := range []struct {
		name, from string
		work       time.Duration
	}{
		{"an hour", "2026-06-01 10:00", time.Hour},
		{"10 days", "2026-06-01 10:00", 80 * time.Hour},
		{"10 days over a change", "2026-03-23 10:00", 80 * time.Hour},
		{"10 days beyond the zone's list", "2040-06-01 10:00", 80 * time.Hour},
		{"6 months", "2026-06-01 10:00", 1000 * time.Hour},
		{"10 years in vain", "2026-06-01 10:00", 1e6 * time.Hour},
	} {
		b.Run(bench.name, func(b *testing.B) {
			from := at(b, "Europe/Berlin", bench.from)
			for b.Loop() {
				sink, _ = c.Add(from, bench.work)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	hours := days(9, 17, weekdays...)
	for b.Loop() {
		calendar(b, "Europe/Berlin", hours)
	}
}
