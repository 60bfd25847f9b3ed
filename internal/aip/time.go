package aip

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// FromTimestamp returns the instant to the microsecond, which is what PostgreSQL keeps, or nil
// for an unset timestamp.
func FromTimestamp(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	out := t.AsTime().Truncate(time.Microsecond)
	return &out
}

// ToTimestamp is the reverse of FromTimestamp.
func ToTimestamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}
