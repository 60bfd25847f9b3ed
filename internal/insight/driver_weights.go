package insight

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/statistics"
)

// weigh adds the relative weights of the named factors to the report, or returns why there are
// none.
func (p *products) weigh(out *rapportv1.DriverReport, names []string) (warning string) {
	out.RelativeWeightsN = count(p.rating.N)
	if p.rating.N < fewest || p.rating.N < int64(len(names))+2 {
		return fmt.Sprintf("There are no relative weights: %d scores rate all %d factors; name fewer of them.", p.rating.N, len(names))
	}
	among, outcome, ok := p.correlations(len(names))
	if !ok {
		return "There are no relative weights: of the scores that rate all factors, all rate one of these, or the whole, alike."
	}
	weights, rSquared, ok := statistics.RelativeWeights(among, outcome)
	if !ok {
		return "There are no relative weights: what customers say of one of the factors follows from what they say of the others."
	}
	out.RSquared = &rSquared
	for _, f := range out.GetFactors() {
		if i := slices.Index(names, f.GetFactor()); i >= 0 {
			f.RelativeWeight = &weights[i]
			if rSquared > 0 {
				share := weights[i] / rSquared
				f.RelativeWeightShare = &share
			}
		}
	}
	return ""
}

// correlations returns those of the factors with each other and with the whole.
func (p *products) correlations(n int) (among *mat.SymDense, outcome []float64, ok bool) {
	ofFactor, k := make([]statistics.Sums, n), 0
	for i := range n {
		ofFactor[i] = statistics.Sums{N: p.rating.N, Sum: p.sums[i], Squares: p.among[k]}
		k += n - i
	}
	among, outcome, k = mat.NewSymDense(n, nil), make([]float64, n), 0
	for i := range n {
		if outcome[i], ok = statistics.Pearson(ofFactor[i], p.rating, p.withRating[i]); !ok {
			return nil, nil, false
		}
		for j := i; j < n; j++ {
			r, ok := statistics.Pearson(ofFactor[i], ofFactor[j], p.among[k])
			if !ok {
				return nil, nil, false
			}
			among.SetSym(i, j, r)
			k++
		}
	}
	return among, outcome, true
}
