package rest

import (
	"context"
	"net/http"
	"strconv"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/restjson"
)

// passed are the response headers that come from the RPC: the metadata's key and the
// header. No other metadata leaves.
var passed = []struct{ key, header string }{
	{"x-request-id", "X-Request-Id"},
	{mutation.ReplayedHeader, http.CanonicalHeaderKey(mutation.ReplayedHeader)},
}

func passHeaders(header http.Header, md runtime.ServerMetadata) {
	for _, p := range passed {
		for _, from := range [...]metadata.MD{md.HeaderMD, md.TrailerMD} {
			if values := from[p.key]; len(values) > 0 {
				header[p.header] = values[:1:1]
				break
			}
		}
	}
}

// maxKept is the capacity of the largest buffer that is kept for the next answer.
const maxKept = 1 << 20

var buffers = sync.Pool{New: func() any { return new([]byte) }}

var contentJSON = []string{jsonType}

// reply writes the answer of a call that succeeded. It is the gateway's forward option,
// which runs before the gateway's own writing; to that nothing is left.
func (h *handler) reply(ctx context.Context, w http.ResponseWriter, m proto.Message) error {
	x := exchangeOf(ctx)
	header := w.Header()
	if md, ok := runtime.ServerMetadataFromContext(ctx); ok {
		passHeaders(header, md)
	}
	if _, nothing := m.(*emptypb.Empty); nothing {
		delete(header, "Content-Type") // the gateway has set it
		x.wrote = true
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if x.route.draw != nil {
		return x.picture(w, m)
	}
	buffer, _ := buffers.Get().(*[]byte)
	body, err := restjson.Append((*buffer)[:0], m)
	if err != nil {
		return err
	}
	header["Content-Type"] = contentJSON
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	if tagged, ok := m.(interface{ GetEtag() string }); ok && tagged.GetEtag() != "" {
		header["Etag"] = []string{tagged.GetEtag()}
	}
	status := http.StatusOK
	if named, ok := m.(interface{ GetName() string }); ok && x.created() {
		status = http.StatusCreated
		header["Location"] = []string{"/v1/" + named.GetName()}
	}
	x.wrote = true
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone learns nothing more
	if cap(body) <= maxKept {
		*buffer = body
		buffers.Put(buffer)
	}
	return nil
}
