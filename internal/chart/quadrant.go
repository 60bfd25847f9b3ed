package chart

import (
	"fmt"
	"math"
	"strings"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// quadrantChart is the data of quadrant.svg.tmpl.
type quadrantChart struct {
	frame
	CutX, CutY            px
	TintWidth, TintHeight px
	Corners               []corner
	Points                []*factorPoint
}

// corner is the name of a quadrant.
type corner struct {
	Quadrant int32
	X, Y     px
	End      bool
	Text     string
}

// factorPoint is a factor and its name.
type factorPoint struct {
	X, Y             px
	Quadrant         int32
	Hollow           bool
	Name, Text       string
	NameX, NameY     px
	Leader           bool
	LeaderX, LeaderY px
}

// Drivers draws the importance of factors against the satisfaction with them, in four quadrants.
// What is uncertain is hollow.
func Drivers(report *rapportv1.DriverReport) ([]byte, error) {
	c := &quadrantChart{frame: frame{Width: 760, Height: 600, Left: 64, Top: 78, Right: 732, Bottom: 510}}
	c.Title, c.XName = "What drives satisfaction", "mean satisfaction, 1 to 5"
	derived := report.GetImportanceKind() == rapportv1.DriverReport_DERIVED
	c.YName = "importance: correlation with overall satisfaction"
	lowest, highest := -1.0, 1.0
	if !derived {
		c.YName, lowest, highest = "stated importance, 1 to 5", 1, 5
	}
	c.Subtitle = fmt.Sprintf("n = %s scores with factors", thousands(report.GetN()))
	if report.RSquared != nil {
		c.Subtitle += fmt.Sprintf(" · R² %.2f (n = %s)", report.GetRSquared(), thousands(report.GetRelativeWeightsN()))
	}
	c.Subtitle += " · cut at the factors’ means"
	if report.GetCut() == rapportv1.DriverReport_SCALE_MIDPOINT {
		c.Subtitle = strings.TrimSuffix(c.Subtitle, "the factors’ means") + "the scale’s midpoint"
	}
	var placed []*rapportv1.DriverReport_Factor
	for _, f := range report.GetFactors() {
		if f.GetQuadrant() != rapportv1.DriverReport_QUADRANT_UNSPECIFIED {
			placed = append(placed, f)
		}
	}
	if len(placed) == 0 {
		c.Empty = "Nothing to draw: no factor has 10 scores and an importance."
		c.Description = c.Title + ": " + c.Empty
		return draw("quadrant.svg.tmpl", c)
	}
	importance := func(f *rapportv1.DriverReport_Factor) float64 {
		if derived {
			return f.GetCorrelation().GetValue()
		}
		return f.GetStatedImportance().GetValue()
	}
	x := c.axis(placed, func(f *rapportv1.DriverReport_Factor) float64 { return f.GetSatisfaction().GetValue() }, report.GetSatisfactionCut(), 1, 5, c.Left, c.Right)
	y := c.axis(placed, importance, report.GetImportanceCut(), lowest, highest, c.Bottom, c.Top)
	c.XTicks, c.YTicks = x.ticks(""), y.ticks("")
	c.quadrants(x.at(report.GetSatisfactionCut()), y.at(report.GetImportanceCut()))
	uncertain := false
	for _, f := range placed {
		uncertain = uncertain || f.GetUncertain()
		c.Points = append(c.Points, &factorPoint{
			X: px(x.at(f.GetSatisfaction().GetValue())), Y: px(y.at(importance(f))), Quadrant: int32(f.GetQuadrant()), Hollow: f.GetUncertain(),
			Name: shown(f.GetFactor(), 28), Text: tellFactor(f),
		})
	}
	left := c.nameAll()
	if uncertain {
		c.Note = "Hollow: within one standard error of another quadrant."
	}
	if left > 0 {
		c.Note = strings.TrimSpace(c.Note + fmt.Sprintf(" %d names have no room.", left))
	}
	c.tell()
	return draw("quadrant.svg.tmpl", c)
}

// axis covers the factors and the cut.
func (c *quadrantChart) axis(factors []*rapportv1.DriverReport_Factor, of func(*rapportv1.DriverReport_Factor) float64, cut, lowest, highest, from, to float64) scale {
	low, high := cut, cut
	for _, f := range factors {
		low, high = math.Min(low, of(f)), math.Max(high, of(f))
	}
	// Each quadrant has room for its name, beyond the cut and beyond its factors.
	room := math.Max(high-low, 0.02) * 0.12
	return newScale(math.Min(low, cut-room)-room, math.Max(high, cut+room)+room, lowest, highest, from, to, 8)
}

// quadrants draws where the quadrants meet, and their names.
func (c *quadrantChart) quadrants(x, y float64) {
	c.CutX, c.CutY = px(x), px(y)
	c.TintWidth, c.TintHeight = px(x-c.Left), px(y-c.Top)
	for _, q := range []struct {
		of          rapportv1.DriverReport_Quadrant
		right, down bool
		text        string
	}{
		{rapportv1.DriverReport_CONCENTRATE_HERE, false, false, "Concentrate here"},
		{rapportv1.DriverReport_KEEP_UP_THE_GOOD_WORK, true, false, "Keep up the good work"},
		{rapportv1.DriverReport_LOW_PRIORITY, false, true, "Low priority"},
		{rapportv1.DriverReport_POSSIBLE_OVERKILL, true, true, "Possible overkill"},
	} {
		k := corner{Quadrant: int32(q.of), X: px(c.Left + 10), Y: px(c.Top + 20), End: q.right, Text: q.text}
		if q.right {
			k.X = px(c.Right - 10)
		}
		if q.down {
			k.Y = px(c.Bottom - 12)
		}
		c.Corners = append(c.Corners, k)
	}
}

// quadrantNames are those in descriptions.
var quadrantNames = map[rapportv1.DriverReport_Quadrant]string{
	rapportv1.DriverReport_CONCENTRATE_HERE: "concentrate here", rapportv1.DriverReport_KEEP_UP_THE_GOOD_WORK: "keep up the good work",
	rapportv1.DriverReport_LOW_PRIORITY: "low priority", rapportv1.DriverReport_POSSIBLE_OVERKILL: "possible overkill",
}

// tellFactor says of a factor what is to be seen, and what is not.
func tellFactor(f *rapportv1.DriverReport_Factor) string {
	parts := []string{fmt.Sprintf("satisfaction %.2f (%.2f to %.2f), n = %s", f.GetSatisfaction().GetValue(), f.GetSatisfaction().GetLower(), f.GetSatisfaction().GetUpper(), thousands(f.GetN()))}
	if e := f.GetStatedImportance(); e != nil {
		parts = append(parts, fmt.Sprintf("stated importance %.2f, n = %s", e.GetValue(), thousands(f.GetImportanceN())))
	}
	if e := f.GetCorrelation(); e != nil {
		parts = append(parts, fmt.Sprintf("correlation %.2f (%.2f to %.2f)", e.GetValue(), e.GetLower(), e.GetUpper()))
	}
	if f.RelativeWeightShare != nil {
		parts = append(parts, fmt.Sprintf("%.0f %% of R²", 100*f.GetRelativeWeightShare()))
	}
	name := quadrantNames[f.GetQuadrant()]
	if f.GetUncertain() {
		name += ", uncertain"
	}
	return shown(f.GetFactor(), 63) + ": " + strings.Join(append(parts, name), "; ")
}

// tell says in words what is to be seen.
func (c *quadrantChart) tell() {
	parts := []string{c.Title + ", " + c.Subtitle}
	for _, p := range c.Points {
		parts = append(parts, p.Text)
	}
	c.Description = strings.Join(parts, ". ") + "."
}
