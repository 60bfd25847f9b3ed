package server

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

type aStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // a stream has its context
}

func (s aStream) Context() context.Context { return s.ctx }

// A stream that has come to its end as the service stops is whole, and one that its
// client has left needs no other process.
func TestHowStreamsEndWhenTheServiceStops(t *testing.T) {
	d := newDrains()
	d.tell()
	gone, leave := context.WithCancel(t.Context())
	leave()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		ctx      context.Context
		err      error
		draining bool
	}{
		"at its end": {t.Context(), nil, false},
		"amid":       {t.Context(), context.Canceled, true},
		"left":       {gone, broken, false},
	} {
		err := d.stream(nil, aStream{ctx: test.ctx}, nil, func(_ any, stream grpc.ServerStream) error {
			<-stream.Context().Done() // it is told
			return test.err
		})
		if draining := apierr.Reason(err) == rapportv1.ErrorReason_SHUTTING_DOWN; draining != test.draining || !draining && !errors.Is(err, test.err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
