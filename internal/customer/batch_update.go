package customer

import (
	"context"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// BatchUpdateCustomers is not served yet.
func (s *Server) BatchUpdateCustomers(context.Context, *rapportv1.BatchUpdateCustomersRequest) (*rapportv1.BatchUpdateCustomersResponse, error) {
	return nil, errNotYet
}
