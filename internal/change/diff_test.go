package change_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/change"
)

// What follows from other records or from the clock is no change of this one: a call that
// is run again may have worked it out already.
func TestDerivedFieldsAreNoChange(t *testing.T) {
	c := &rapportv1.Customer{
		Name: "customers/1", Uid: "1", Etag: `"1"`, CreateTime: timestamppb.Now(), UpdateTime: timestamppb.Now(),
		LastContactTime: timestamppb.Now(), NextContactTime: timestamppb.Now(), ContactOverdueRatio: proto.Float64(2),
	}
	if fields, err := change.Diff(nil, c); err != nil || len(fields) != 0 {
		t.Errorf("a change of %v, %v", fields, err)
	}
}
