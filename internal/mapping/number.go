package mapping

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// decimals are how numbers are written.
type decimals struct{ point, thousands string }

var decimal = regexp.MustCompile(`^([+-]?)([0-9]+)(\.[0-9]*)?([eE][+-]?[0-9]{1,4})?$`)

// plain returns the number as Go writes it.
func (d decimals) plain(text string) (string, error) {
	if d.thousands != "" {
		// Groups have three digits, in India some have two; 1.2.3 is a date or a version.
		whole, _, _ := strings.Cut(text, d.point)
		for i, group := range strings.Split(whole, d.thousands) {
			if i > 0 && len(group) != 2 && len(group) != 3 {
				return "", errors.New("is not a number")
			}
		}
		text = strings.ReplaceAll(text, d.thousands, "")
	}
	if d.point != "." && strings.Contains(text, ".") {
		return "", errors.New("is not a number")
	}
	text = strings.Replace(text, d.point, ".", 1)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "-.") || strings.HasPrefix(text, "+.") {
		text = strings.Replace(text, ".", "0.", 1)
	}
	if !decimal.MatchString(text) {
		return "", errors.New("is not a number")
	}
	return text, nil
}

func (d decimals) number(text string) (float64, error) {
	plain, err := d.plain(text)
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsInf(f, 0) {
		return 0, errors.New("is a number beyond all bounds")
	}
	return f, nil
}

// parseWhole reads whole numbers, which some programs write as 5.0.
func parseWhole(d decimals) func(string) (protoreflect.Value, error) {
	return func(text string) (protoreflect.Value, error) {
		f, err := d.number(text)
		switch {
		case err != nil:
			return protoreflect.Value{}, err
		case f != math.Trunc(f):
			return protoreflect.Value{}, errors.New("is not a whole number")
		case f < math.MinInt32 || f > math.MaxInt32:
			return protoreflect.Value{}, errors.New("is a number beyond all bounds")
		}
		return protoreflect.ValueOfInt32(int32(f)), nil
	}
}

// amount reads an amount of money without the loss that floating point has.
func (d decimals) amount(text string) (*money.Money, error) {
	plain, err := d.plain(text)
	if err != nil {
		return nil, err
	}
	found := decimal.FindStringSubmatch(plain)
	fraction := strings.TrimPrefix(found[3], ".")
	if found[4] != "" || len(fraction) > 9 {
		return nil, errors.New("is not an amount of money: at most nine places")
	}
	units, err := strconv.ParseInt(found[1]+found[2], 10, 64)
	if err != nil {
		return nil, errors.New("is an amount beyond all bounds")
	}
	nanos, err := strconv.ParseInt(fraction+strings.Repeat("0", 9-len(fraction)), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("is not an amount of money: %w", err)
	}
	if found[1] == "-" {
		nanos = -nanos
	}
	return &money.Money{Units: units, Nanos: int32(nanos)}, nil
}

// decimals reads decimal and thousands of a source.
func (c *compiler) decimals(n *node) decimals {
	out := decimals{point: ".", thousands: c.textOf(n, "thousands")}
	if point := c.textOf(n, "decimal"); point != "" {
		out.point = point
	}
	if out.point == out.thousands {
		c.add(n.line, "decimal and thousands must differ")
	}
	return out
}

// number compiles a number, or the sum of several, that becomes what of says.
func (c *compiler) number(n *node, of func(float64) protoreflect.Value, more ...string) value {
	v := c.summable(n, append(more, "decimal", "thousands")...)
	d := c.decimals(n)
	if v.sum == 0 {
		v.parse = func(text string) (protoreflect.Value, error) {
			f, err := d.number(text)
			return of(f), err
		}
		return v
	}
	v.parse = func(text string) (protoreflect.Value, error) {
		f, err := d.number(text)
		return protoreflect.ValueOfFloat64(f), err
	}
	v.add = func(a, b protoreflect.Value) (protoreflect.Value, error) {
		return protoreflect.ValueOfFloat64(a.Float() + b.Float()), nil
	}
	v.total = func(sum protoreflect.Value) protoreflect.Value { return of(sum.Float()) }
	return v
}

// summable compiles the source of a number; with `sum` that of one of several, which are
// added up.
func (c *compiler) summable(n *node, more ...string) (v value) {
	if !n.isMap() || !c.flag(n, "sum") {
		v.source = c.source(n, append(more, "sum")...)
		return v
	}
	if column := n.get("column"); column != nil {
		v.sum = c.under(c.resolve(column.line, c.textOf(n, "column")))
	}
	if v.sum == 0 {
		c.add(n.line, "sum goes with a column of a joined file with `several: true`")
	}
	within := c.each
	c.each = v.sum
	v.source = c.source(n, append(more, "sum")...)
	c.each = within
	return v
}

const nanosOfUnit = 1_000_000_000

// addAmounts adds amounts of money without the loss that floating point has.
func addAmounts(a, b protoreflect.Value) (protoreflect.Value, error) {
	x, y := amountOf(a), amountOf(b)
	units, nanos := x.GetUnits()+y.GetUnits(), int64(x.GetNanos())+int64(y.GetNanos())
	if (x.GetUnits() >= 0) == (y.GetUnits() >= 0) && (units >= 0) != (x.GetUnits() >= 0) {
		return a, errors.New("add up to an amount beyond all bounds")
	}
	units, nanos = units+nanos/nanosOfUnit, nanos%nanosOfUnit
	switch { // both must have one sign
	case units > 0 && nanos < 0:
		units, nanos = units-1, nanos+nanosOfUnit
	case units < 0 && nanos > 0:
		units, nanos = units+1, nanos-nanosOfUnit
	}
	return protoreflect.ValueOfMessage((&money.Money{Units: units, Nanos: int32(nanos)}).ProtoReflect()), nil //nolint:gosec // less than a unit
}

func amountOf(v protoreflect.Value) *money.Money {
	m, _ := v.Message().Interface().(*money.Money)
	return m
}
