package statistics_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"github.com/rapport-crm/rapport/internal/statistics"
)

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.Abs(got-want) > by || math.IsNaN(got) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func wantEstimate(t *testing.T, what string, got statistics.Estimate, value, lower, upper, by float64) {
	t.Helper()
	near(t, what, got.Value, value, by)
	near(t, what+", lower end", got.Lower, lower, by)
	near(t, what+", upper end", got.Upper, upper, by)
}

// Worked by hand: the variance is (0.7 - 0.09) / 100.
func TestNPS(t *testing.T) {
	wantEstimate(t, "50 promoters, 30 passives, 20 detractors", statistics.Promotion{Promoters: 50, Detractors: 20, N: 100}.Score(), 30, 14.692, 45.308, 5e-4)
	wantEstimate(t, "promoters alone", statistics.Promotion{Promoters: 10, N: 10}.Score(), 100, 100, 100, 0)
	// Half of 20 each: the variance of the score is 500, that of the difference 1,000.
	even := statistics.Promotion{Promoters: 10, Detractors: 10, N: 20}
	wantEstimate(t, "no difference", even.Since(even), 0, -61.98, 61.98, 5e-3)
}

// The intervals are those in the tables of Newcombe's two papers of 1998.
func TestShares(t *testing.T) {
	for _, c := range []struct {
		of, n               int64
		value, lower, upper float64
	}{
		{81, 263, 0.3080, 0.2553, 0.3662},
		{15, 148, 0.1014, 0.0624, 0.1605},
		{0, 20, 0, 0, 0.1611},
		{1, 29, 0.0345, 0.0061, 0.1718},
		{80, 100, 0.8, 0.7112, 0.8666},
	} {
		wantEstimate(t, "Wilson", statistics.Share{Of: c.of, N: c.n}.Wilson(), c.value, c.lower, c.upper, 5.1e-5)
	}
	for _, c := range []struct {
		now, before         statistics.Share
		value, lower, upper float64
	}{
		{statistics.Share{Of: 56, N: 70}, statistics.Share{Of: 48, N: 80}, 0.2, 0.0524, 0.3339},
		{statistics.Share{Of: 9, N: 10}, statistics.Share{Of: 3, N: 10}, 0.6, 0.1705, 0.8090},
		{statistics.Share{Of: 5, N: 56}, statistics.Share{Of: 0, N: 29}, 0.0893, -0.0381, 0.1926},
		{statistics.Share{Of: 10, N: 10}, statistics.Share{Of: 0, N: 10}, 1, 0.6075, 1},
	} {
		got := c.now.Since(c.before)
		wantEstimate(t, "Newcombe", got, c.value, c.lower, c.upper, 5.1e-5)
		if got.Excludes0() != (c.lower > 0) {
			t.Errorf("%v to %v excludes 0: %v", got.Lower, got.Upper, got.Excludes0())
		}
	}
}

func TestFisher(t *testing.T) {
	// r = 0.5 of 28 pairs: atanh r is 0.5493, its standard error 0.2.
	wantEstimate(t, "Fisher", statistics.Correlation(0.5, 28), 0.5, math.Tanh(0.5493061-0.3919928), math.Tanh(0.5493061+0.3919928), 1e-6)
	wantEstimate(t, "a line", statistics.Correlation(1, 28), 1, 1, 1, 0)
}

// cars are the columns mpg, cyl, disp, hp and wt of R's data set mtcars (Henderson & Velleman
// 1981).
var cars = [][5]float64{
	{21, 6, 160, 110, 2.62},
	{21, 6, 160, 110, 2.875},
	{22.8, 4, 108, 93, 2.32},
	{21.4, 6, 258, 110, 3.215},
	{18.7, 8, 360, 175, 3.44},
	{18.1, 6, 225, 105, 3.46},
	{14.3, 8, 360, 245, 3.57},
	{24.4, 4, 146.7, 62, 3.19},
	{22.8, 4, 140.8, 95, 3.15},
	{19.2, 6, 167.6, 123, 3.44},
	{17.8, 6, 167.6, 123, 3.44},
	{16.4, 8, 275.8, 180, 4.07},
	{17.3, 8, 275.8, 180, 3.73},
	{15.2, 8, 275.8, 180, 3.78},
	{10.4, 8, 472, 205, 5.25},
	{10.4, 8, 460, 215, 5.424},
	{14.7, 8, 440, 230, 5.345},
	{32.4, 4, 78.7, 66, 2.2},
	{30.4, 4, 75.7, 52, 1.615},
	{33.9, 4, 71.1, 65, 1.835},
	{21.5, 4, 120.1, 97, 2.465},
	{15.5, 8, 318, 150, 3.52},
	{15.2, 8, 304, 150, 3.435},
	{13.3, 8, 350, 245, 3.84},
	{19.2, 8, 400, 175, 3.845},
	{27.3, 4, 79, 66, 1.935},
	{26, 4, 120.3, 91, 2.14},
	{30.4, 4, 95.1, 113, 1.513},
	{15.8, 8, 351, 264, 3.17},
	{19.7, 6, 145, 175, 2.77},
	{15, 8, 301, 335, 3.57},
	{21.4, 4, 121, 109, 2.78},
}

