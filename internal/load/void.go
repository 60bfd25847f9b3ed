package load

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
)

// void voids the purchase of a record that is there. The outcome is that of the record:
// created, or updated where the purchase was there and counted until now.
func (l *recordLoader) void(ctx context.Context, r *Record, o Outcome) (Outcome, error) {
	if o.Name == "" {
		there, err := l.find(ctx, r)
		if err != nil || there == nil || there.GetVoidTime() != nil {
			return l.unless(o, err)
		}
		o.Name = there.GetName()
	}
	err := l.call(ctx, rapportv1.PurchaseService_VoidPurchase_FullMethodName, &rapportv1.VoidPurchaseRequest{
		Name: o.Name, Reason: r.Void.Reason, RequestId: uuid.NewString(),
	}, &rapportv1.Purchase{})
	switch {
	case apierr.Reason(err) == rapportv1.ErrorReason_PURCHASE_VOIDED:
		err = nil // by somebody else meanwhile
	case err == nil && o.Result == Unchanged:
		o.Result = Updated
	}
	return l.unless(o, err)
}

// unless returns the outcome or, where voiding was refused, that; an error that has
// nothing to do with the record ends the load.
func (l *recordLoader) unless(o Outcome, err error) (Outcome, error) {
	switch status.Code(err) {
	case codes.OK:
		return o, nil
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition:
		return Outcome{Number: o.Number, Err: err}, nil
	default:
		return o, err
	}
}

// find returns the purchase that is there in place of a record, by its id or its external
// id, or nil where it went meanwhile.
func (l *recordLoader) find(ctx context.Context, r *Record) (*rapportv1.Purchase, error) {
	create, ok := r.Create.(*rapportv1.CreatePurchaseRequest)
	if !ok {
		return nil, fmt.Errorf("only purchases are voided, not %T", r.Create)
	}
	parent := create.GetParent()
	if create.GetPurchaseId() != "" {
		var there rapportv1.Purchase
		err := l.call(ctx, rapportv1.PurchaseService_GetPurchase_FullMethodName,
			&rapportv1.GetPurchaseRequest{Name: parent + "/purchases/" + create.GetPurchaseId()}, &there)
		return &there, err
	}
	if owner := create.GetCustomerExternalId(); owner != nil {
		var found rapportv1.ListCustomersResponse
		if err := l.call(ctx, rapportv1.CustomerService_ListCustomers_FullMethodName, &rapportv1.ListCustomersRequest{
			Filter: fmt.Sprintf("external_ids.%s = %s", quoted(owner.GetSource()), quoted(owner.GetId())),
		}, &found); err != nil || len(found.GetCustomers()) == 0 {
			return nil, err
		}
		parent = found.GetCustomers()[0].GetName()
	}
	id := create.GetPurchase().GetExternalId()
	request := &rapportv1.ListPurchasesRequest{
		Parent: parent, PageSize: 1, Filter: fmt.Sprintf("external_id.source = %s AND external_id.id = %s", quoted(id.GetSource()), quoted(id.GetId())),
	}
	for {
		var page rapportv1.ListPurchasesResponse
		if err := l.call(ctx, rapportv1.PurchaseService_ListPurchases_FullMethodName, request, &page); err != nil {
			return nil, err
		}
		if len(page.GetPurchases()) > 0 {
			return page.GetPurchases()[0], nil
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return nil, nil
		}
	}
}

// quoted writes a text as a filter takes it.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `*`, `\*`).Replace(text) + `"`
}
