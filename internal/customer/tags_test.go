package customer_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestConcurrentTags lets writers add and take away single tags and set attributes at
// the same time: nobody wipes what another one wrote.
func TestConcurrentTags(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.Tags = tags(10)
	name := create(t, s, c).GetName()
	bare := func() *rapportv1.Customer { return &rapportv1.Customer{Name: name} }
	var writers sync.WaitGroup
	for i := range 10 {
		for _, req := range []*rapportv1.UpdateCustomerRequest{
			{Customer: bare(), AddTags: []string{fmt.Sprint("new", i)}},
			{Customer: bare(), RemoveTags: []string{fmt.Sprintf("t%02d", i)}},
			{Customer: &rapportv1.Customer{Name: name, Attributes: attributes(10)}, UpdateMask: mask(fmt.Sprintf("attributes.a%d", i))},
		} {
			writers.Go(func() {
				if _, err := s.Customers.UpdateCustomer(t.Context(), req); err != nil {
					t.Error(err)
				}
			})
		}
	}
	writers.Wait()
	got := get(t, s, name)
	if want := times(10, func(i int) string { return fmt.Sprint("new", i) }); !slices.Equal(got.GetTags(), want) {
		t.Errorf("tags are %q, want %q", got.GetTags(), want)
	}
	if len(got.GetAttributes()) != 10 {
		t.Errorf("attributes are %v, want 10", got.GetAttributes())
	}
}

func TestTagsAddedAndRemoved(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.Tags = []string{"a", "b"}
	name := create(t, s, c).GetName()
	got := update(t, s, &rapportv1.UpdateCustomerRequest{
		Customer: &rapportv1.Customer{Name: name, DisplayName: "B"}, AddTags: []string{"d", "c", "b", "d"}, RemoveTags: []string{"a", "d", "z"},
	})
	if !slices.Equal(got.GetTags(), []string{"b", "c"}) || got.GetDisplayName() != "B" {
		t.Errorf("got %v: what is in both lists goes, and the other fields change too", got)
	}
}

// TestSumsOfUpdatesAreBounded fills a customer up to each limit and tries to go on by
// single elements.
func TestSumsOfUpdatesAreBounded(t *testing.T) {
	s := apitest.Start(t)
	c := ada()
	c.Tags, c.Attributes, c.ExternalIds = tags(50), attributes(64), externalIDs(20)
	made := create(t, s, c)
	more := &rapportv1.Customer{
		Name: made.GetName(), ExternalIds: map[string]string{"more": "1"},
		Attributes: map[string]*rapportv1.AttributeValue{"more": yes(true)},
	}
	for field, req := range map[string]*rapportv1.UpdateCustomerRequest{
		"customer.tags":         {Customer: &rapportv1.Customer{Name: made.GetName()}, AddTags: []string{"more"}},
		"customer.attributes":   {Customer: more, UpdateMask: mask("attributes.more")},
		"customer.external_ids": {Customer: more, UpdateMask: mask("external_ids.more")},
	} {
		_, err := s.Customers.UpdateCustomer(t.Context(), req)
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, field)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), made)
}
