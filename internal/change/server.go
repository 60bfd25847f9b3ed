package change

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
)

// Server serves ChangeService.
type Server struct {
	DB *db.Pool
}

// row is a change as the table holds it.
type row struct {
	Lane       int16
	ChangeID   uuid.UUID
	Sequence   int64
	CustomerID uuid.UUID
	Resource   string
	Type       string
	Fields     []byte
	Actor      string
	RequestID  uuid.UUID
	TraceID    string
	ChangeTime time.Time
}

const columns = `lane, change_id, sequence, customer_id, resource, type, fields, actor, request_id, trace_id, change_time`

// Targets implements db.Row.
func (r *row) Targets() []any {
	return []any{
		&r.Lane, (*[16]byte)(&r.ChangeID), &r.Sequence, (*[16]byte)(&r.CustomerID), &r.Resource, &r.Type, &r.Fields,
		&r.Actor, (*[16]byte)(&r.RequestID), &r.TraceID, &r.ChangeTime,
	}
}

const getSQL = `-- name: GetChange
SELECT ` + columns + ` FROM change WHERE lane = $1 AND change_id = $2`

// GetChange returns one change.
func (s *Server) GetChange(ctx context.Context, req *rapportv1.GetChangeRequest) (*rapportv1.Change, error) {
	id, err := aip.ParseChangeName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	rows, _ := s.DB.Query(ctx, getSQL, db.Lane(id), db.UUID(id))
	r, err := db.CollectRow[row](rows)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, apierr.NotFound(rapportv1.ErrorReason_CHANGE_NOT_FOUND, req.GetName())
	}
	if err != nil {
		return nil, err
	}
	return r.proto()
}

func (r *row) proto() (*rapportv1.Change, error) {
	c := &rapportv1.Change{
		Name: aip.ChangeName(r.ChangeID), Uid: r.ChangeID.String(), Resource: r.Resource,
		Customer: r.customer(),
		Type:     db.EnumOf[rapportv1.Change_Type](r.Type),
		Lane:     int32(r.Lane), Sequence: r.Sequence,
		Actor: r.Actor, RequestId: r.RequestID.String(), TraceId: r.TraceID,
		ChangeTime: timestamppb.New(r.ChangeTime),
	}
	var fields []struct {
		Path   string          `json:"path"`
		Before json.RawMessage `json:"before"`
		After  json.RawMessage `json:"after"`
	}
	if err := json.Unmarshal(r.Fields, &fields); err != nil {
		return nil, fmt.Errorf("fields of %s: %w", c.GetName(), err)
	}
	for _, f := range fields {
		before, errBefore := value(f.Before)
		after, errAfter := value(f.After)
		if err := errors.Join(errBefore, errAfter); err != nil {
			return nil, fmt.Errorf("field %s of %s: %w", f.Path, c.GetName(), err)
		}
		c.Fields = append(c.Fields, &rapportv1.Change_FieldChange{Path: f.Path, Before: before, After: after})
	}
	return c, nil
}

// customer is the name of the customer, empty where the resource has none.
func (r *row) customer() string {
	if _, err := aip.ParseServiceTierName("", r.Resource); err == nil {
		return ""
	}
	if _, err := aip.ParseSurveyName("", r.Resource); err == nil {
		return ""
	}
	return aip.CustomerName(r.CustomerID)
}

func value(encoded json.RawMessage) (*structpb.Value, error) {
	if encoded == nil {
		return nil, nil //nolint:nilnil // no value is no error
	}
	v := &structpb.Value{}
	return v, protojson.Unmarshal(encoded, v)
}
