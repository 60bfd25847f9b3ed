// Package load calls the service as fast as it answers, with as little work of its own
// as can be, since both share the processors: requests are made beforehand and changed
// in place, answers are looked at only for whether they are good.
package load

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/rapport-crm/rapport/internal/bench/dataset"
)

// serial numbers what must be new in each call of this process.
var serial atomic.Uint64

// Request is one call in bytes, ready but for the customers' numbers and the serials.
type Request struct {
	// variants are sent at random.
	variants []template
	whom     among
}

// among are the customers from one number up to before another.
type among struct{ first, behind int }

func (a among) anyone() int { return a.first + rand.IntN(a.behind-a.first) } //nolint:gosec // load needs no secret

// template is a call, with the places where to write twelve digits.
type template struct {
	call             []byte
	numbers, serials []int
}

// next appends the bytes of one more call.
func (r *Request) next(buf []byte) []byte {
	start := len(buf)
	t := &r.variants[rand.IntN(len(r.variants))] //nolint:gosec // load needs no secret
	buf = append(buf, t.call...)
	call := buf[start:]
	for _, at := range t.numbers {
		putDigits(call[at:at+12], uint64(r.whom.anyone()), 16) //nolint:gosec // no number is negative
	}
	for _, at := range t.serials {
		putDigits(call[at:at+12], serial.Add(1), 10)
	}
	return buf
}

func putDigits(into []byte, n, base uint64) {
	for i := len(into) - 1; i >= 0; i-- {
		into[i] = "0123456789abcdef"[n%base]
		n /= base
	}
}

// Numbers that stand in a template where others will.
const (
	aNumber = 0xabcdef
	aSerial = 987654321987
)

// newTemplate finds where the places are. The number of a customer is at the end of its
// id.
func newTemplate(call []byte, err error) (template, error) {
	return template{
		call: call, numbers: places(call, fmt.Appendf(nil, "%012x", aNumber)), serials: places(call, []byte(dataset.Serial(aSerial))),
	}, err
}

func places(call, digits []byte) (at []int) {
	for from := 0; ; {
		i := bytes.Index(call[from:], digits)
		if i < 0 {
			return at
		}
		at = append(at, from+i)
		from += i + len(digits)
	}
}

// newRequest has as many variants as it is told, each made by the function.
func newRequest(whom among, variants int, encode func() ([]byte, error)) (*Request, error) {
	r := &Request{whom: whom}
	for range variants {
		t, err := newTemplate(encode())
		if err != nil {
			return nil, err
		}
		r.variants = append(r.variants, t)
	}
	return r, nil
}
