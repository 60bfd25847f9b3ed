package customer

import (
	"google.golang.org/grpc"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// ExportCustomers is not served yet.
func (s *Server) ExportCustomers(*rapportv1.ExportCustomersRequest, grpc.ServerStreamingServer[rapportv1.ExportCustomersResponse]) error {
	return errNotYet
}
