package rest

import (
	"fmt"
	"net/http"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/chart"
)

// svgSuffix ends the path of a binding whose answer is drawn.
const svgSuffix = ".svg"

// draw makes a picture of the answer to a request.
type draw func(request, answer proto.Message) ([]byte, error)

// drawings are how answers are drawn, by their message.
var drawings = map[protoreflect.FullName]draw{
	(*rapportv1.SatisfactionReport)(nil).ProtoReflect().Descriptor().FullName(): drawn(
		func(req *rapportv1.GetSatisfactionReportRequest, report *rapportv1.SatisfactionReport) ([]byte, error) {
			metric := rapportv1.SatisfactionScore_NPS
			if len(req.GetMetrics()) > 0 {
				metric = req.GetMetrics()[0]
			}
			return chart.Satisfaction(report, metric)
		}),
	(*rapportv1.DriverReport)(nil).ProtoReflect().Descriptor().FullName(): drawn(
		func(_ *rapportv1.GetDriverReportRequest, report *rapportv1.DriverReport) ([]byte, error) {
			return chart.Drivers(report)
		}),
}

func drawn[Q, A proto.Message](f func(Q, A) ([]byte, error)) draw {
	return func(request, answer proto.Message) ([]byte, error) {
		q, ok := request.(Q)
		a, ok2 := answer.(A)
		if !ok || !ok2 {
			return nil, fmt.Errorf("draw %T for %T", answer, request)
		}
		return f(q, a)
	}
}

// A picture runs no script and loads nothing, whoever opens it by itself.
var pictureOnly = []string{"default-src 'none'; style-src 'unsafe-inline'; sandbox"}

// picture writes the answer of a call as a picture.
func (x *exchange) picture(w http.ResponseWriter, m proto.Message) error {
	body, err := x.route.draw(x.request, m)
	if err != nil {
		return err
	}
	header := w.Header()
	header["Content-Type"] = []string{svgType}
	header["Content-Security-Policy"] = pictureOnly
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.wrote = true
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // a client that is gone learns nothing more
	return nil
}
