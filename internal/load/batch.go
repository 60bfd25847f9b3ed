package load

import (
	"context"
	"fmt"
	"iter"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
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
type batch struct {
	rows []*Row
	err  error
}

// read gathers rows to batches until they end or the context does.
func (l *loader) read(ctx context.Context, rows iter.Seq2[*Row, error]) {
	defer close(l.batches)
	var b batch
	size := 0
	send := func() bool {
		if len(b.rows) == 0 && b.err == nil {
			return true
		}
		select {
		case l.batches <- b:
			b, size = batch{}, 0
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
		n := proto.Size(row)
		if n > maxRowBytes {
			l.count(row, tooLarge(row, n))
			continue
		}
		if size+n > maxBatchBytes && !send() {
			return
		}
		b.rows, size = append(b.rows, row), size+n
		if len(b.rows) == l.options.BatchRows && !send() {
			return
		}
	}
	send()
}

// tooLarge is the outcome of a row that the service would not even read.
func tooLarge(row *Row, size int) *Outcome {
	err := apierr.New(codes.ResourceExhausted, rapportv1.ErrorReason_MESSAGE_TOO_LARGE,
		fmt.Sprintf("the row has %d bytes, more than the %d of a message", size, maxRowBytes),
		map[string]string{"limit_bytes": fmt.Sprint(maxRowBytes)})
	return &Outcome{
		Number: row.GetNumber(), Result: rapportv1.ImportCustomersResponse_Outcome_REJECTED,
		Error: status.Convert(err).Proto(),
	}
}
