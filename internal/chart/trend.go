package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

const (
	// maxSeries is how many groups have a color of their own.
	maxSeries = 6
	// maxCategories is how many groups have room beside each other.
	maxCategories = 12
	// maxDots is how many points are drawn one by one.
	maxDots = 62
	xLabels = 8
)

// trendChart is the data of trend.svg.tmpl.
type trendChart struct {
	frame
	Zero   *px
	Series []*series
}

// series is a line with the band of its interval, or dots with whiskers.
type series struct {
	Color  int
	Name   string
	NameAt px
	Lines  []string // paths of connected points
	Bands  []string
	Dots   []dot

	n      int32
	points []point
}

// dot is a point that is drawn by itself.
type dot struct {
	X, Y, Lower, Upper px
	Whisker, Ringed    bool
	Text               string
}

// point is a figure of one period or category.
type point struct {
	x     float64
	n     int32
	e     *rapportv1.Estimate
	ring  bool
	label string
	// joined tells whether the point before is that of the period before.
	joined bool
}

// Satisfaction draws the trend of a metric with the band of its 95 % interval, or, of a report
// without a granularity, the figures of the groups beside each other.
func Satisfaction(report *rapportv1.SatisfactionReport, metric rapportv1.SatisfactionScore_Metric) ([]byte, error) {
	m, ok := measures[metric]
	if !ok {
		m = measures[rapportv1.SatisfactionScore_NPS]
	}
	zone, err := time.LoadLocation(report.GetTimeZone())
	if err != nil {
		return nil, fmt.Errorf("draw a report: %w", err)
	}
	c := &trendChart{frame: frame{Width: 760, Height: 420, Left: 64, Top: 78, Right: 732, Bottom: 352, YName: m.axis}}
	sliced := report.GetGranularity() != rapportv1.Granularity_GRANULARITY_UNSPECIFIED
	c.Title = m.name + describe(report)
	if sliced {
		c.sliced(report, m, zone)
	} else {
		c.categories(report, m)
	}
	c.finish(report, m, sliced, zone)
	return draw("trend.svg.tmpl", c)
}

// describe says what a report is by.
func describe(report *rapportv1.SatisfactionReport) string {
	by := slices.Clone(report.GetGroupBy())
	for i := range by {
		by[i] = shown(strings.TrimPrefix(by[i], "customer."), 40)
	}
	if g := report.GetGranularity(); g != rapportv1.Granularity_GRANULARITY_UNSPECIFIED {
		by = append(by, strings.ToLower(g.String()))
	}
	if len(by) == 0 {
		return ""
	}
	return " by " + strings.Join(by, " and ")
}

// sliced makes a series of each group, over time.
func (c *trendChart) sliced(report *rapportv1.SatisfactionReport, m measure, zone *time.Location) {
	var first, last time.Time
	for _, r := range report.GetRows() {
		start, end := r.GetInterval().GetStartTime().AsTime(), r.GetInterval().GetEndTime().AsTime()
		if first.IsZero() || start.Before(first) {
			first = start
		}
		if end.After(last) {
			last = end
		}
	}
	all := bySeries(report, m)
	if len(all) > 1 {
		c.Right = 620 // room for their names
	}
	at := func(t time.Time) float64 {
		return c.Left + 8 + t.Sub(first).Seconds()/math.Max(last.Sub(first).Seconds(), 1)*(c.Right-c.Left-16)
	}
	labels := map[time.Time]bool{}
	for _, s := range all {
		var before time.Time
		for _, r := range s.rows {
			n, e, trend := m.of(r)
			start, end := r.GetInterval().GetStartTime().AsTime(), r.GetInterval().GetEndTime().AsTime()
			labels[start] = true
			if e == nil {
				continue
			}
			s.points = append(s.points, point{
				x: at(start.Add(end.Sub(start) / 2)), n: n, e: e, ring: trend.GetSignificant(), joined: start.Equal(before),
				label: periodName(start.In(zone), report.GetGranularity(), true),
			})
			before = end
		}
		c.Series = append(c.Series, s.series)
	}
	c.XTicks = c.timeTicks(labels, report, at, zone)
}

// timeTicks are some of the periods, evenly.
func (c *trendChart) timeTicks(starts map[time.Time]bool, report *rapportv1.SatisfactionReport, at func(time.Time) float64, zone *time.Location) (out []tick) {
	ends := map[time.Time]time.Time{}
	for _, r := range report.GetRows() {
		ends[r.GetInterval().GetStartTime().AsTime()] = r.GetInterval().GetEndTime().AsTime()
	}
	var sorted []time.Time
	for t := range starts {
		sorted = append(sorted, t)
	}
	slices.SortFunc(sorted, time.Time.Compare)
	apart, last := (c.Right-c.Left)/xLabels, math.Inf(-1)
	for _, t := range sorted {
		x := at(t.Add(ends[t].Sub(t) / 2))
		if x-last < apart {
			continue
		}
		last = x
		out = append(out, tick{px(x), periodName(t.In(zone), report.GetGranularity(), false)})
	}
	return out
}

// periodName is what people call a period, with its year where there is room.
func periodName(t time.Time, g rapportv1.Granularity, whole bool) string {
	switch {
	case g == rapportv1.Granularity_MONTH && whole:
		return t.Format("January 2006")
	case g == rapportv1.Granularity_MONTH:
		return t.Format("Jan 2006")
	case g == rapportv1.Granularity_QUARTER:
		return fmt.Sprintf("%d Q%d", t.Year(), (t.Month()+2)/3)
	case g == rapportv1.Granularity_WEEK && whole:
		return t.Format("week of 2 January 2006")
	case whole:
		return t.Format("2 January 2006")
	default:
		return t.Format("2 Jan")
	}
}

// categories puts the groups beside each other.
func (c *trendChart) categories(report *rapportv1.SatisfactionReport, m measure) {
	all := bySeries(report, m)
	if len(all) > maxCategories {
		all = all[:maxCategories]
	}
	one := &series{}
	for i, s := range all {
		x := c.Left + (float64(i)+0.5)*(c.Right-c.Left)/float64(len(all))
		c.XTicks = append(c.XTicks, tick{px(x), shown(s.Name, max(6, 110/len(all)))})
		n, e, trend := m.of(s.rows[0])
		one.n += n
		if e != nil {
			one.points = append(one.points, point{x: x, n: n, e: e, ring: trend.GetSignificant(), label: s.Name})
		}
	}
	if len(all) > 0 {
		c.Series = []*series{one}
	}
}
