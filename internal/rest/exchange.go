package rest

import (
	"context"
	"net/http"

	"google.golang.org/protobuf/proto"
)

// exchange is what is known of one request. It is the request's context too, so that
// what the gateway calls back can find it: the gateway passes nothing else through.
type exchange struct {
	context.Context

	outer *http.Request // as it came in, before the gateway's headers are taken away
	route *route        // nil until routed

	request proto.Message // what the RPC was asked; nil until it was
	body    []byte        // as it came in, decoded later
	ifMatch string        // the etag of If-Match, quoted, or empty
	key     string        // the UUID of Idempotency-Key, or empty
	hasMask bool          // the query has an update mask

	probe        bool // only asks whether a route exists
	found        bool // the answer
	decoded      bool // the gateway could build the request message
	invoked      bool // the RPC was called
	validateOnly bool // the RPC was asked to change nothing
	wrote        bool // the header of the answer has left
}

type exchangeKey struct{}

// Value implements context.Context.
func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

// exchangeOf returns the exchange that the context belongs to, or nil.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}
