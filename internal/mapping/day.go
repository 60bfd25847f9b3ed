package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	secondsOfDay = 24 * 60 * 60
	maxDays      = 10_000 * 365 // more than any field takes, and than no duration can hold
)

// parseDays reads a number of whole days, or the seconds of a duration as an export has
// them, such as 7776000s.
func parseDays(text string) (protoreflect.Value, error) {
	digits, seconds := strings.CutSuffix(text, "s")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !seconds {
		n = min(max(n, -maxDays-1), maxDays+1) * secondsOfDay
	}
	if err != nil || n < -maxDays*secondsOfDay || n > maxDays*secondsOfDay {
		return protoreflect.Value{}, errors.New("is not a number of days")
	}
	return protoreflect.ValueOfMessage((&durationpb.Duration{Seconds: n}).ProtoReflect()), nil
}

// dayLayouts are how a day is written where a mapping does not say it: as in ISO 8601, the
// year left out where it is not known.
var dayLayouts = []string{time.DateOnly, "--01-02"}

// layouts reads the layout of a day.
func (c *compiler) layouts(n *node) []string {
	layout := c.textOf(n, "layout")
	if layout == "" {
		return dayLayouts
	}
	if time.Date(1999, 11, 30, 22, 59, 58, 7, time.UTC).Format(layout) == layout {
		c.add(n.get("layout").line, "%q shows no day; write 2 January 2006 in it as the file would", layout)
	}
	return []string{layout}
}

// parseDate reads a day in one of the layouts. One that has no year leaves it unknown, which
// for Go's time package is the leap year 0.
func parseDate(layouts []string) func(string) (protoreflect.Value, error) {
	return func(text string) (protoreflect.Value, error) {
		for _, layout := range layouts {
			t, err := time.Parse(layout, text)
			if err != nil {
				continue
			}
			out := &date.Date{Year: int32(t.Year()), Month: int32(t.Month()), Day: int32(t.Day())} //nolint:gosec // of four digits
			return protoreflect.ValueOfMessage(out.ProtoReflect()), nil
		}
		return protoreflect.Value{}, fmt.Errorf("is not a day written as %s", strings.Join(layouts, " or "))
	}
}
