package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rapport-crm/rapport/internal/restjson"
)

// errClientGone says that nobody reads the answer any more.
var errClientGone = errors.New("the client is gone")

// linesSize is how many bytes are gathered before they are sent. A client has
// writeTimeout for each such piece, so one that reads slowly is served to the end and
// one that stopped reading is not waited for.
const linesSize = 64 << 10

var contentNDJSON = []string{ndjsonType}

// lines writes an answer of one JSON object a line.
type lines struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	buffer  []byte
	n       int // of items
}

func (h *handler) newLines(w http.ResponseWriter) *lines {
	return &lines{
		w: w, control: http.NewResponseController(w), timeout: h.writeTimeout, buffer: make([]byte, 0, linesSize+linesSize/4),
	}
}

// items writes the items of one message and sends them.
func (l *lines) items(list protoreflect.List) error {
	for i := range list.Len() {
		if err := l.add(list.Get(i).Message().Interface()); err != nil {
			return err
		}
	}
	return l.send()
}

func (l *lines) add(m proto.Message) (err error) {
	if l.buffer, err = restjson.Append(l.buffer, m); err != nil {
		return err
	}
	l.buffer = append(l.buffer, '\n')
	if l.n++; len(l.buffer) < linesSize {
		return nil
	}
	return l.send()
}

// last writes the line that ends the answer. Who would read an error is gone.
func (l *lines) last(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		return // strings and numbers only: it cannot fail
	}
	l.buffer = append(append(l.buffer, line...), '\n')
	_ = l.send()
}

func (l *lines) send() error {
	if len(l.buffer) == 0 {
		return nil
	}
	_ = l.control.SetWriteDeadline(time.Now().Add(l.timeout))
	if _, err := l.w.Write(l.buffer); err != nil {
		return errClientGone
	}
	l.buffer = l.buffer[:0]
	if err := l.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return errClientGone
	}
	return nil
}
