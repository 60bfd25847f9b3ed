// Package load calls the service as fast as it answers, with as little work of its own
// as can be, since both share the processors: requests are made beforehand and changed
// in place, answers are looked at only for whether they are good.
package load

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/bench/dataset"
)

// pages is how many places of the list are asked for; each has its own token. As many
// queries of each kind are asked, and as many people created.
const pages = 4096

// serial numbers what must be new in each call of this process.
var serial atomic.Uint64

// Request is one call in bytes, ready but for the customers' numbers and the serials.
type Request struct {
	// variants are sent at random.
	variants  []template
	customers int
}

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
		putDigits(call[at:at+12], uint64(rand.IntN(r.customers)), 16) //nolint:gosec // as above
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
func newRequest(customers, variants int, encode func() ([]byte, error)) (*Request, error) {
	r := &Request{customers: customers}
	for range variants {
		t, err := newTemplate(encode())
		if err != nil {
			return nil, err
		}
		r.variants = append(r.variants, t)
	}
	return r, nil
}

// Requests are the calls of one protocol. Search is by kind, as in dataset.QueryKinds.
type Requests struct {
	Get, List, Create, Update, BatchUpdate *Request
	Search                                 map[string]*Request
}

// encoders make the bytes of each call.
type encoders struct {
	get           func(n int) ([]byte, error)
	list          func(token string) ([]byte, error)
	search        func(query string) ([]byte, error)
	create        func(c *rapportv1.Customer) ([]byte, error)
	update, batch func(c *rapportv1.Customer) ([]byte, error)
}

func (e encoders) requests(customers int) (r Requests, err error) {
	r.Search = map[string]*Request{}
	anyone := func() int { return rand.IntN(customers) } //nolint:gosec // as above
	add := func(into **Request, variants int, encode func() ([]byte, error)) {
		if err == nil {
			*into, err = newRequest(customers, variants, encode)
		}
	}
	add(&r.Get, 1, func() ([]byte, error) { return e.get(aNumber) })
	add(&r.List, min(pages, customers-50), func() ([]byte, error) {
		return e.list(dataset.PageToken(50 + rand.IntN(customers-50))) //nolint:gosec // as above
	})
	add(&r.Create, pages, func() ([]byte, error) { return e.create(dataset.New(anyone(), aSerial)) })
	add(&r.Update, 1, func() ([]byte, error) { return e.update(dataset.Assigned(aNumber, aSerial)) })
	add(&r.BatchUpdate, 1, func() ([]byte, error) { return e.batch(dataset.Assigned(aNumber, aSerial)) })
	for _, kind := range dataset.QueryKinds {
		var search *Request
		add(&search, pages, func() ([]byte, error) { return e.search(dataset.Query(kind, anyone())) })
		r.Search[kind] = search
	}
	return r, err
}

// Batch is how many customers a call of BatchUpdateCustomers changes here.
const Batch = 1000

func batch(c *rapportv1.Customer) *rapportv1.BatchUpdateCustomersRequest {
	req := &rapportv1.BatchUpdateCustomersRequest{}
	for range Batch {
		req.Requests = append(req.Requests, &rapportv1.UpdateCustomerRequest{Customer: c})
	}
	return req
}

// GRPCRequests returns the calls as gRPC messages, the prefix of five bytes included.
func GRPCRequests(customers int) (Requests, error) {
	return encoders{
		get: func(n int) ([]byte, error) { return framed(&rapportv1.GetCustomerRequest{Name: dataset.Name(n)}) },
		list: func(token string) ([]byte, error) {
			return framed(&rapportv1.ListCustomersRequest{PageSize: 50, PageToken: token})
		},
		search: func(query string) ([]byte, error) { return framed(&rapportv1.ListCustomersRequest{Query: query}) },
		create: func(c *rapportv1.Customer) ([]byte, error) {
			return framed(&rapportv1.CreateCustomerRequest{Customer: c})
		},
		update: func(c *rapportv1.Customer) ([]byte, error) {
			return framed(&rapportv1.UpdateCustomerRequest{Customer: c})
		},
		batch: func(c *rapportv1.Customer) ([]byte, error) { return framed(batch(c)) },
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
		search: func(query string) ([]byte, error) {
			return httpRequest("GET", "/v1/customers?query="+url.QueryEscape(query), nil)
		},
		create: func(c *rapportv1.Customer) ([]byte, error) { return httpRequest("POST", "/v1/customers", c) },
		update: func(c *rapportv1.Customer) ([]byte, error) {
			return httpRequest("PATCH", "/v1/"+c.GetName(), &rapportv1.Customer{Owner: c.Owner})
		},
		batch: func(c *rapportv1.Customer) ([]byte, error) {
			return httpRequest("POST", "/v1/customers:batchUpdate", batch(c))
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