// The weights are those that the documentation of the R package rwa prints, which follows
// Tonidandel & LeBreton (2015).
func TestRelativeWeightsOfCars(t *testing.T) {
	data := mat.NewDense(len(cars), 5, nil)
	for i, car := range cars {
		data.SetRow(i, car[:])
	}
	var all mat.SymDense
	stat.CorrelationMatrix(&all, data, nil)
	among, outcome := mat.NewSymDense(4, nil), make([]float64, 4)
	for i := range 4 {
		outcome[i] = all.At(i+1, 0)
		for j := i; j < 4; j++ {
			among.SetSym(i, j, all.At(i+1, j+1))
		}
	}
	weights, rSquared, ok := statistics.RelativeWeights(among, outcome)
	if !ok {
		t.Fatal("there are weights")
	}
	near(t, "R squared", rSquared, 0.8486348, 1e-6)
	for i, want := range []float64{0.2096904, 0.1883043, 0.1799590, 0.2706812} {
		near(t, "weight", weights[i], want, 5.1e-8)
	}
}

// Of two factors the weights are their mean contributions to R squared, whichever of them is
// looked at first (general dominance).
func TestRelativeWeightsOfTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rho := rapid.Float64Range(-0.95, 0.95).Draw(t, "rho")
		first := rapid.Float64Range(-0.7, 0.7).Draw(t, "first")
		second := rapid.Float64Range(-0.7, 0.7).Draw(t, "second")
		both := (first*first + second*second - 2*rho*first*second) / (1 - rho*rho)
		weights, rSquared, ok := statistics.RelativeWeights(mat.NewSymDense(2, []float64{1, rho, rho, 1}), []float64{first, second})
		if !ok || math.Abs(rSquared-both) > 1e-9*(1+both) || math.Abs(weights[0]-(first*first+both-second*second)/2) > 1e-9*(1+both) {
			t.Fatalf("weights %v, R squared %v, %v; want R squared %v", weights, rSquared, ok, both)
		}
	})
}

// Whatever the ratings, the weights are not negative and add up to the R squared of the
// regression, which is solved here in another way.
func TestRelativeWeightsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.IntRange(1, 8).Draw(t, "factors")
		n := rapid.IntRange(p+2, 60).Draw(t, "scores")
		data := mat.NewDense(n, p+1, nil)
		for i := range n {
			for j := range p + 1 {
				data.Set(i, j, float64(rapid.IntRange(1, 5).Draw(t, "rating")))
			}
		}
		for j := range p + 1 {
			if stat.Variance(mat.Col(nil, j, data), nil) == 0 {
				return
			}
		}
		var all mat.SymDense
		stat.CorrelationMatrix(&all, data, nil)
		among, outcome := mat.NewSymDense(p, nil), make([]float64, p)
		for i := range p {
			outcome[i] = all.At(i, p)
			for j := i; j < p; j++ {
				among.SetSym(i, j, all.At(i, j))
			}
		}
		weights, rSquared, ok := statistics.RelativeWeights(among, outcome)
		if !ok {
			return
		}
		var beta mat.VecDense
		if err := beta.SolveVec(among, mat.NewVecDense(p, outcome)); err != nil {
			return // all but singular
		}
		want, sum := mat.Dot(&beta, mat.NewVecDense(p, outcome)), 0.0
		for _, w := range weights {
			if w < 0 {
				t.Fatalf("negative: %v", weights)
			}
			sum += w
		}
		if math.Abs(sum-want) > 1e-6 || math.Abs(rSquared-want) > 1e-6 || want > 1+1e-9 {
			t.Fatalf("the weights %v add up to %v, R squared is %v", weights, sum, want)
		}
	})
}

func TestRelativeWeightsOfTheSame(t *testing.T) {
	if weights, _, ok := statistics.RelativeWeights(mat.NewSymDense(2, []float64{1, 1, 1, 1}), []float64{0.5, 0.5}); ok {
		t.Errorf("%v: no split of two that are the same is better than another", weights)
	}
}

// The sums give what gonum finds from the numbers themselves.
func TestSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 50).Draw(t, "n")
		var xs, ys []float64
		x, y, products := statistics.Sums{}, statistics.Sums{}, int64(0)
		add := func(s *statistics.Sums, v int64) { s.N, s.Sum, s.Squares = s.N+1, s.Sum+v, s.Squares+v*v }
		for range n {
			a, b := rapid.Int64Range(0, 10).Draw(t, "x"), rapid.Int64Range(1, 5).Draw(t, "y")
			xs, ys, products = append(xs, float64(a)), append(ys, float64(b)), products+a*b
			add(&x, a)
			add(&y, b)
		}
		mean, deviation := stat.MeanStdDev(xs, nil)
		if e := x.Mean(); math.Abs(e.Value-mean) > 1e-12 || math.Abs(e.Upper-mean-1.959964*stat.StdErr(deviation, float64(n))) > 1e-6 {
			t.Fatalf("%v, want %v and %v", e, mean, deviation)
		}
		r, ok := statistics.Pearson(x, y, products)
		if want := stat.Correlation(xs, ys, nil); ok && math.Abs(r-want) > 1e-12 || ok == math.IsNaN(want) {
			t.Fatalf("%v, %v, want %v", r, ok, want)
		}
	})
}
