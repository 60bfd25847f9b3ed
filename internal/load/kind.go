package load

import (
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// Kind is a kind of records that customers own. Their batches of creates are of one form,
// which is read from the descriptors.
type Kind struct {
	// Singular is what one is called, such as interaction: the field of a create that
	// holds the record.
	Singular string
	// Plural is what several are called.
	Plural string

	method          string
	request, answer protoreflect.MessageType
	// exists is the reason of a create whose id there is.
	exists rapportv1.ErrorReason
}

// The kinds.
var (
	Interactions = kind("interaction", rapportv1.InteractionService_BatchCreateInteractions_FullMethodName,
		&rapportv1.BatchCreateInteractionsRequest{}, &rapportv1.BatchCreateInteractionsResponse{}, rapportv1.ErrorReason_INTERACTION_ALREADY_EXISTS)
	Purchases = kind("purchase", rapportv1.PurchaseService_BatchCreatePurchases_FullMethodName,
		&rapportv1.BatchCreatePurchasesRequest{}, &rapportv1.BatchCreatePurchasesResponse{}, rapportv1.ErrorReason_PURCHASE_ALREADY_EXISTS)
	Cases = kind("case", rapportv1.CaseService_BatchCreateCases_FullMethodName,
		&rapportv1.BatchCreateCasesRequest{}, &rapportv1.BatchCreateCasesResponse{}, rapportv1.ErrorReason_CASE_ALREADY_EXISTS)
	Tasks = kind("task", rapportv1.TaskService_BatchCreateTasks_FullMethodName,
		&rapportv1.BatchCreateTasksRequest{}, &rapportv1.BatchCreateTasksResponse{}, rapportv1.ErrorReason_TASK_ALREADY_EXISTS)
	SatisfactionScores = kind("satisfaction_score", rapportv1.SatisfactionService_BatchCreateSatisfactionScores_FullMethodName,
		&rapportv1.BatchCreateSatisfactionScoresRequest{}, &rapportv1.BatchCreateSatisfactionScoresResponse{},
		rapportv1.ErrorReason_SATISFACTION_SCORE_ALREADY_EXISTS)
)

// Kinds are all of them.
var Kinds = []*Kind{Interactions, Purchases, Cases, Tasks, SatisfactionScores}

func kind(singular, method string, request, answer proto.Message, exists rapportv1.ErrorReason) *Kind {
	return &Kind{
		Singular: singular, Plural: singular + "s", method: method, exists: exists,
		request: request.ProtoReflect().Type(), answer: answer.ProtoReflect().Type(),
	}
}

// NewCreate returns an empty request of a create.
func (k *Kind) NewCreate() protoreflect.Message {
	requests := k.request.Descriptor().Fields().ByName("requests")
	return k.request.New().NewField(requests).List().NewElement().Message()
}

// Record is the descriptor of a record.
func (k *Kind) Record() protoreflect.MessageDescriptor {
	return k.request.Descriptor().Fields().ByName("requests").Message().Fields().ByName(protoreflect.Name(k.Singular)).Message()
}

// batch returns the request that makes these records, each as far as it can be made.
func (k *Kind) batch(records []*Record, requestID string, validateOnly bool) proto.Message {
	m := k.request.New()
	set := func(name protoreflect.Name, v protoreflect.Value) { m.Set(m.Descriptor().Fields().ByName(name), v) }
	set("parent", protoreflect.ValueOfString("customers/-"))
	set("return_partial_success", protoreflect.ValueOfBool(true))
	if validateOnly {
		set("validate_only", protoreflect.ValueOfBool(true))
	} else {
		set("request_id", protoreflect.ValueOfString(requestID))
	}
	requests := m.Mutable(m.Descriptor().Fields().ByName("requests")).List()
	for _, r := range records {
		requests.Append(protoreflect.ValueOfMessage(r.Create.ProtoReflect()))
	}
	return m.Interface()
}

// outcomes reads the answer to a batch.
func (k *Kind) outcomes(records []*Record, answer protoreflect.Message) []Outcome {
	fields := answer.Descriptor().Fields()
	made := answer.Get(fields.ByName(protoreflect.Name(k.Plural))).List()
	failed := map[int]*statuspb.Status{}
	answer.Get(fields.ByName("failed_requests")).Map().Range(func(index protoreflect.MapKey, st protoreflect.Value) bool {
		failed[int(index.Int())], _ = st.Message().Interface().(*statuspb.Status)
		return true
	})
	out := make([]Outcome, 0, len(records))
	next := 0
	for i, r := range records {
		o := Outcome{Number: r.Number, Result: Created}
		switch st := failed[i]; {
		case st != nil:
			o = k.refused(r, st)
		case next < made.Len():
			m := made.Get(next).Message()
			o.Name = m.Get(m.Descriptor().Fields().ByName("name")).String()
			next++
		}
		out = append(out, o)
	}
	return out
}
