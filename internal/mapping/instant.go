package mapping

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// instants are how times are written: a layout of Go's time package, unix or unix_ms,
// and the zone of those that name none; or a number of units since a time.
type instants struct {
	layout string
	zone   *time.Location
	since  time.Time
	unit   time.Duration
}

// instantKeys are the keys of a time that say how it is written.
var instantKeys = []string{"layout", "zone", "since", "unit"}

func (i instants) timestamp(text string) (*timestamppb.Timestamp, error) {
	var t time.Time
	var err error
	switch i.layout {
	case "":
		var n float64
		n, err = decimals{point: "."}.number(text)
		count := time.Duration(n * float64(i.unit))
		if t = i.since.Add(count); err != nil || math.Abs(n*float64(i.unit)) > math.MaxInt64 {
			return nil, fmt.Errorf("is not a number of %s since %s", i.unit, i.since.Format(time.RFC3339))
		}
	case "unix", "unix_ms":
		var n int64
		if n, err = strconv.ParseInt(text, 10, 64); err == nil && i.layout == "unix" {
			t = time.Unix(n, 0)
		} else {
			t = time.UnixMilli(n)
		}
	default:
		t, err = time.ParseInLocation(i.layout, text, i.zone)
	}
	out := timestamppb.New(t)
	if err != nil || out.CheckValid() != nil {
		return nil, fmt.Errorf("is not a time written as %s", i.layout)
	}
	return out, nil
}

// instants reads layout and zone of a source.
func (c *compiler) instants(n *node) instants {
	out := instants{layout: time.RFC3339, zone: time.UTC}
	if since := c.textOf(n, "since"); since != "" {
		out = instants{zone: time.UTC, unit: c.unit(n)}
		var err error
		if out.since, err = time.Parse(time.RFC3339, since); err != nil {
			c.add(n.get("since").line, "%q is not a time such as 2026-03-01T12:00:00Z", since)
		}
		if out.unit == 0 || n.get("layout") != nil || n.get("zone") != nil {
			c.add(n.line, "since goes with unit, and with neither layout nor zone")
		}
		return out
	}
	if n.get("unit") != nil {
		c.add(n.line, "the unit of a time goes with since")
	}
	if layout := c.textOf(n, "layout"); layout != "" {
		out.layout = layout
		unix := layout == "unix" || layout == "unix_ms"
		if !unix && time.Date(1999, 11, 30, 22, 59, 58, 7, time.UTC).Format(layout) == layout {
			c.add(n.get("layout").line, "%q shows no time; write 2 January 2006, 15:04:05 in it as the file would", layout)
		}
	}
	if zone := c.textOf(n, "zone"); zone != "" {
		var err error
		if out.zone, err = time.LoadLocation(zone); err != nil || zone == "Local" {
			c.add(n.get("zone").line, "%q is not an IANA time zone such as Europe/Berlin", zone)
			out.zone = time.UTC
		}
	}
	return out
}

// unit reads what a number counts, or 0 where that is not said.
func (c *compiler) unit(n *node) time.Duration {
	text := c.textOf(n, "unit")
	if text == "" {
		return 0
	}
	unit, err := time.ParseDuration(text)
	if err != nil || unit <= 0 {
		c.add(n.get("unit").line, "%q is not a unit such as 1s, 30m or 24h", text)
	}
	return unit
}

// parseDuration reads a duration such as 8m7s or, where there is a unit, a number of these.
func parseDuration(unit time.Duration) func(string) (protoreflect.Value, error) {
	return func(text string) (protoreflect.Value, error) {
		n, err := decimals{point: "."}.number(text)
		switch count := n * float64(unit); {
		case err == nil && unit == 0:
			return protoreflect.Value{}, errors.New("is a number without a unit; say in the mapping what it counts, such as `unit: 1s`")
		case err == nil && math.Abs(count) < math.MaxInt64:
			return protoreflect.ValueOfMessage(durationpb.New(time.Duration(count)).ProtoReflect()), nil
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return protoreflect.Value{}, errors.New("is not a duration such as 8m7s")
		}
		return protoreflect.ValueOfMessage(durationpb.New(d).ProtoReflect()), nil
	}
}
