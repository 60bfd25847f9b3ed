package bench

import (
	"math"
	"slices"
)

const (
	// othersLimit is how many processors others may keep busy in a round that counts.
	othersLimit = 0.3
	// minRounds is how many rounds must count for a verdict.
	minRounds = 3
)

// Verdicts on a case.
const (
	Pass  = "PASS"
	Fail  = "FAIL"
	Noisy = "NOISY"
	None  = "-"
)

// Ratios is how one system did beside another in the rounds that count.
type Ratios struct {
	Rounds  int     `json:"rounds"`
	Dropped int     `json:"dropped"`
	Median  float64 `json:"median"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	// Cost is the base's processor time of a call divided by the candidate's, client
	// and PostgreSQL included, the median over all rounds: the ratio that would come out
	// if nothing but processors were short. Others disturb it less than the rate, but no
	// verdict rests on it.
	Cost float64 `json:"cost"`
}

// byRound returns the samples of two systems, round by round.
func byRound(samples []Sample, base, candidate string) map[int]*[2]Sample {
	rounds := map[int]*[2]Sample{}
	for _, s := range samples {
		if rounds[s.Round] == nil {
			rounds[s.Round] = &[2]Sample{}
		}
		switch s.System {
		case base:
			rounds[s.Round][0] = s
		case candidate:
			rounds[s.Round][1] = s
		}
	}
	return rounds
}

// ratios compares the rates of the two systems round by round. A round in which
// others used much of the machine, during either, does not count.
func ratios(samples []Sample, base, candidate string) (r Ratios) {
	var values, costs []float64
	for _, round := range byRound(samples, base, candidate) {
		a, b := round[0], round[1]
		if a.cost() > 0 && b.cost() > 0 {
			costs = append(costs, a.cost()/b.cost())
		}
		switch {
		case a.Rate == 0 || b.System == "":
		case a.disturbed() || b.disturbed():
			r.Dropped++
		default:
			values = append(values, b.Rate/a.Rate)
		}
	}
	slices.Sort(costs)
	r.Cost = median(costs)
	r.take(values)
	return r
}

// serverCosts compares what a call costs in processor time of the service and PostgreSQL,
// round by round as ratios does: the candidate's divided by the base's.
func serverCosts(samples []Sample, base, candidate string) (r Ratios) {
	var values []float64
	for _, round := range byRound(samples, base, candidate) {
		a, b := round[0], round[1]
		switch {
		case a.serverCost() == 0 || b.System == "":
		case a.disturbed() || b.disturbed():
			r.Dropped++
		default:
			values = append(values, b.serverCost()/a.serverCost())
		}
	}
	r.take(values)
	return r
}

// take sums up the ratios of the rounds that count.
func (r *Ratios) take(values []float64) {
	if r.Rounds = len(values); r.Rounds > 0 {
		slices.Sort(values)
		r.Median, r.Low, r.High = median(values), values[0], values[len(values)-1]
	}
}

// median of sorted values; 0 of none.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// noise is the least difference that means something: how far apart two services of
// the same kind came out, from round to round.
func noise(r Ratios) float64 {
	return max(math.Abs(r.Median-1), (r.High-r.Low)/2)
}

// judge says whether a case reached the least ratio that it must. A difference that is
// smaller than the noise says nothing.
func judge(r Ratios, target Target, errors int, noise float64) string {
	switch {
	case errors > 0:
		return Fail
	case r.Rounds < minRounds:
		return Noisy
	case target.Must == 0:
		return None
	case math.Abs(r.Median/target.Must-1) < noise:
		return Noisy
	case r.Median >= target.Must:
		return Pass
	}
	return Fail
}

// judgeMost says whether a ratio stayed at or below what it may be at most.
func judgeMost(r Ratios, most float64, errors int, noise float64) string {
	switch {
	case errors > 0:
		return Fail
	case r.Rounds < minRounds:
		return Noisy
	case math.Abs(r.Median/most-1) < noise:
		return Noisy
	case r.Median <= most:
		return Pass
	}
	return Fail
}

// judgeLatency says whether a system's p99 stayed under the bound, the median over the
// rounds that count; a bound of 0 asks for nothing.
func judgeLatency(samples []Sample, system string, bound float64, errors int) string {
	quiet := 0
	for _, s := range samples {
		if s.System == system && !s.disturbed() {
			quiet++
		}
	}
	switch {
	case errors > 0:
		return Fail
	case quiet < minRounds:
		return Noisy
	case bound == 0:
		return None
	case middle(samples, system, func(s Sample) float64 { return s.P99 }) < bound:
		return Pass
	}
	return Fail
}

// Target is the part of the limit that a case must reach, and the one it should.
type Target struct {
	Must float64 `json:"must"`
	Goal float64 `json:"goal"`
}

// targets are the issue's, by case; a case that is not here has none.
var targets = map[string]Target{
	"get/grpc/16":    {0.20, 0.35},
	"get/grpc/64":    {0.35, 0.60},
	"get/rest/16":    {0.20, 0.40},
	"list/grpc/16":   {0.35, 0.60},
	"list/rest/16":   {0.40, 0.70},
	"create/grpc/16": {0.50, 0.80},
	"create/rest/16": {0.50, 0.80},
	"import/grpc/1":  {0.40, 0.70},

	"interaction/grpc/16":    {0.50, 0.80},
	"interaction/rest/16":    {0.50, 0.80},
	"interaction/grpc/64":    {0.80, 1.30},
	"interaction/rest/64":    {0.80, 1.30},
	"timeline-20/grpc/16":    {0.35, 0.60},
	"timeline-20/rest/16":    {0.35, 0.60},
	"timeline-20000/grpc/16": {0.35, 0.60},
	"timeline-20000/rest/16": {0.35, 0.60},
}

// latencies are what the p99 of a call alone on the machine must stay under, in
// milliseconds.
var latencies = map[string]float64{
	"search-phone/grpc/1":   1,
	"search-digits/grpc/1":  30,
	"search-email/grpc/1":   30,
	"search-name/grpc/1":    30,
	"search-chinese/grpc/1": 30,
	"search-typo/grpc/1":    30,

	"follow-ups/grpc/1":       100,
	"follow-ups/rest/1":       100,
	"follow-ups-staff/grpc/1": 100,
	"follow-ups-staff/rest/1": 100,
}

// fewestCreates are the creates of a service beside those of its variant, where that is
// of another schema, in the same time: an index may take a part of them at most.
var fewestCreates = map[string]float64{
	"create/grpc/1": 0.85, "create/grpc/16": 0.85, "create/grpc/64": 0.85,
	"create/rest/1": 0.85, "create/rest/16": 0.85, "create/rest/64": 0.85,
}
