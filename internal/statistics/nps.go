package statistics

import "math"

// Promotion is how many of n customers are promoters and how many detractors.
type Promotion struct{ Promoters, Detractors, N int64 }

// fullNPS is the Net Promoter Score of promoters alone.
const fullNPS = 100

// Score is the Net Promoter Score (Reichheld 2003), -100 to 100. A customer counts 1, 0 or -1,
// so the variance of the mean follows from the shares p of promoters and d of detractors:
// (p + d - (p - d)^2) / n. The interval is the normal one.
func (p Promotion) Score() Estimate {
	score, variance := p.moments()
	return around(score, math.Sqrt(variance)).within(-fullNPS, fullNPS)
}

// Since is the difference to the score of other customers, of an earlier time. Its variance is
// the sum of both, and so its interval that of the two-sample z test.
func (p Promotion) Since(before Promotion) Estimate {
	now, variance := p.moments()
	then, varianceThen := before.moments()
	return around(now-then, math.Sqrt(variance+varianceThen)).within(-2*fullNPS, 2*fullNPS)
}

// moments returns the score and its variance.
func (p Promotion) moments() (score, variance float64) {
	n := float64(p.N)
	share, shareOfDetractors := float64(p.Promoters)/n, float64(p.Detractors)/n
	net := share - shareOfDetractors
	return fullNPS * net, fullNPS * fullNPS * math.Max(share+shareOfDetractors-net*net, 0) / n
}
