package statistics

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// leastEigenvalue is what the smallest eigenvalue of correlations must be, so that each factor
// says something that the others do not.
const leastEigenvalue = 1e-9

// RelativeWeights splits what several factors explain of an outcome among them, by the method of
// Johnson (2000), Multivariate Behavioral Research 35, 1-19. The factors are replaced by the
// nearest ones that do not correlate; what these explain is handed back to the factors in
// proportion to the squares of their correlations with them. So no weight is negative, and
// together they are R squared.
//
// It takes the correlations of the factors with each other and with the outcome, and is false
// where a factor follows from others, so that no split is better than another.
func RelativeWeights(among *mat.SymDense, outcome []float64) (weights []float64, rSquared float64, ok bool) {
	n := len(outcome)
	var eigen mat.EigenSym
	if n == 0 || !eigen.Factorize(among, true) {
		return nil, 0, false
	}
	values := eigen.Values(nil) // ascending
	if values[0] < leastEigenvalue {
		return nil, 0, false
	}
	var vectors, root, inverse, scaled mat.Dense
	eigen.VectorsTo(&vectors)
	diagonal := func(power float64) *mat.DiagDense {
		d := mat.NewDiagDense(n, nil)
		for i, v := range values {
			d.SetDiag(i, math.Pow(v, power))
		}
		return d
	}
	// root has the correlations of the factors with those that replace them, beta the weights of
	// these in the regression of the outcome.
	scaled.Mul(&vectors, diagonal(0.5))
	root.Mul(&scaled, vectors.T())
	scaled.Mul(&vectors, diagonal(-0.5))
	inverse.Mul(&scaled, vectors.T())
	var beta mat.VecDense
	beta.MulVec(&inverse, mat.NewVecDense(n, outcome))
	weights = make([]float64, n)
	for i := range n {
		for j := range n {
			weights[i] += math.Pow(root.At(i, j)*beta.AtVec(j), 2)
		}
		rSquared += weights[i]
	}
	return weights, rSquared, true
}
