// Package load calls the service as fast as it answers, with as little work of its own
// as can be, since both share the processors: requests are made beforehand and changed
// in place, answers are looked at only for whether they are good.
package load

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/bench/dataset"
)

// pages is how many places of the list are asked for; each has its own token.
const pages = 4096

// serial numbers what must be new in each call of this process.
var serial atomic.Uint64

// Request is one call in bytes, ready but for the customer's number and the serial.
type Request struct {
	// variants are sent at random.
	variants [][]byte
	// number and serial are where to write twelve digits, or -1.
	number, serial int
	customers      int
}

// next appends the bytes of one more call.
func (r *Request) next(buf []byte) []byte {
	start := len(buf)
	buf = append(buf, r.variants[rand.IntN(len(r.variants))]...) //nolint:gosec // load needs no secret
	call := buf[start:]
	if r.number >= 0 {
		putDigits(call[r.number:r.number+12], uint64(rand.IntN(r.customers)), 16) //nolint:gosec // as above
	}
	if r.serial >= 0 {
		putDigits(call[r.serial:r.serial+12], serial.Add(1), 10)
	}
	return buf
}

func putDigits(into []byte, n, base uint64) {
	for i := len(into) - 1; i >= 0; i-- {
		into[i] = "0123456789abcdef"[n%base]
		n /= base
	}
}

// newRequest finds where the places are: the two encodings of one call differ there
// alone. The number of a customer is at the end of its id.
func newRequest(encode func(n, serial int) ([]byte, error), customers int) (*Request, error) {
	const n, one = 0xabcdef, 987654321987
	call, err := encode(n, one)
	if err != nil {
		return nil, err
	}
	return &Request{
		variants: [][]byte{call}, customers: customers,
		number: bytes.Index(call, fmt.Appendf(nil, "%012x", n)), serial: bytes.Index(call, []byte(dataset.Serial(one))),
	}, nil
}

// listRequest has no place to change: each token is another call.
func listRequest(encode func(token string) ([]byte, error), customers int) (*Request, error) {
	r := &Request{number: -1, serial: -1}
	for range min(pages, customers-50) {
		call, err := encode(dataset.PageToken(50 + rand.IntN(customers-50))) //nolint:gosec // as above
		if err != nil {
			return nil, err
		}
		r.variants = append(r.variants, call)
	}
	return r, nil
}

// Requests are the four calls of one protocol.
type Requests struct{ Get, List, Create, Update *Request }

// encoders make the bytes of each call.
type encoders struct {
	get            func(n int) ([]byte, error)
	list           func(token string) ([]byte, error)
	create, update func(n, serial int) ([]byte, error)
}

func (e encoders) requests(customers int) (r Requests, err error) {
	if r.Get, err = newRequest(func(n, _ int) ([]byte, error) { return e.get(n) }, customers); err != nil {
		return r, err
	}
	if r.List, err = listRequest(e.list, customers); err != nil {
		return r, err
	}
	if r.Create, err = newRequest(e.create, customers); err != nil {
		return r, err
	}
	r.Update, err = newRequest(e.update, customers)
	return r, err
}

// GRPCRequests returns the calls as gRPC messages, the prefix of five bytes included.
func GRPCRequests(customers int) (Requests, error) {
	return encoders{
		get: func(n int) ([]byte, error) { return framed(&rapportv1.GetCustomerRequest{Name: dataset.Name(n)}) },
		list: func(token string) ([]byte, error) {
			return framed(&rapportv1.ListCustomersRequest{PageSize: 50, PageToken: token})
		},
		create: func(_, serial int) ([]byte, error) {
			return framed(&rapportv1.CreateCustomerRequest{Customer: dataset.New(serial)})
		},
		update: func(n, serial int) ([]byte, error) {
			return framed(&rapportv1.UpdateCustomerRequest{Customer: dataset.Renamed(n, serial)})
		},
	}.requests(customers)
}

func framed(m proto.Message) ([]byte, error) {
	size := proto.Size(m)
	return proto.MarshalOptions{Deterministic: true}.MarshalAppend(
		[]byte{0, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}, m)
}

// RESTRequests returns the calls as whole HTTP/1.1 requests.
func RESTRequests(customers int) (Requests, error) {
	return encoders{
		get: func(n int) ([]byte, error) { return httpRequest("GET", "/v1/"+dataset.Name(n), nil) },
		list: func(token string) ([]byte, error) {
			return httpRequest("GET", "/v1/customers?pageSize=50&pageToken="+token, nil)
		},
		create: func(_, serial int) ([]byte, error) {
			return httpRequest("POST", "/v1/customers", dataset.New(serial))
		},
		update: func(n, serial int) ([]byte, error) {
			c := dataset.Renamed(n, serial)
			return httpRequest("PATCH", "/v1/"+c.GetName(), &rapportv1.Customer{DisplayName: c.GetDisplayName()})
		},
	}.requests(customers)
}

func httpRequest(method, path string, body proto.Message) ([]byte, error) {
	head := method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
	if body == nil {
		return []byte(head + "\r\n"), nil
	}
	encoded, err := protojson.Marshal(body) // of populated fields alone: a PATCH changes what its body names
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", head, len(encoded), encoded), nil
}
