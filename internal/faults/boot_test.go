package faults_test

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/privatepg"
)

// TestDatabaseAbsentAtBoot (F40): the service starts, says that it is not ready, and
// serves when the database is there.
func TestDatabaseAbsentAtBoot(t *testing.T) {
	begin(t)
	pg := pgtest.Server(t)
	if err := db.Migrate(t.Context(), pg.URL()); err != nil {
		t.Fatal(err)
	}
	if err := pg.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := newProcess(t, pg.URL())
	p.start(t)
	customers := rapportv1.NewCustomerServiceClient(dial(t, p.grpcAddr))
	apitest.Eventually(t, 20*time.Second, func() bool {
		code, _ := p.get(t, "/livez")
		return code == http.StatusOK
	})
	asked := 0
	for absent := time.Now().Add(pick(2*time.Second, time.Minute)); time.Now().Before(absent); asked++ {
		live, _ := p.get(t, "/livez")
		ready, _ := p.get(t, "/readyz")
		if live != http.StatusOK || ready != http.StatusServiceUnavailable {
			t.Fatalf("without a database: /livez %d, /readyz %d", live, ready)
		}
		_, err := customers.GetCustomer(t.Context(), &rapportv1.GetCustomerRequest{Name: "customers/01890a5d-ac96-774b-bcce-b302099a8057"})
		apitest.WantReason(t, err, codes.Unavailable, rapportv1.ErrorReason_DATABASE_UNAVAILABLE)
	}
	back, err := privatepg.Start(t.Context(), privatepg.Options{Dir: filepath.Dir(pg.LogFile())})
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	t.Cleanup(func() {
		if err := back.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	p.waitReady(t, http.StatusOK)
	took(t, "ready after the database", time.Since(started), 5*time.Second)
	makeCustomer(t, customers)
	t.Logf("asked %d times without a database", asked)
}
