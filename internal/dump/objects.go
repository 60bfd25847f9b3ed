package dump

import (
	"bufio"
	"fmt"
	"io"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/restjson"
)

// objects writes NDJSON as REST does, with a last line that says how many there were.
type objects struct {
	w     *bufio.Writer
	buf   []byte
	count int64
}

func newObjects(w io.Writer) *objects { return &objects{w: bufio.NewWriterSize(w, 64<<10)} }

func (o *objects) write(c *rapportv1.Customer) (err error) {
	if o.buf, err = restjson.Append(o.buf[:0], c); err != nil {
		return err
	}
	o.count++
	_, err = o.w.Write(append(o.buf, '\n'))
	return err
}

func (o *objects) close() error {
	if _, err := fmt.Fprintf(o.w, "{\"exported\":%d}\n", o.count); err != nil {
		return err
	}
	return o.w.Flush()
}
