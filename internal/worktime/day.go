package worktime

import "time"

// StartOfDay is the first instant of a day. Where clocks are changed at midnight, that is not
// always the instant at which they show it.
func StartOfDay(year int, month time.Month, d int, loc *time.Location) time.Time {
	noon := time.Date(year, month, d, 12, 0, 0, 0, loc)
	changed, _ := noon.ZoneBounds()
	midnight := noon.Add(-12 * time.Hour)
	if changed.IsZero() || changed.Before(midnight) {
		return midnight.UTC()
	}
	_, offset := changed.Add(-time.Nanosecond).Zone()
	before := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, 0, 0, 0, time.UTC).Add(-time.Duration(offset) * time.Second)
	if before.Before(changed) {
		return before
	}
	return changed.UTC()
}
