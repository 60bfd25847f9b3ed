package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/rapport-crm/rapport/internal/apitest"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/pgtest"
	"github.com/rapport-crm/rapport/internal/server"
	"github.com/rapport-crm/rapport/internal/telemetry"
)

const waitForMetrics = 10 * time.Second

func get(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func TestAdminPagesAreOnTheAdminPortAlone(t *testing.T) {
	s := apitest.Start(t)
	s.WaitReady(t, true)
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/debug/pprof/", "/debug/pprof/heap"} {
		if code := get(t, s.AdminURL+path); code != http.StatusOK {
			t.Errorf("admin %s: %d", path, code)
		}
		if code := get(t, s.URL+path); code != http.StatusNotFound {
			t.Errorf("public %s: %d", path, code)
		}
	}
	if code := get(t, s.AdminURL+"/v1/customers"); code != http.StatusNotFound {
		t.Errorf("the API on the admin port: %d", code)
	}
}

func TestHealthNamesEachService(t *testing.T) {
	s := apitest.Start(t)
	s.WaitReady(t, true)
	health := healthpb.NewHealthClient(s.Conn)
	for _, service := range []string{"", "rapport.v1.CustomerService", "rapport.v1.ChangeService"} {
		resp, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		if err != nil || resp.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("%q: %v %v", service, resp.GetStatus(), err)
		}
	}
	if strings.Contains(s.Log.String(), "grpc.health") {
		t.Errorf("health checks are logged:\n%s", s.Log)
	}
}

func TestReflectionListsTheServices(t *testing.T) {
	s := apitest.Start(t)
	stream, err := reflectionpb.NewServerReflectionClient(s.Conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	resp, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, service := range resp.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "rapport.v1.CustomerService") {
		t.Errorf("services: %s", got)
	}
}

// start runs server.Start alone and returns its error.
func start(t *testing.T, url string) error {
	t.Helper()
	c := apitest.Defaults()
	c.DatabaseURL = url
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	tel, err := telemetry.Setup(t.Context(), telemetry.Options{Version: "test", Log: &apitest.Log{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, err := server.Start(ctx, c, tel)
	if err == nil {
		ended, end := context.WithCancel(context.Background())
		end()
		if serveErr := s.Serve(ended, context.Background()); serveErr != nil {
			t.Error(serveErr)
		}
	}
	return err
}

func TestADatabaseWithoutTheSchemaIsRefused(t *testing.T) {
	if err := start(t, pgtest.Empty(t)); !errors.Is(err, db.ErrUnfit) || !strings.Contains(err.Error(), "rapport migrate up") {
		t.Errorf("got %v, want a refusal that names the remedy", err)
	}
}

func TestADatabaseOfAnotherEncodingIsRefused(t *testing.T) {
	url := pgtest.Empty(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	name := "latin_" + conn.Config().Database
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"); err != nil {
		t.Fatal(err)
	}
	latin := strings.Replace(url, conn.Config().Database, name, 1)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), latin); err != nil {
		t.Fatal(err)
	}
	if err := start(t, latin); !errors.Is(err, db.ErrUnfit) || !strings.Contains(err.Error(), "UTF8") {
		t.Errorf("got %v, want a refusal that names the encoding", err)
	}
}

func TestARiskyDatabaseIsServedWithAWarning(t *testing.T) {
	// The databases of tests run without fsync.
	s := apitest.Start(t)
	s.WaitReady(t, true)
	resp, err := http.Get(s.AdminURL + "/readyz") //nolint:noctx // a test's call to its own service
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing was written
	body := make([]byte, 1000)
	n, _ := resp.Body.Read(body)
	if !strings.Contains(string(body[:n]), "fsync is off") || !strings.Contains(s.Log.String(), "fsync is off") {
		t.Errorf("neither silent: readyz %s, log\n%s", body[:n], s.Log)
	}
}

func TestStopEndsHealthWatches(t *testing.T) {
	s := apitest.Start(t)
	s.WaitReady(t, true)
	watch, err := healthpb.NewHealthClient(s.Conn).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := watch.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	for err == nil {
		_, err = watch.Recv()
	}
	if status.Code(err) != codes.Unavailable {
		t.Errorf("the watch ended with %v, want UNAVAILABLE", err)
	}
}
