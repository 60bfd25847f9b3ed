package statistics

import "math"

// Share is how many of n are of a kind.
type Share struct{ Of, N int64 }

// Wilson is the share with the score interval of Wilson (1927), Journal of the American
// Statistical Association 22, 209-212: Newcombe's (1998) method 3. It stays within 0 and 1, and
// holds for few and for shares near either end, where the normal interval fails.
func (s Share) Wilson() Estimate {
	n, p := float64(s.N), float64(s.Of)/float64(s.N)
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n)) / (1 + z*z/n)
	return Estimate{p, middle - half, middle + half}.within(0, 1)
}

// Since is the difference to an earlier share with the hybrid score interval, method 10 of
// Newcombe (1998), Statistics in Medicine 17, 873-890: it is put together from Wilson's
// intervals of the two.
func (s Share) Since(before Share) Estimate {
	now, then := s.Wilson(), before.Wilson()
	d := now.Value - then.Value
	return Estimate{
		Value: d,
		Lower: d - math.Hypot(now.Value-now.Lower, then.Upper-then.Value),
		Upper: d + math.Hypot(now.Upper-now.Value, then.Value-then.Lower),
	}.within(-1, 1)
}
