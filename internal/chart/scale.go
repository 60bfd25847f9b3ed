package chart

import (
	"math"
	"strconv"
)

// scale is an axis of numbers.
type scale struct {
	low, high float64 // the numbers at its ends
	from, to  float64 // where these are in the picture
	step      float64
}

// newScale covers the numbers with some room, on round steps, within what they can be.
func newScale(low, high, lowest, highest, from, to float64, steps int) scale {
	room := (high - low) * 0.02
	if room == 0 {
		room = math.Max(math.Abs(high)*0.05, 0.01)
	}
	low, high = math.Max(low-room, lowest), math.Min(high+room, highest)
	s := scale{from: from, to: to, step: roundStep((high - low) / float64(steps))}
	s.low, s.high = math.Max(math.Floor(low/s.step)*s.step, lowest), math.Min(math.Ceil(high/s.step)*s.step, highest)
	return s
}

// roundStep is the next 1, 2 or 5 times a power of ten.
func roundStep(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, n := range []float64{1, 2, 5} {
		if n*power >= step*(1-1e-9) {
			return n * power
		}
	}
	return 10 * power
}

// at is where a number is in the picture.
func (s scale) at(v float64) float64 { return s.from + (v-s.low)/(s.high-s.low)*(s.to-s.from) }

// ticks are the round numbers, with the digits that tell them apart.
func (s scale) ticks(unit string) (out []tick) {
	digits := int(math.Max(0, math.Ceil(-math.Log10(s.step)-1e-9)))
	for i := math.Ceil(s.low/s.step - 1e-9); i*s.step <= s.high+s.step*1e-9; i++ {
		v := i * s.step
		if v == 0 {
			v = 0 // and not -0
		}
		out = append(out, tick{px(s.at(v)), strconv.FormatFloat(v, 'f', digits, 64) + unit})
	}
	return out
}
