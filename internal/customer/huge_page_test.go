package customer_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// A client that never set a limit of its own takes 4 MiB at most.
func TestAPageOfHugeCustomersIsCutShort(t *testing.T) {
	const customers = 50
	s := apitest.Start(t)
	c := ada()
	c.Attributes = map[string]*rapportv1.AttributeValue{}
	for i := range 64 {
		c.Attributes[fmt.Sprintf("a%d", i)] = text(strings.Repeat("界", 1000))
	}
	for range customers {
		create(t, s, c)
	}
	req := &rapportv1.ListCustomersRequest{PageSize: 1000}
	pages, seen := 0, map[string]bool{}
	for {
		page, err := s.Customers.ListCustomers(t.Context(), req, grpc.MaxCallRecvMsgSize(4<<20))
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, one := range page.GetCustomers() {
			seen[one.GetName()] = true
		}
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if len(seen) != customers || pages < 3 {
		t.Errorf("%d customers on %d pages, want %d on several", len(seen), pages, customers)
	}
}
