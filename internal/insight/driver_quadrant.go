package insight

import (
	"cmp"
	"math"
	"slices"
	"strings"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/statistics"
)

// midpoint is that of the scale of satisfaction and stated importance, 1 to 5.
const midpoint = 3

// axis is one of the two by which factors are placed.
type axis struct {
	values []float64 // NaN where a factor has none
	cut    float64
	// near tells whether a factor's value is within one standard error of the cut.
	near func(i int, cut float64) bool
}

// newAxis takes the values of the factors and cuts them at their mean.
func newAxis(n int, value func(i int) *rapportv1.Estimate, near func(i int, cut float64) bool) (a axis, some bool) {
	a = axis{values: make([]float64, n), near: near}
	sum, found := 0.0, 0
	for i := range n {
		a.values[i] = math.NaN()
		if v := value(i); v != nil {
			a.values[i] = v.GetValue()
			sum, found = sum+v.GetValue(), found+1
		}
	}
	a.cut = sum / float64(found)
	return a, found > 0
}

// place finds the quadrant of each factor and orders the factors by it.
func (r *drivers) place(out *rapportv1.DriverReport, factors []factor) {
	all := out.GetFactors()
	stated := len(all) > 0
	for _, f := range all {
		stated = stated && (f.GetN() < fewest || f.GetStatedImportance() != nil)
	}
	out.ImportanceKind = r.req.GetImportanceKind()
	if out.GetImportanceKind() == rapportv1.DriverReport_IMPORTANCE_KIND_UNSPECIFIED {
		if out.ImportanceKind = rapportv1.DriverReport_DERIVED; stated {
			out.ImportanceKind = rapportv1.DriverReport_STATED
		}
	}
	satisfaction, some := newAxis(len(all), func(i int) *rapportv1.Estimate { return all[i].GetSatisfaction() }, func(i int, cut float64) bool {
		return math.Abs(all[i].GetSatisfaction().GetValue()-cut) < factors[i].satisfaction.StandardError()
	})
	derived := out.GetImportanceKind() == rapportv1.DriverReport_DERIVED
	importance, someImportance := newAxis(len(all), func(i int) *rapportv1.Estimate { return importanceOf(all[i], derived) }, func(i int, cut float64) bool {
		if derived {
			return math.Abs(math.Atanh(all[i].GetCorrelation().GetValue())-math.Atanh(cut)) < statistics.FisherError(factors[i].rated.N)
		}
		return math.Abs(all[i].GetStatedImportance().GetValue()-cut) < factors[i].importance.StandardError()
	})
	if out.GetCut() == rapportv1.DriverReport_SCALE_MIDPOINT {
		satisfaction.cut = midpoint
		if !derived {
			importance.cut = midpoint
		} else {
			out.Warnings = append(out.Warnings, "A correlation has no scale midpoint: importance is cut at the mean of the factors.")
		}
	}
	if some {
		out.SatisfactionCut = &satisfaction.cut
	}
	if someImportance {
		out.ImportanceCut = &importance.cut
	} else if some {
		out.Warnings = append(out.Warnings, "There are no quadrants: no factor has an importance of this kind.")
	}
	for i, f := range all {
		f.Quadrant = quadrant(satisfaction.values[i], importance.values[i], satisfaction.cut, importance.cut)
		f.Uncertain = f.GetQuadrant() != rapportv1.DriverReport_QUADRANT_UNSPECIFIED && (satisfaction.near(i, satisfaction.cut) || importance.near(i, importance.cut))
	}
	slices.SortFunc(all, func(a, b *rapportv1.DriverReport_Factor) int {
		return cmp.Or(
			cmp.Compare(quadrantOrder(a), quadrantOrder(b)),
			cmp.Compare(importanceOf(b, derived).GetValue(), importanceOf(a, derived).GetValue()),
			strings.Compare(a.GetFactor(), b.GetFactor()),
		)
	})
}

// importanceOf is the importance that decides on the factor's quadrant. Without a satisfaction
// the factor is in none.
func importanceOf(f *rapportv1.DriverReport_Factor, derived bool) *rapportv1.Estimate {
	switch {
	case f.GetSatisfaction() == nil:
		return nil
	case derived:
		return f.GetCorrelation()
	default:
		return f.GetStatedImportance()
	}
}

// quadrantOrder puts what to fix first at the beginning, and what is in no quadrant at the end.
func quadrantOrder(f *rapportv1.DriverReport_Factor) int32 {
	if f.GetQuadrant() == rapportv1.DriverReport_QUADRANT_UNSPECIFIED {
		return math.MaxInt32
	}
	return int32(f.GetQuadrant())
}

// quadrant is that of Martilla & James (1977), Journal of Marketing 41(1), 77-79. What is at a
// cut is above it.
func quadrant(satisfaction, importance, satisfactionCut, importanceCut float64) rapportv1.DriverReport_Quadrant {
	important, satisfied := importance >= importanceCut, satisfaction >= satisfactionCut
	switch {
	case math.IsNaN(satisfaction) || math.IsNaN(importance):
		return rapportv1.DriverReport_QUADRANT_UNSPECIFIED
	case important && satisfied:
		return rapportv1.DriverReport_KEEP_UP_THE_GOOD_WORK
	case important:
		return rapportv1.DriverReport_CONCENTRATE_HERE
	case satisfied:
		return rapportv1.DriverReport_POSSIBLE_OVERKILL
	default:
		return rapportv1.DriverReport_LOW_PRIORITY
	}
}

// driverMethod says how the figures are found. docs/reports.md has the formulas.
var driverMethod = strings.Join([]string{
	"Importance-performance analysis (Martilla & James 1977): mean satisfaction and importance of each factor, cut at the mean of the factors' means or at the midpoint of the scale.",
	"Derived importance is Pearson's correlation of a factor's satisfaction with the CSAT rating, with Fisher's interval (1921).",
	"Relative weights are Johnson's (2000), from the scores that rate all weighed factors; together they are R squared.",
	"Means have the normal interval; all intervals are 95 % intervals.",
	"A quadrant is uncertain where it would be another one within one standard error of the satisfaction or the importance, for a correlation that of Fisher's z.",
}, " ")
