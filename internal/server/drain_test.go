package server_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

// TestDrainEndsStreams stops the service amid an export, at each of its edges: the client
// gets what was on its way, learns that another process will go on and from where, and
// the service ends without cutting anything off.
func TestDrainEndsStreams(t *testing.T) {
	for name, export := range map[string]func(*testing.T, *apitest.Service, func()){"gRPC": drainedGRPC, "REST": drainedREST} {
		t.Run(name, func(t *testing.T) {
			s := apitest.Start(t)
			// More than the buffers between the service and its client hold.
			if _, err := s.DB.Exec(t.Context(), `
				INSERT INTO customer (lane, customer_id, revision, type, display_name, emails, phones, postal_addresses,
					external_ids, tags, attributes, create_time, update_time)
				SELECT 0, gen_random_uuid(), 1, 'INDIVIDUAL', repeat('x', 200), '[]', '[]', '[]', '{}', '{}', '{}', now(), now()
				FROM generate_series(1, 40000)`); err != nil {
				t.Fatal(err)
			}
			s.WaitReady(t, true)
			stopped := make(chan error, 1)
			export(t, s, func() {
				go func() { stopped <- s.Stop() }()
				// Streams are told at once after readiness, as there is no delay in tests.
				apitest.Eventually(t, waitForMetrics, func() bool { return strings.Contains(s.Log.String(), `"draining"`) })
			})
			if err := <-stopped; err != nil {
				t.Errorf("the service ended with %v", err)
			}
			if log := s.Log.String(); strings.Contains(log, `"ERROR"`) {
				t.Errorf("a planned stop is logged as an error:\n%s", log)
			}
		})
	}
}

func drainedGRPC(t *testing.T, s *apitest.Service, stop func()) {
	t.Helper()
	stream, err := s.Customers.ExportCustomers(t.Context(), &rapportv1.ExportCustomersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	stop()
	for token := ""; ; {
		token = resp.GetNextPageToken()
		if resp, err = stream.Recv(); err == nil {
			continue
		}
		apitest.WantReason(t, err, codes.Unavailable, rapportv1.ErrorReason_SHUTTING_DOWN)
		if token == "" {
			t.Error("all was exported before the end")
		}
		return
	}
}

func drainedREST(t *testing.T, s *apitest.Service, stop func()) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/customers:export", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	lines := bufio.NewReader(resp.Body)
	last, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	stop()
	for err == nil {
		var line string
		if line, err = lines.ReadString('\n'); line != "" {
			last = line
		}
	}
	var end struct {
		Error         apitest.Problem `json:"error"`
		NextPageToken string          `json:"nextPageToken"`
	}
	if jsonErr := json.Unmarshal([]byte(last), &end); !errors.Is(err, io.EOF) || jsonErr != nil ||
		end.Error.Reason != rapportv1.ErrorReason_SHUTTING_DOWN.String() || end.Error.Status != http.StatusServiceUnavailable || end.NextPageToken == "" {
		t.Errorf("%v: it ended with %s", err, last)
	}
}
