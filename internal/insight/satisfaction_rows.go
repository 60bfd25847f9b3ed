package insight

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/genproto/googleapis/type/interval"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/statistics"
)

// cell is what there is of one place: the tallies by their metric, and who was asked.
type cell struct {
	tallies map[string]*tally
	asked   *invited
}

type cells map[place]*cell

func newCells(tallies []tally, asked []invited) cells {
	out := cells{}
	at := func(p place) *cell {
		if out[p] == nil {
			out[p] = &cell{tallies: map[string]*tally{}}
		}
		return out[p]
	}
	for i := range tallies {
		at(tallies[i].place).tallies[tallies[i].metric] = &tallies[i]
	}
	for i := range asked {
		at(asked[i].place).asked = &asked[i]
	}
	return out
}

// reported returns the places that have a row, in the order of rows.
func (c cells) reported(all []period) (out []place) {
	for p := range c {
		if all[p.period].reported {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b place) int {
		return cmp.Or(slices.Compare(a.groups[:], b.groups[:]), cmp.Compare(a.period, b.period))
	})
	return out
}

// notes is what came up while the rows were made.
type notes struct {
	n int64
	// few counts the figures of too few scores, flat the NPS whose interval has no width.
	few, flat int
}

// row makes the row of a place.
func (r *feelings) row(c cells, p place, notes *notes) *rapportv1.SatisfactionReport_Row {
	of := r.periods.all[p.period]
	out := &rapportv1.SatisfactionReport_Row{Interval: &interval.Interval{StartTime: aip.ToTimestamp(of.start), EndTime: aip.ToTimestamp(of.end)}}
	for i, d := range r.dimensions {
		value := p.groups[i]
		if value != "" {
			value = d.prefix + value
		}
		out.Groups = append(out.Groups, value)
	}
	before := map[string]*tally{}
	if then := c[place{groups: p.groups, period: int32(of.before)}]; then != nil { //nolint:gosec // at most maxPeriods
		before = then.tallies
	}
	at := c[p].tallies
	for _, t := range at {
		notes.n += t.once
		if t.n < fewest {
			notes.few++
		}
	}
	out.Nps = netPromoterScore(at["NPS"], before["NPS"], notes)
	out.Csat = topBox(at["CSAT"], before["CSAT"])
	out.Ces = topBox(at["CES"], before["CES"])
	out.RepurchaseIntent = topBox(at["REPURCHASE_INTENT"], before["REPURCHASE_INTENT"])
	if asked := c[p].asked; asked != nil {
		out.ResponseRate = &rapportv1.SatisfactionReport_ResponseRate{Sent: count(asked.sent), Answered: count(asked.answered)}
		if asked.sent >= fewest {
			out.ResponseRate.Rate = estimate(statistics.Share{Of: asked.answered, N: asked.sent}.Wilson())
		}
	}
	return out
}

func netPromoterScore(t, before *tally, notes *notes) *rapportv1.SatisfactionReport_NetPromoterScore {
	if t == nil {
		return nil
	}
	out := &rapportv1.SatisfactionReport_NetPromoterScore{
		N: count(t.n), Promoters: count(t.top), Passives: count(t.n - t.top - t.bottom), Detractors: count(t.bottom), ExpectationGap: t.gap(),
	}
	if t.n < fewest {
		return out
	}
	p := statistics.Promotion{Promoters: t.top, Detractors: t.bottom, N: t.n}
	score := p.Score()
	if score.Lower == score.Upper {
		notes.flat++
	}
	out.Score, out.Mean = estimate(score), estimate(statistics.Sums{N: t.n, Sum: t.sum, Squares: t.squares}.Mean())
	if before != nil && before.n >= fewest {
		then := statistics.Promotion{Promoters: before.top, Detractors: before.bottom, N: before.n}
		out.Trend = trend(before.n, then.Score(), p.Since(then))
	}
	return out
}

func topBox(t, before *tally) *rapportv1.SatisfactionReport_TopBox {
	if t == nil {
		return nil
	}
	out := &rapportv1.SatisfactionReport_TopBox{N: count(t.n), Favorable: count(t.top), ExpectationGap: t.gap()}
	if t.n < fewest {
		return out
	}
	share := statistics.Share{Of: t.top, N: t.n}
	out.Share, out.Mean = estimate(share.Wilson()), estimate(statistics.Sums{N: t.n, Sum: t.sum, Squares: t.squares}.Mean())
	if before != nil && before.n >= fewest {
		then := statistics.Share{Of: before.top, N: before.n}
		out.Trend = trend(before.n, then.Wilson(), share.Since(then))
	}
	return out
}

// gap is nil where no score has an expectation.
func (t *tally) gap() *rapportv1.SatisfactionReport_ExpectationGap {
	if t.gapN == 0 {
		return nil
	}
	met := t.gapN - t.exceeded - t.missed
	out := &rapportv1.SatisfactionReport_ExpectationGap{N: count(t.gapN), Exceeded: count(t.exceeded), Met: count(met), Missed: count(t.missed)}
	if t.gapN < fewest {
		return out
	}
	out.Mean = estimate(statistics.Sums{N: t.gapN, Sum: t.gapSum, Squares: t.gapSquares}.Mean())
	share := func(of int64) *rapportv1.Estimate { return estimate(statistics.Share{Of: of, N: t.gapN}.Wilson()) }
	out.ExceededShare, out.MetShare, out.MissedShare = share(t.exceeded), share(met), share(t.missed)
	return out
}

func trend(n int64, before, difference statistics.Estimate) *rapportv1.Trend {
	return &rapportv1.Trend{PreviousN: count(n), PreviousValue: before.Value, Difference: estimate(difference), Significant: difference.Excludes0()}
}

// count is a number of scores in a message.
func count(n int64) int32 { return int32(n) } //nolint:gosec // of what one statement counts within its time

// warnings says what a reader of the rows should know.
func (r *feelings) warnings(n *notes) (out []string) {
	add := func(when bool, format string, args ...any) {
		if when {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	last := r.periods.all[len(r.periods.all)-1]
	sliced := r.req.GetGranularity() != rapportv1.Granularity_GRANULARITY_UNSPECIFIED
	add(n.few > 0, "%d figures of fewer than %d scores are left out; their counts are there.", n.few, fewest)
	add(n.flat > 0, "%d times all NPS ratings are of one kind: the interval has no width then, and says less than it seems to.", n.flat)
	add(slices.Contains(r.req.GetGroupBy(), tagsDimension), "A customer with several tags is in the group of each, so groups overlap.")
	add(r.periods.cutStart, "The first period begins before the interval: only what is within it counts.")
	add(r.periods.cutEnd, "The last period ends after the interval: only what is within it counts.")
	add(sliced && last.end != nil && last.end.After(r.now), "The last period is not over yet.")
	return out
}
