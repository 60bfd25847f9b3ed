package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// grouped is a series with the rows of its group.
type grouped struct {
	*series
	rows []*rapportv1.SatisfactionReport_Row
}

// bySeries are the groups that have scores of the metric, the largest first.
func bySeries(report *rapportv1.SatisfactionReport, m measure) (out []grouped) {
	for _, r := range report.GetRows() {
		n, _, _ := m.of(r)
		if n == 0 {
			continue
		}
		name := groupName(r.GetGroups())
		if last := len(out) - 1; last < 0 || out[last].Name != name {
			out = append(out, grouped{series: &series{Name: name}})
		}
		g := &out[len(out)-1]
		g.n += n
		g.rows = append(g.rows, r)
	}
	slices.SortStableFunc(out, func(a, b grouped) int { return cmp.Compare(b.n, a.n) })
	return out
}

func groupName(groups []string) string {
	names := make([]string, len(groups))
	for i, g := range groups {
		if names[i] = shown(g, 60); g == "" {
			names[i] = "not set"
		}
	}
	if len(names) == 0 {
		return "all"
	}
	return strings.Join(names, ", ")
}

// finish scales the figures and draws them.
func (c *trendChart) finish(report *rapportv1.SatisfactionReport, m measure, sliced bool, zone *time.Location) {
	var n int32
	for _, r := range report.GetRows() {
		of, _, _ := m.of(r)
		n += of
	}
	more := max(len(c.Series)-maxSeries, 0)
	c.Series = c.Series[:len(c.Series)-more]
	low, high, dots := math.Inf(1), math.Inf(-1), 0
	for _, s := range c.Series {
		dots += len(s.points)
		for _, p := range s.points {
			low, high = math.Min(low, m.factor*p.e.GetLower()), math.Max(high, m.factor*p.e.GetUpper())
		}
	}
	c.Subtitle = fmt.Sprintf("n = %s%s", thousands(n), intervalName(report, zone))
	if more > 0 {
		c.Subtitle += fmt.Sprintf(" · the %d largest groups of %d", maxSeries, maxSeries+more)
	}
	if dots == 0 {
		c.Empty, c.XTicks = "Nothing to draw: no figure has 10 scores.", nil
		c.Description = c.Title + ": " + c.Empty
		return
	}
	y := newScale(low, high, m.lowest, m.highest, c.Bottom, c.Top, 6)
	c.YTicks = y.ticks(m.unit)
	if y.low < 0 && y.high > 0 {
		zero := px(y.at(0))
		c.Zero = &zero
	}
	ringed := false
	for i, s := range c.Series {
		s.Color = i
		s.draw(m, y, sliced, dots <= maxDots)
		for _, p := range s.points {
			ringed = ringed || p.ring
		}
	}
	c.name(sliced)
	c.Note = "Bars: 95 % interval."
	if sliced {
		c.Note = "Shaded: 95 % interval. Periods of fewer than 10 scores are left out."
	}
	if ringed && dots <= maxDots {
		c.Note += " Ringed: changed since the period before by more than chance."
	}
	c.Description = c.tell(m)
}

