package statistics

import "math"

// Pearson returns the correlation of two whole numbers that come in pairs, from the sums of
// each and that of their products. It is false where one of the two is the same in all pairs,
// so that there is none.
func Pearson(x, y Sums, products int64) (r float64, ok bool) {
	n := x.N
	ofX, ofY := n*x.Squares-x.Sum*x.Sum, n*y.Squares-y.Sum*y.Sum
	if ofX <= 0 || ofY <= 0 {
		return 0, false
	}
	r = float64(n*products-x.Sum*y.Sum) / (math.Sqrt(float64(ofX)) * math.Sqrt(float64(ofY)))
	return math.Max(-1, math.Min(1, r)), true
}

// Correlation is a correlation of n pairs with the interval of Fisher (1921), Metron 1, 3-32:
// the inverse hyperbolic tangent of r is all but normal, with the standard error of FisherError.
func Correlation(r float64, n int64) Estimate {
	at := around(math.Atanh(r), FisherError(n))
	return Estimate{r, math.Tanh(at.Lower), math.Tanh(at.Upper)}
}

// FisherError is the standard error of the inverse hyperbolic tangent of a correlation of n
// pairs.
func FisherError(n int64) float64 { return 1 / math.Sqrt(float64(n-3)) }
