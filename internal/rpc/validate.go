package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rapport-crm/rapport/internal/apierr"
)

// maxViolations bounds an answer that lists what is wrong with a request: it travels
// in the trailers.
const maxViolations = 100

// maxPath bounds the path in a violation, which repeats map keys of the request.
const maxPath = 200

// validator checks requests by the rules of their proto files, and all their strings.
type validator struct {
	rules protovalidate.Validator
	texts map[protoreflect.MessageDescriptor]*textPlan
}

func newValidator(requests []protoreflect.MessageDescriptor) (*validator, error) {
	rules, err := protovalidate.New(protovalidate.WithMessageDescriptors(requests...))
	if err != nil {
		return nil, fmt.Errorf("compile the rules of the requests: %w", err)
	}
	v := &validator{rules: rules, texts: map[protoreflect.MessageDescriptor]*textPlan{}}
	for _, d := range requests {
		planTexts(d, v.texts)
	}
	return v, nil
}

func (c *Chain) validateUnary(handler grpc.UnaryHandler) grpc.UnaryHandler {
	return func(ctx context.Context, req any) (any, error) {
		if err := c.validator.check(req); err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// Validate checks a request message of any registered RPC that a handler has put
// together from a part of a stream, as one that came alone is checked.
func (c *Chain) Validate(message proto.Message) error { return c.validator.check(message) }

// check returns INVALID_FIELD with all that is wrong with a request, or nil.
func (v *validator) check(req any) error {
	message, ok := req.(proto.Message)
	if !ok {
		// A call whose bytes did not decode has no message.
		return nil
	}
	violations := v.textViolations(message.ProtoReflect())
	err := v.rules.Validate(message)
	if err == nil {
		return apierr.InvalidFields(bounded(ofTheWhole(message, violations))...)
	}
	var invalid *protovalidate.ValidationError
	switch {
	case errors.As(err, &invalid):
		for _, found := range invalid.Violations {
			violations = append(violations, apierr.Violation{
				Field:       protovalidate.FieldPathString(found.Proto.GetField()),
				Description: found.Proto.GetMessage(),
				Rule:        found.Proto.GetRuleId(),
			})
		}
	case len(violations) == 0:
		return apierr.Internal(fmt.Errorf("run the rules of %s: %w", message.ProtoReflect().Descriptor().FullName(), err))
	}
	return apierr.InvalidFields(bounded(ofTheWhole(message, violations))...)
}

// ofTheWhole leaves out what is wrong with single requests of a batch that makes all that
// can be made: its handler checks those by Chain.Validate, and says which they are.
func ofTheWhole(message proto.Message, violations []apierr.Violation) []apierr.Violation {
	batch, ok := message.(interface{ GetReturnPartialSuccess() bool })
	if !ok || !batch.GetReturnPartialSuccess() {
		return violations
	}
	return slices.DeleteFunc(violations, func(v apierr.Violation) bool { return strings.HasPrefix(v.Field, "requests[") })
}

func bounded(violations []apierr.Violation) []apierr.Violation {
	violations = violations[:min(len(violations), maxViolations)]
	for i := range violations {
		if path := violations[i].Field; len(path) > maxPath {
			// A cut through a character would make the answer itself undecodable.
			violations[i].Field = strings.ToValidUTF8(path[:maxPath], "") + "..."
		}
	}
	return violations
}
