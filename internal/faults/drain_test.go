package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/pgtest"
)

// TestDrain (F38): a service that is told to stop turns ready off while it still
// takes calls, ends its streams and answers all that runs.
func TestDrain(t *testing.T) {
	begin(t)
	const streams, grace = 50, 60 * time.Second
	calls := pick(100, 1000)
	url := pgtest.New(t)
	p := newProcess(t, url, "--drain-delay=1s", "--drain-grace="+grace.String(),
		"--acquire-timeout=60s", "--lock-timeout=60s", "--statement-timeout=60s")
	p.start(t)
	p.waitReady(t, http.StatusOK)
	name := makeCustomer(t, rapportv1.NewCustomerServiceClient(dial(t, p.grpcAddr))).GetName()
	lock := block(t, url, lockCustomers)
	conns := make([]*grpc.ClientConn, 10)
	for i := range conns {
		conns[i] = dial(t, p.grpcAddr)
	}
	var running, watching sync.WaitGroup
	for i := range calls {
		running.Go(func() {
			if err := p.change(t.Context(), conns[i%len(conns)], name, i%10 == 0); err != nil {
				t.Errorf("call %d failed: %v", i, err)
			}
		})
	}
	serving := make(chan struct{}, streams)
	for i := range streams {
		watching.Go(func() { watch(t, conns[i%len(conns)], serving) })
	}
	for range streams {
		<-serving
	}
	apitest.Eventually(t, 20*time.Second, func() bool { return p.inFlight(t) == calls })

	told := time.Now()
	p.signal(t, syscall.SIGTERM)
	p.waitReady(t, http.StatusServiceUnavailable)
	took(t, "not ready after SIGTERM", time.Since(told), 500*time.Millisecond)
	// Balancers need time to notice, so a new connection is still served.
	health, err := healthpb.NewHealthClient(dial(t, p.grpcAddr)).Check(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil || health.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Errorf("a new connection during the delay: %v, %v", health.GetStatus(), err)
	}
	watching.Wait()
	took(t, "the last stream ended after SIGTERM", time.Since(told), 2*time.Second)
	if n := p.inFlight(t); n != calls {
		t.Errorf("%d calls run when the streams have ended, want all %d", n, calls)
	}
	lock.lift(t)
	running.Wait()
	took(t, "the last call ended after SIGTERM", time.Since(told), grace)
	if code := p.waitExit(t, grace); code != 0 {
		t.Errorf("exit code %d", code)
	}
	leavesNothing(t, url)
}

// change changes the customer over gRPC or REST.
func (p *process) change(ctx context.Context, conn *grpc.ClientConn, name string, rest bool) error {
	if !rest {
		_, err := setOwner(ctx, rapportv1.NewCustomerServiceClient(conn), name, "drained")
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, "http://"+p.httpAddr+"/v1/"+name, strings.NewReader(`{"owner":"drained"}`))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	return nil
}

// watch follows the service's health to its end: that it serves, that it does not any
// more, and that another process should be asked.
func watch(t *testing.T, conn *grpc.ClientConn, serving chan<- struct{}) {
	stream, err := healthpb.NewHealthClient(conn).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Errorf("watch: %v", err)
		serving <- struct{}{}
		return
	}
	for _, want := range []healthpb.HealthCheckResponse_ServingStatus{healthpb.HealthCheckResponse_SERVING, healthpb.HealthCheckResponse_NOT_SERVING} {
		if got, err := stream.Recv(); err != nil || got.GetStatus() != want {
			t.Errorf("watch: got %v, %v, want %v", got.GetStatus(), err, want)
		}
		if want == healthpb.HealthCheckResponse_SERVING {
			serving <- struct{}{}
		}
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable || apierr.Reason(err) != rapportv1.ErrorReason_SHUTTING_DOWN {
		t.Errorf("the stream ended with %v", err)
	}
}

// TestCutOff (F39): what does not finish in time is cut off, the exit code says so and
// the database keeps nothing of it.
func TestCutOff(t *testing.T) {
	for _, c := range []struct {
		name, lock string
		second     bool // a second signal, else the grace that is over
		create     bool // hangs in the commit, else amid the transaction
	}{
		{name: "SecondSignal", lock: lockCustomers, second: true},
		{name: "GraceOver", lock: lockCustomers},
		{name: "GraceOverInCommit", lock: `SELECT FROM lane_feed FOR UPDATE`, create: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin(t)
			url := pgtest.New(t)
			grace := "500ms"
			if c.second {
				grace = "60s"
			}
			p := newProcess(t, url, "--drain-grace="+grace, "--lock-timeout=60s", "--statement-timeout=4s")
			p.start(t)
			p.waitReady(t, http.StatusOK)
			customers := rapportv1.NewCustomerServiceClient(dial(t, p.grpcAddr))
			name := makeCustomer(t, customers).GetName()
			lock := block(t, url, c.lock)
			answered := make(chan error, 1)
			go func() {
				var err error
				if c.create {
					_, err = customers.CreateCustomer(t.Context(), &rapportv1.CreateCustomerRequest{
						Customer: &rapportv1.Customer{Type: rapportv1.Customer_INDIVIDUAL, DisplayName: "cut off"},
					})
				} else {
					_, err = setOwner(t.Context(), customers, name, "cut off")
				}
				answered <- err
			}()
			conn := connect(t, url)
			apitest.Eventually(t, 10*time.Second, func() bool { return blocked(t, conn) == 1 })
			told := time.Now()
			p.signal(t, syscall.SIGTERM)
			if c.second {
				p.waitReady(t, http.StatusServiceUnavailable)
				p.signal(t, syscall.SIGTERM)
			}
			if code := p.waitExit(t, 30*time.Second); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			took(t, "the end after the signal", time.Since(told), 6*time.Second)
			if err := <-answered; status.Code(err) == codes.OK {
				t.Error("the call that was cut off succeeded")
			}
			lock.lift(t)
			leavesNothing(t, url)
			var made int
			if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM customer WHERE owner = 'cut off' OR display_name = 'cut off'`).Scan(&made); err != nil || made != 0 {
				t.Errorf("the call that was cut off left %d rows: %v", made, err)
			}
		})
	}
}
