package customer

import (
	"errors"

	"google.golang.org/grpc"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// ImportCustomers is not served yet.
func (s *Server) ImportCustomers(grpc.BidiStreamingServer[rapportv1.ImportCustomersRequest, rapportv1.ImportCustomersResponse]) error {
	return errNotYet
}

var errNotYet = errors.New("not served yet")
