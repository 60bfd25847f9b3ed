package load

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/bench/dataset"
)

// variants is how many requests are made up of a call that has something in it which is not a
// customer's number: places of a list with their tokens, queries, people, times.
const variants = 4096

// Requests are the calls of one protocol, by the name of the method.
type Requests map[string]*Request

// asked is a call as each protocol asks for it.
type asked struct {
	message    proto.Message
	verb, path string
	body       proto.Message // nil for none
}

// encode makes the bytes of a call.
type encode func(asked) ([]byte, error)

// GRPCRequests returns the calls as gRPC messages, the prefix of five bytes included.
func GRPCRequests(size dataset.Size) (Requests, error) {
	return requests(size, func(a asked) ([]byte, error) { return framed(a.message) })
}

// RESTRequests returns the calls as whole HTTP/1.1 requests.
func RESTRequests(size dataset.Size) (Requests, error) {
	return requests(size, func(a asked) ([]byte, error) { return httpRequest(a.verb, a.path, a.body) })
}

// requests makes the calls about customers and, where there are any, about their histories.
func requests(size dataset.Size, encode encode) (r Requests, err error) {
	r = Requests{}
	add := func(name string, whom among, variants int, ask func() asked) {
		if err == nil {
			r[name], err = newRequest(whom, variants, func() ([]byte, error) { return encode(ask()) })
		}
	}
	addCustomers(add, size)
	if size.Interactions > 0 {
		addHistories(add, size)
	}
	return r, err
}

type adder func(name string, whom among, variants int, ask func() asked)

func addCustomers(add adder, size dataset.Size) {
	all, below := among{0, size.Customers}, among{50, size.Customers}
	update := &rapportv1.UpdateCustomerRequest{Customer: dataset.Assigned(aNumber, aSerial)}
	batch := &rapportv1.BatchUpdateCustomersRequest{}
	for range dataset.Batch {
		batch.Requests = append(batch.Requests, update)
	}
	add("get", all, 1, func() asked {
		return get(&rapportv1.GetCustomerRequest{Name: dataset.Name(aNumber)}, "/v1/"+dataset.Name(aNumber))
	})
	add("list", all, min(variants, size.Customers-50), func() asked {
		token := dataset.PageToken(below.anyone())
		return get(&rapportv1.ListCustomersRequest{PageSize: 50, PageToken: token}, "/v1/customers?pageSize=50&pageToken="+token)
	})
	for _, kind := range dataset.QueryKinds {
		add("search-"+kind, all, variants, func() asked {
			query := dataset.Query(kind, all.anyone())
			return get(&rapportv1.ListCustomersRequest{Query: query}, "/v1/customers?query="+url.QueryEscape(query))
		})
	}
	add("create", all, variants, func() asked {
		customer := dataset.New(all.anyone(), aSerial)
		return asked{&rapportv1.CreateCustomerRequest{Customer: customer}, "POST", "/v1/customers", customer}
	})
	add("update", all, 1, func() asked {
		return asked{update, "PATCH", "/v1/" + update.GetCustomer().GetName(), &rapportv1.Customer{Owner: update.GetCustomer().Owner}}
	})
	add("batch-update", all, 1, func() asked { return asked{batch, "POST", "/v1/customers:batchUpdate", batch} })
}

func addHistories(add adder, size dataset.Size) {
	first, behind := size.Shorts()
	shorts, others := among{first, behind}, among{behind, size.Customers}
	started := time.Now()
	interaction := func() *rapportv1.CreateInteractionRequest {
		return dataset.CreateInteraction(aNumber, started.Add(-rand.N(dataset.Contacted))) //nolint:gosec // load needs no secret
	}
	add("interaction", others, variants, func() asked {
		i := interaction()
		return asked{i, "POST", "/v1/" + i.GetParent() + "/interactions", i.GetInteraction()}
	})
	add("batch-interaction", others, 1, func() asked {
		batch := &rapportv1.BatchCreateInteractionsRequest{Parent: "customers/-"}
		for range dataset.Batch {
			batch.Requests = append(batch.Requests, interaction())
		}
		return asked{batch, "POST", "/v1/customers/-/interactions:batchCreate", batch}
	})
	add("score", others, variants, func() asked {
		score := dataset.CreateScore(aNumber, started.Add(-rand.N(dataset.Contacted))) //nolint:gosec // load needs no secret
		return asked{score, "POST", "/v1/" + score.GetParent() + "/satisfactionScores", score.GetSatisfactionScore()}
	})
	add("satisfaction-report", shorts, 1, func() asked {
		return get(dataset.SatisfactionByMonth(), "/v1/reports/satisfaction?granularity=MONTH")
	})
	add("driver-report", shorts, 1, func() asked { return get(&rapportv1.GetDriverReportRequest{}, "/v1/reports/drivers") })
	add("timeline-20", shorts, 1, func() asked { return timeline(dataset.ShortTimeline(aNumber)) })
	add("timeline-20000", shorts, variants, func() asked {
		from, to := dataset.LongTimes()
		return timeline(dataset.LongTimeline(from.Add(rand.N(to.Sub(from))))) //nolint:gosec // load needs no secret
	})
	add("follow-ups", shorts, 1, func() asked { return followUps(dataset.FollowUps("")) })
	add("follow-ups-staff", shorts, variants, func() asked {
		return followUps(dataset.FollowUps(dataset.Staff(rand.IntN(size.Customers)))) //nolint:gosec // load needs no secret
	})
}

func get(message proto.Message, path string) asked { return asked{message, "GET", path, nil} }

func timeline(q *rapportv1.ListTimelineRequest) asked {
	return get(q, fmt.Sprintf("/v1/%s/timeline?pageSize=%d&pageToken=%s", q.GetParent(), q.GetPageSize(), q.GetPageToken()))
}

func followUps(q *rapportv1.ListFollowUpsRequest) asked {
	return get(q, fmt.Sprintf("/v1/%s/followUps?pageSize=%d&staff=%s", q.GetParent(), q.GetPageSize(), q.GetStaff()))
}

func framed(m proto.Message) ([]byte, error) {
	size := proto.Size(m)
	return proto.MarshalOptions{Deterministic: true}.MarshalAppend(
		[]byte{0, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}, m)
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
