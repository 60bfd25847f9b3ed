package statistics

import "math"

// Sums are the number of some whole numbers, their sum and that of their squares: all that
// mean and variance follow from, and exact.
type Sums struct{ N, Sum, Squares int64 }

// Mean is the mean with the normal interval.
func (s Sums) Mean() Estimate { return around(s.mean(), s.StandardError()) }

// StandardError is that of the mean.
func (s Sums) StandardError() float64 { return math.Sqrt(s.variance() / float64(s.N)) }

func (s Sums) mean() float64 { return float64(s.Sum) / float64(s.N) }

// variance is that of the population from which these are a sample. Whole numbers make its
// numerator exact, so numbers that are all the same have none.
func (s Sums) variance() float64 {
	n := float64(s.N)
	return float64(s.N*s.Squares-s.Sum*s.Sum) / (n * (n - 1))
}
