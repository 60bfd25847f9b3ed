// Package statistics has the figures of reports with their 95 % intervals, each by a published
// method.
package statistics

import "math"

// Estimate is a figure and its 95 % interval.
type Estimate struct{ Value, Lower, Upper float64 }

// Excludes0 tells whether the interval does not include 0, so that the figure differs from it
// by more than chance.
func (e Estimate) Excludes0() bool { return e.Lower > 0 || e.Upper < 0 }

// z is the quantile of the standard normal distribution that leaves 2.5 % at either end.
const z = 1.959963984540054

// around is the estimate whose interval is symmetrical.
func around(value, standardError float64) Estimate {
	return Estimate{value, value - z*standardError, value + z*standardError}
}

// within cuts the interval to what the figure can be.
func (e Estimate) within(lowest, highest float64) Estimate {
	e.Lower, e.Upper = math.Max(e.Lower, lowest), math.Min(e.Upper, highest)
	return e
}
