package bench

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-crm/rapport/internal/bench/dataset"
	"github.com/rapport-crm/rapport/internal/bench/load"
)

// pairs makes rounds of two systems from their rates and what others used.
func pairs(others float64, rates ...[2]float64) (samples []Sample) {
	for round, r := range rates {
		samples = append(samples,
			Sample{System: "pgbench", Round: round, Rate: r[0]},
			Sample{System: "grpc", Round: round, Rate: r[1], Others: others})
	}
	return samples
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	// The machine is twice as fast in the second round; the ratio does not show it.
	got := ratios(pairs(0.1, [2]float64{1000, 300}, [2]float64{2000, 600}, [2]float64{1000, 200}, [2]float64{1000, 400}), "pgbench", "grpc")
	if got.Rounds != 4 || got.Dropped != 0 || got.Median != 0.3 || got.Low != 0.2 || got.High != 0.4 {
		t.Errorf("got %+v", got)
	}
}

func TestRatiosDropRoundsThatOthersDisturbed(t *testing.T) {
	samples := append(pairs(0, [2]float64{1000, 500}), pairs(0.31, [2]float64{1000, 100})...)
	samples[2].Round, samples[3].Round = 1, 1
	samples = append(samples, Sample{System: "pgbench", Round: 2, Rate: 900, Others: 0.31}, Sample{System: "grpc", Round: 2, Rate: 100})
	if got := ratios(samples, "pgbench", "grpc"); got.Rounds != 1 || got.Dropped != 2 || got.Median != 0.5 {
		t.Errorf("got %+v", got)
	}
}

