package customer_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestImportLeavesNothingBehind ends imports in the middle. No goroutine of theirs stays.
func TestImportLeavesNothingBehind(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *apitest.Service, cancel context.CancelFunc, stream importClient){
		"the client goes": func(_ *testing.T, _ *apitest.Service, cancel context.CancelFunc, _ importClient) { cancel() },
		"the service drains": func(t *testing.T, s *apitest.Service, _ context.CancelFunc, stream importClient) {
			if err := s.Stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
			var err error
			for err == nil {
				_, err = stream.Recv()
			}
			apitest.WantReason(t, err, codes.Unavailable, rapportv1.ErrorReason_SHUTTING_DOWN)
		},
		"a message is wrong": func(t *testing.T, _ *apitest.Service, _ context.CancelFunc, stream importClient) {
			if err := stream.Send(&importRequest{ValidateOnly: true, Rows: rowsOf(4000)}); err != nil {
				t.Fatal(err)
			}
			var err error
			received := 1
			for ; err == nil; received++ {
				_, err = stream.Recv()
			}
			apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "validate_only")
			if received -= 1; received != 4 {
				t.Errorf("%d messages of outcomes before the end, want those of the 4 before it", received)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := apitest.Start(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stream, err := s.Customers.ImportCustomers(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for from := 0; from < 4000; from += 1000 {
				if err := stream.Send(&importRequest{Rows: rowsOf(from)}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(stacks(), ").receive(") {
				t.Fatal("no goroutine of the import is to be seen")
			}
			end(t, s, cancel, stream)
			apitest.Eventually(t, 15*time.Second, func() bool { return !strings.Contains(stacks(), "internal/customer.(*importing)") })
		})
	}
}

type importClient = rapportv1.CustomerService_ImportCustomersClient

// stacks are those of all goroutines.
func stacks() string {
	buf := make([]byte, 4<<20)
	return string(buf[:runtime.Stack(buf, true)])
}