// draw makes the paths of a series and, where there are few, its dots.
func (s *series) draw(m measure, y scale, sliced, dots bool) {
	at := func(v float64) px { return px(y.at(m.factor * v)) }
	for i := 0; sliced && i < len(s.points); {
		end := i + 1
		for end < len(s.points) && s.points[end].joined {
			end++
		}
		var line, upper, lower strings.Builder
		for _, p := range s.points[i:end] {
			fmt.Fprintf(&line, "%s,%s ", px(p.x), at(p.e.GetValue()))
			fmt.Fprintf(&upper, "%s,%s ", px(p.x), at(p.e.GetUpper()))
		}
		for k := end - 1; k >= i; k-- {
			fmt.Fprintf(&lower, "%s,%s ", px(s.points[k].x), at(s.points[k].e.GetLower()))
		}
		if end-i > 1 {
			s.Lines = append(s.Lines, strings.TrimSpace(line.String()))
			s.Bands = append(s.Bands, upper.String()+strings.TrimSpace(lower.String()))
		}
		for k := i; k < end; k++ {
			p := s.points[k]
			if dots || end-i == 1 {
				s.Dots = append(s.Dots, dot{
					X: px(p.x), Y: at(p.e.GetValue()), Lower: at(p.e.GetLower()), Upper: at(p.e.GetUpper()), Whisker: end-i == 1, Ringed: p.ring && dots,
					Text: s.Name + ", " + p.label + ": " + m.figure(p.n, p.e),
				})
			}
		}
		i = end
	}
	for _, p := range s.points {
		if !sliced {
			s.Dots = append(s.Dots, dot{
				X: px(p.x), Y: at(p.e.GetValue()), Lower: at(p.e.GetLower()), Upper: at(p.e.GetUpper()), Whisker: true, Ringed: p.ring,
				Text: p.label + ": " + m.figure(p.n, p.e),
			})
		}
	}
}

// name writes the names of several series beside the ends of their lines, one below the other.
func (c *trendChart) name(sliced bool) {
	if !sliced || len(c.Series) < 2 {
		for _, s := range c.Series {
			s.Name = ""
		}
		return
	}
	var named []*series
	for _, s := range c.Series {
		s.Name = shown(s.Name, 18)
		if len(s.Dots) > 0 {
			s.NameAt = s.Dots[len(s.Dots)-1].Y
			named = append(named, s)
		} else if len(s.Lines) > 0 {
			last := s.Lines[len(s.Lines)-1]
			var y float64
			_, _ = fmt.Sscanf(last[strings.LastIndexByte(last, ',')+1:], "%g", &y)
			s.NameAt = px(y)
			named = append(named, s)
		} else {
			s.Name = ""
		}
	}
	slices.SortFunc(named, func(a, b *series) int { return cmp.Compare(a.NameAt, b.NameAt) })
	const apart = 16
	for i, s := range named {
		if i > 0 && s.NameAt < named[i-1].NameAt+apart {
			s.NameAt = named[i-1].NameAt + apart
		}
	}
	// Who was pushed out at the bottom pushes back.
	limit := px(c.Bottom)
	for _, s := range slices.Backward(named) {
		s.NameAt = min(s.NameAt, limit)
		limit = s.NameAt - apart
	}
}

// intervalName is the time of which a report tells.
func intervalName(report *rapportv1.SatisfactionReport, zone *time.Location) string {
	const day = "2 January 2006"
	var first, last time.Time
	for _, r := range report.GetRows() {
		if t := r.GetInterval().GetStartTime(); t != nil && (first.IsZero() || t.AsTime().Before(first)) {
			first = t.AsTime()
		}
		if t := r.GetInterval().GetEndTime(); t != nil && t.AsTime().After(last) {
			last = t.AsTime()
		}
	}
	if first.IsZero() || last.IsZero() {
		return ""
	}
	from, to := first.In(zone).Format(day), last.Add(-time.Nanosecond).In(zone).Format(day)
	if from == to {
		return " · " + from
	}
	return " · " + from + " to " + to
}

// tell says in words what is to be seen, for up to a dozen figures.
func (c *trendChart) tell(m measure) string {
	var parts []string
	for _, s := range c.Series {
		for _, p := range s.points {
			if len(parts) == maxCategories {
				return c.Title + ". " + c.Subtitle + ". " + strings.Join(parts, "; ") + "; and more."
			}
			label := p.label
			if s.Name != "" {
				label = s.Name + ", " + label
			}
			parts = append(parts, label+": "+m.figure(p.n, p.e))
		}
	}
	return c.Title + ". " + c.Subtitle + ". " + strings.Join(parts, "; ") + "."
}
