package customer

import (
	"context"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// ListAttributeKeys is not served yet.
func (s *Server) ListAttributeKeys(context.Context, *rapportv1.ListAttributeKeysRequest) (*rapportv1.ListAttributeKeysResponse, error) {
	return nil, errNotYet
}
