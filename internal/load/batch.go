package load

import (
	"context"
	"fmt"
	"iter"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

const (
	// maxBatchBytes is where a message is full before it has its number of rows. The
	// service takes 4 MiB; a smaller message is answered sooner.
	maxBatchBytes = 1 << 20
	// maxRowBytes leaves room for what a message is besides its row.
	maxRowBytes = 4<<20 - 1<<10
)

// batch is the rows of one message, or the error that ended the rows.
type batch[R any] struct {
	rows []R
	err  error
}

// gatherer makes messages of rows.
type gatherer[R any] struct {
	// message is what goes over the wire of a row.
	message func(R) proto.Message
	number  func(R) int64
	// most is how many rows a batch has.
	most  int
	tally *tally
	// batches take them; the gatherer closes it at the end.
	batches chan batch[R]
}

// gather makes batches of rows until they end or the context does. A row that no message
// holds is counted as rejected on the spot.
func (g *gatherer[R]) gather(ctx context.Context, rows iter.Seq2[R, error]) {
	defer close(g.batches)
	var b batch[R]
	size := 0
	send := func() bool {
		if len(b.rows) == 0 && b.err == nil {
			return true
		}
		select {
		case g.batches <- b:
			b, size = batch[R]{}, 0
			return true
		case <-ctx.Done():
			return false
		}
	}
	for row, err := range rows {
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.err = err
			break
		}
		n := proto.Size(g.message(row))
		if n > maxRowBytes {
			g.tally.count(tooLarge(g.number(row), n))
			continue
		}
		if size+n > maxBatchBytes && !send() {
			return
		}
		b.rows, size = append(b.rows, row), size+n
		if len(b.rows) == g.most && !send() {
			return
		}
	}
	send()
}

// tooLarge is the outcome of a row that the service would not even read.
func tooLarge(number int64, size int) Outcome {
	return Outcome{Number: number, Result: Rejected, Err: apierr.New(codes.ResourceExhausted, rapportv1.ErrorReason_MESSAGE_TOO_LARGE,
		fmt.Sprintf("the row has %d bytes, more than the %d of a message", size, maxRowBytes),
		map[string]string{"limit_bytes": fmt.Sprint(maxRowBytes)})}
}
