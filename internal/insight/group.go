package insight

import (
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// maxGroups is how many dimensions a report can be grouped by.
const maxGroups = 2

// dimension is something to group by.
type dimension struct {
	// column is that of the customer which it needs; empty for none.
	column string
	// key is the expression whose values are the groups, of the score s, its customer c and
	// what join adds.
	key, join string
	// prefix makes a resource's name of an id.
	prefix string
	// asked tells whether invitations have it too.
	asked bool
}

var dimensions = map[string]dimension{
	"customer.service_tier":       {column: "service_tier_id", key: "c.service_tier_id", prefix: "serviceTiers/"},
	"customer.owner":              {column: "owner", key: "c.owner"},
	"customer.type":               {column: "type", key: "c.type"},
	"customer.acquisition_source": {column: "acquisition_source", key: "c.acquisition_source"},
	tagsDimension: {
		column: "tags", key: "t.tag", join: " LEFT JOIN LATERAL unnest(c.tags) WITH ORDINALITY AS t (tag, place) ON true",
	},
	"staff":   {key: "s.staff"},
	"channel": {key: "s.channel"},
	"source":  {key: "s.source"},
	"survey":  {key: "s.survey_id", prefix: "surveys/", asked: true},
}

const (
	// tagsDimension is the one by which a score can be in several groups.
	tagsDimension     = "customer.tags"
	attributesPrefix  = "customer.attributes."
	attributesExample = "customer.attributes.KEY"
)

var attributeKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// parseGroups returns the dimensions that a request groups by, and adds what is wrong with them.
func (s *scope) parseGroups(wrong *apierr.Violations, names []string) (out []dimension) {
	for i, name := range names {
		d, ok := dimensions[name]
		if key, isAttribute := strings.CutPrefix(name, attributesPrefix); isAttribute && attributeKey.MatchString(key) {
			// An instant is an object in its column.
			k := s.bind(key, "text")
			d, ok = dimension{column: "attributes", key: "coalesce(c.attributes -> " + k + " ->> 'timestamp', c.attributes ->> " + k + ")"}, true
		}
		if !ok {
			wrong.Add(fmt.Sprintf("group_by[%d]", i), "is nothing to group by%s", aip.DidYouMean(name, dimensionNames()))
			continue
		}
		if d.column != "" {
			d.asked = true
			s.columns = append(s.columns, d.column)
		}
		out = append(out, d)
	}
	return out
}

func dimensionNames() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range maps.Keys(dimensions) {
			if !yield(name) {
				return
			}
		}
		yield(attributesExample)
	}
}
