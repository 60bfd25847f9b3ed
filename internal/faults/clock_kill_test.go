package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// TestServerKilledWhileTheClockCloses kills the service amid the closing of cases whose customers
// keep silent. Each is closed once all the same, with one entry in the feed.
func TestServerKilledWhileTheClockCloses(t *testing.T) {
	begin(t)
	url := pgtest.New(t)
	total := pick(400, 4000)
	maker := newProcess(t, url, "--clock-interval=1h")
	maker.start(t)
	maker.waitReady(t, http.StatusOK)
	makeSilent(t, maker, total)
	maker.signal(t, syscall.SIGTERM)
	maker.waitExit(t, 10*time.Second)
	p := newProcess(t, url, "--clock-interval=100ms")
	p.start(t)
	conn := connect(t, url)
	kills := 0
	for closed := 0; closed < total; {
		// A kill that finds the clock idle proves nothing: it must hit between the first closing of
		// its run and the last of all.
		before := closed
		apitest.Eventually(t, time.Minute, func() bool { closed = closings(t, conn); return closed > before })
		if closed == total {
			break
		}
		p.signal(t, syscall.SIGKILL)
		p.waitExit(t, 10*time.Second)
		if left := closings(t, conn); left < total {
			kills++
		}
		killed := time.Now()
		p.start(t)
		p.waitReady(t, http.StatusOK)
		took(t, "ready after the restart", time.Since(killed), 5*time.Second)
		if kills == pick(3, 10) {
			apitest.Eventually(t, time.Minute, func() bool { closed = closings(t, conn); return closed == total })
		}
	}
	if kills == 0 {
		t.Error("no kill hit the clock at work")
	}
	var cases, changes, holes int
	if err := conn.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM support_case WHERE state = 'CLOSED' AND close_time = feedback_time + interval '24 hours' AND revision = 2 AND NOT customer_confirmed AND next_event_time IS NULL),
		(SELECT count(*) FROM change WHERE actor = 'rapport'),
		(SELECT count(*) FROM lane_feed f WHERE f.last_seq <> (SELECT count(*) FROM change c WHERE c.lane = f.lane))`).Scan(&cases, &changes, &holes); err != nil {
		t.Fatal(err)
	}
	if cases != total || changes != total || holes != 0 {
		t.Errorf("%d cases closed by %d changes, want %d; holes in %d lanes", cases, changes, total, holes)
	}
	leavesNothing(t, url)
	t.Logf("killed %d times amid %d closings", kills, total)
}

// makeSilent makes cases whose customer was told two days ago and may keep silent for one.
func makeSilent(t *testing.T, p *process, total int) {
	t.Helper()
	conn := dial(t, p.grpcAddr)
	support := rapportv1.NewCaseServiceClient(conn)
	tier, err := support.CreateServiceTier(t.Context(), &rapportv1.CreateServiceTierRequest{
		ServiceTier: &rapportv1.ServiceTier{DisplayName: "Gold", SilenceDays: proto.Int32(1)},
	})
	if err != nil {
		t.Fatal(err)
	}
	told := timestamppb.New(time.Now().Add(-48 * time.Hour))
	for made := 0; made < total; {
		c, err := rapportv1.NewCustomerServiceClient(conn).CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
			Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "Ada", ServiceTier: proto.String(tier.GetName())},
		})
		if err != nil {
			t.Fatal(err)
		}
		req := &rapportv1.BatchCreateCasesRequest{Parent: c.GetName(), RequestId: uuid.NewString()}
		for ; len(req.GetRequests()) < 100 && made < total; made++ {
			req.Requests = append(req.Requests, &rapportv1.CreateCaseRequest{Case: &rapportv1.Case{
				Type: rapportv1.Case_ENQUIRY, Category: proto.String("x"), Priority: rapportv1.Priority_P3, Assignee: proto.String("grace"),
				ReceiveTime: told, Resolution: proto.String("Done"), ResolutionType: rapportv1.Case_EXPLAINED, FeedbackTime: told, Item: proto.String(fmt.Sprint(made)),
			}})
		}
		if _, err := support.BatchCreateCases(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
}

func closings(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	if err := conn.QueryRow(context.WithoutCancel(t.Context()), "SELECT count(*) FROM support_case WHERE close_time IS NOT NULL").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
