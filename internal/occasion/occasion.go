// Package occasion handles the days of the year on which customers and contacts are thought
// of: how they are checked, normalised and stored.
package occasion

import (
	"fmt"
	"time"

	"github.com/tidwall/gjson"
	"google.golang.org/genproto/googleapis/type/date"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/jsoncolumn"
)

const (
	// leapYear stands for the year that is not known: each day of the year is in it.
	leapYear = 2000
	maxYear  = 9999
	// earliest is how far ahead of UTC the day begins first, on the Line Islands.
	earliest = 14 * time.Hour
)

// Normalise brings occasions into their stored form in place, and adds what is wrong with
// them beyond what the annotations state; the path says where they stand in the request.
func Normalise(wrong *apierr.Violations, path string, occasions []*rapportv1.Occasion, now time.Time) {
	type key struct {
		kind             rapportv1.Occasion_Type
		year, month, day int32
		label            string
	}
	seen := make(map[key]bool, len(occasions))
	for i, o := range occasions {
		at := fmt.Sprintf("%s[%d]", path, i)
		if o.GetLabel() == "" {
			o.Label = nil
		}
		if o.GetType() == rapportv1.Occasion_CUSTOM && o.Label == nil {
			wrong.Add(at+".label", "is required of a CUSTOM occasion")
		}
		if why := check(o.GetDate(), now); why != "" {
			wrong.Add(at+".date", "%s", why)
		}
		k := key{o.GetType(), o.GetDate().GetYear(), o.GetDate().GetMonth(), o.GetDate().GetDay(), o.GetLabel()}
		if seen[k] {
			wrong.Add(at, "stands in the list twice")
		}
		seen[k] = true
	}
}

// check says what is wrong with a date. A day has come when it has begun anywhere.
func check(d *date.Date, now time.Time) string {
	year := int(d.GetYear())
	switch {
	case year < 0 || year > maxYear:
		return "must have a year of 1 to 9999, or 0 where it is not known"
	case year == 0:
		year = leapYear
	}
	day := time.Date(year, time.Month(d.GetMonth()), int(d.GetDay()), 0, 0, 0, 0, time.UTC)
	switch {
	case int32(day.Month()) != d.GetMonth() || int32(day.Day()) != d.GetDay(): //nolint:gosec // of a calendar
		return "is no day of the calendar"
	case d.GetYear() != 0 && day.After(now.Add(earliest)):
		return "is still to come"
	}
	return ""
}

// stored is an occasion in its column. A year of 0 is left out.
type stored struct {
	Type  string `json:"type"`
	Year  int32  `json:"year,omitempty"`
	Month int32  `json:"month"`
	Day   int32  `json:"day"`
	Label string `json:"label,omitempty"`
}

// Encode returns the occasions as the JSON of their column.
func Encode(occasions []*rapportv1.Occasion) (string, error) {
	return jsoncolumn.EncodeList(occasions, func(o *rapportv1.Occasion) stored {
		return stored{
			Type: o.GetType().String(), Year: o.GetDate().GetYear(), Month: o.GetDate().GetMonth(), Day: o.GetDate().GetDay(),
			Label: o.GetLabel(),
		}
	})
}

// Decode reads what Encode wrote.
func Decode(column string) []*rapportv1.Occasion {
	return jsoncolumn.DecodeList(column, func(o *rapportv1.Occasion, key string, value gjson.Result) {
		if o.GetDate() == nil {
			o.Date = &date.Date{}
		}
		switch key {
		case "type":
			o.Type = db.EnumOf[rapportv1.Occasion_Type](value.Str)
		case "year":
			o.Date.Year = int32(value.Int()) //nolint:gosec // as Encode wrote it
		case "month":
			o.Date.Month = int32(value.Int()) //nolint:gosec // as Encode wrote it
		case "day":
			o.Date.Day = int32(value.Int()) //nolint:gosec // as Encode wrote it
		case "label":
			o.Label = &value.Str
		}
	})
}
