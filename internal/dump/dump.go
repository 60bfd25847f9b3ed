// Package dump writes customers from ExportCustomers to a file: as CSV that is safe to
// open in a spreadsheet and can be imported again, or as the NDJSON that REST writes.
package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/load"
)

// Options say what to write.
type Options struct {
	// Filter and ShowDeleted are those of ExportCustomers.
	Filter      string
	ShowDeleted bool
	// NDJSON writes a JSON object a line, and not CSV.
	NDJSON bool
	// OnRetry is told of a stream that broke and will be continued after the delay; it
	// may be nil.
	OnRetry func(err error, number int, delay time.Duration)
}

// maxTries is how many calls in a row may fail without a message before Customers gives
// up.
const maxTries = 10

// writer writes customers in a format.
type writer interface {
	write(c *rapportv1.Customer) error
	// close writes what comes after the last customer.
	close() error
}

// Customers writes all customers that the options choose, and returns how many there
// were. A call that fails while the service is away or busy is made again, and a stream
// that breaks is continued where it broke.
func Customers(ctx context.Context, client rapportv1.CustomerServiceClient, w io.Writer, options Options) (int64, error) {
	retries := &load.Retries{Max: maxTries, OnRetry: options.OnRetry}
	out, err := newWriter(ctx, client, w, options, retries)
	if err != nil {
		return 0, fmt.Errorf("export: %w", err)
	}
	d := &dumper{client: client, out: out, request: &rapportv1.ExportCustomersRequest{
		Filter: options.Filter, ShowDeleted: options.ShowDeleted,
	}}
	for before := -1; ; {
		err := d.stream(ctx)
		if err == nil {
			return d.customers, out.close()
		}
		if d.messages > before {
			retries.Progress()
			before = d.messages
		}
		if !d.failed {
			err = retries.Wait(ctx, err)
		}
		if err != nil {
			return d.customers, fmt.Errorf("export: %w", err)
		}
	}
}

func newWriter(ctx context.Context, client rapportv1.CustomerServiceClient, w io.Writer, options Options, retries *load.Retries) (writer, error) {
	if options.NDJSON {
		return newObjects(w), nil
	}
	keys, err := attributeKeys(ctx, client, retries)
	if err != nil {
		return nil, fmt.Errorf("list the attributes in use: %w", err)
	}
	return newSheet(w, keys)
}

// attributeKeys returns the attributes that have a column, by key and then by type.
func attributeKeys(ctx context.Context, client rapportv1.CustomerServiceClient, retries *load.Retries) (keys []*rapportv1.AttributeKey, err error) {
	req := &rapportv1.ListAttributeKeysRequest{PageSize: 1000}
	for {
		page, err := client.ListAttributeKeys(ctx, req)
		if err != nil {
			if err := retries.Wait(ctx, err); err != nil {
				return nil, err
			}
			continue
		}
		retries.Progress()
		keys = append(keys, page.GetAttributeKeys()...)
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return keys, nil
		}
	}
}

// dumper is one export over all its streams.
type dumper struct {
	client  rapportv1.CustomerServiceClient
	out     writer
	request *rapportv1.ExportCustomersRequest
	// customers and messages are how many came so far.
	customers int64
	messages  int
	// failed is set when the file could not be written.
	failed bool
}

// stream writes what one stream brings. It returns nil after the last message.
func (d *dumper) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := d.client.ExportCustomers(ctx, d.request)
	if err != nil {
		return err
	}
	for {
		m, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return load.ErrCut
		}
		if err != nil {
			return err
		}
		for _, c := range m.GetCustomers() {
			if err := d.out.write(c); err != nil {
				d.failed = true
				return err
			}
			d.customers++
		}
		d.messages++
		if d.request.PageToken = m.GetNextPageToken(); d.request.GetPageToken() == "" {
			return nil
		}
	}
}