// A disturbed round says nothing of the rate, but still what a call costs.
func TestRatiosOfCosts(t *testing.T) {
	got := ratios([]Sample{
		{System: "pgbench", Rate: 1000, PostgresCPU: 30, ClientCPU: 10},
		{System: "grpc", Rate: 100, ServiceCPU: 100, PostgresCPU: 40, ClientCPU: 20, Others: 1},
	}, "pgbench", "grpc")
	if got.Cost != 0.25 || got.Rounds != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestRatiosOfNothing(t *testing.T) {
	if got := ratios(nil, "pgbench", "grpc"); got != (Ratios{}) {
		t.Errorf("got %+v", got)
	}
}

func TestJudge(t *testing.T) {
	target := Target{Must: 0.5, Goal: 0.8}
	for _, c := range []struct {
		name   string
		ratios Ratios
		target Target
		errors int
		want   string
	}{
		{"above", Ratios{Rounds: 3, Median: 0.6}, target, 0, Pass},
		{"below", Ratios{Rounds: 3, Median: 0.4}, target, 0, Fail},
		{"an error fails a good ratio", Ratios{Rounds: 5, Median: 0.9}, target, 1, Fail},
		{"an error fails without a target", Ratios{Rounds: 5, Median: 0.9}, Target{}, 1, Fail},
		{"two rounds are too few", Ratios{Rounds: 2, Median: 0.9}, target, 0, Noisy},
		{"closer than the noise", Ratios{Rounds: 5, Median: 0.54}, target, 0, Noisy},
		{"no target", Ratios{Rounds: 5, Median: 0.1}, Target{}, 0, None},
	} {
		if got := judge(c.ratios, c.target, c.errors, 0.1); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestNoise(t *testing.T) {
	for _, c := range []struct {
		ratios Ratios
		want   float64
	}{
		{Ratios{Median: 1, Low: 0.95, High: 1.05}, 0.05},
		{Ratios{Median: 0.8, Low: 0.79, High: 0.81}, 0.2},
	} {
		if got := noise(c.ratios); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v: %.3f, want %.3f", c.ratios, got, c.want)
		}
	}
}

func TestSampleSharesOutTheProcessor(t *testing.T) {
	before := clock{wall: time.Unix(0, 0)}
	after := clock{
		wall: time.Unix(2, 0), service: 600 * time.Millisecond, postgres: 400 * time.Millisecond,
		client: 200 * time.Millisecond, busy: 1800 * time.Millisecond,
	}
	latencies := make([]time.Duration, 1000)
	for i := range latencies {
		latencies[i] = time.Duration(i+1) * 10 * time.Microsecond
	}
	s := newSample("grpc", result{Result: load.Result{Latencies: latencies, Elapsed: 2 * time.Second, Errors: 1}}, before, after)
	want := Sample{
		System: "grpc", Calls: 1000, Rate: 500, P50: 5, P99: 9.9, Errors: 1,
		ServiceCPU: 600, PostgresCPU: 400, ClientCPU: 200, Others: 0.3,
	}
	if s != want {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

// A client that is a process of its own has its own bill, and is not one of the others.
func TestSampleWithAClientOfItsOwn(t *testing.T) {
	before := clock{wall: time.Unix(0, 0)}
	after := clock{wall: time.Unix(1, 0), postgres: 400 * time.Millisecond, client: 5 * time.Millisecond, busy: time.Second}
	s := newSample("pgbench", result{
		Result: load.Result{Latencies: make([]time.Duration, 1000), Elapsed: time.Second}, client: 500 * time.Millisecond,
	}, before, after)
	if s.ClientCPU != 500 || math.Abs(s.Others-0.095) > 1e-9 {
		t.Errorf("client %v, others %v", s.ClientCPU, s.Others)
	}
}

func TestJudgeLatency(t *testing.T) {
	rounds := func(others float64, p99s ...float64) (samples []Sample) {
		for i, p99 := range p99s {
			samples = append(samples, Sample{System: "grpc", Round: i, P99: p99, Others: others}, Sample{System: "rest", Round: i, P99: 99})
		}
		return samples
	}
	for _, c := range []struct {
		name    string
		samples []Sample
		bound   float64
		errors  int
		want    string
	}{
		{"under", rounds(0, 9, 8, 31), 10, 0, Pass},
		{"over", rounds(0, 9, 11, 12), 10, 0, Fail},
		{"errors", rounds(0, 1, 1, 1), 10, 1, Fail},
		{"too few", rounds(0, 1, 1), 10, 0, Noisy},
		{"others at work", rounds(0.5, 1, 1, 1), 10, 0, Noisy},
		{"no bound", rounds(0, 1, 1, 1), 0, 0, None},
	} {
		if got := judgeLatency(c.samples, "grpc", c.bound, c.errors); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What a page costs is compared without the client's part, and with a bound from above.
func TestServerCosts(t *testing.T) {
	var samples []Sample
	for round, others := range []float64{0, 0.1, 0.2, 0.9} {
		samples = append(samples,
			Sample{System: "short", Round: round, Rate: 1, ServiceCPU: 60, PostgresCPU: 40, ClientCPU: 500},
			Sample{System: "long", Round: round, Rate: 1, ServiceCPU: 60, PostgresCPU: float64(40 + 10*round), ClientCPU: 20, Others: others})
	}
	got := serverCosts(samples, "short", "long")
	if got.Rounds != 3 || got.Dropped != 1 || got.Median != 1.1 || got.Low != 1 || got.High != 1.2 {
		t.Errorf("got %+v", got)
	}
	for _, c := range []struct {
		most   float64
		errors int
		want   string
	}{{1.3, 0, Pass}, {0.9, 0, Fail}, {1.11, 0, Noisy}, {1.3, 1, Fail}} {
		if verdict := judgeMost(got, c.most, c.errors, 0.05); verdict != c.want {
			t.Errorf("%.2f where %.2f are allowed, with %d errors: %s, want %s", got.Median, c.most, c.errors, verdict, c.want)
		}
	}
	got.Rounds = 2
	if verdict := judgeMost(got, 1.3, 0, 0.05); verdict != Noisy {
		t.Errorf("two rounds: %s, want %s", verdict, Noisy)
	}
}

// Calls about customers do not wait for a database with histories, nor the other way round.
func TestParts(t *testing.T) {
	for _, c := range []struct {
		methods []string
		rows    int
		want    []part
	}{
		{[]string{"get", "update", "create"}, 0, []part{{methods: []string{"get", "create", "update"}}}},
		{[]string{"interaction", "timeline-20"}, 0, []part{{size: dataset.Size{Interactions: 7}, methods: []string{"timeline-20", "interaction"}}}},
		{[]string{"follow-ups"}, 5, []part{{rows: 5}, {size: dataset.Size{Interactions: 7}, methods: []string{"follow-ups"}}}},
		{nil, 0, nil},
	} {
		got := Options{Methods: c.methods, Interactions: 7, ImportRows: c.rows}.parts()
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(part{})); diff != "" {
			t.Errorf("%v: %s", c.methods, diff)
		}
	}
}

// After pgbench's updates nobody is found any more, so they come last.
func TestUpdatesComeLast(t *testing.T) {
	got := inOrder([]string{"get", "update", "search-name", "batch-update"})
	if want := []string{"get", "search-name", "batch-update", "update"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
