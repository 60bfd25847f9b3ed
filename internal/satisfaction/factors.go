package satisfaction

import (
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// factors are those of a score in their columns: what stands at one place is of one factor. An
// importance of 0 was not asked; where that is so of all, there are no importances.
type factors struct {
	Names                      []string
	Satisfactions, Importances []int16
}

// factorsOf returns the columns, none of them nil, which would be NULL.
func factorsOf(given []*rapportv1.SatisfactionScore_Factor) factors {
	f := factors{make([]string, len(given)), make([]int16, len(given)), []int16{}}
	for i, g := range given {
		f.Names[i], f.Satisfactions[i] = g.GetFactor(), int16(g.GetSatisfaction()) //nolint:gosec // 1 to 5
		if g.Importance == nil {
			continue
		}
		if len(f.Importances) == 0 {
			f.Importances = make([]int16, len(given))
		}
		f.Importances[i] = int16(g.GetImportance()) //nolint:gosec // 1 to 5
	}
	return f
}

// proto is the reverse of factorsOf.
func (f factors) proto() []*rapportv1.SatisfactionScore_Factor {
	if len(f.Names) == 0 {
		return nil
	}
	out := make([]*rapportv1.SatisfactionScore_Factor, len(f.Names))
	for i, name := range f.Names {
		out[i] = &rapportv1.SatisfactionScore_Factor{Factor: name, Satisfaction: int32(f.Satisfactions[i])}
		if len(f.Importances) > 0 && f.Importances[i] > 0 {
			out[i].Importance = proto.Int32(int32(f.Importances[i]))
		}
	}
	return out
}
