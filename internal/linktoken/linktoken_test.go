package linktoken_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rapport-crm/rapport/internal/linktoken"
)

// store is a keyset that processes share.
type store struct {
	keyset string
	err    error
	reads  int
}

func (s *store) read(context.Context) (string, error) { s.reads++; return s.keyset, s.err }

func (s *store) rotate(t testing.TB, revoke bool) {
	t.Helper()
	var err error
	if s.keyset, err = linktoken.Rotate(s.keyset, revoke); err != nil {
		t.Fatal(err)
	}
}

func sign(t testing.TB, s *linktoken.Signer, id uuid.UUID) string {
	t.Helper()
	token, err := s.Sign(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func verifies(t testing.TB, s *linktoken.Signer, token string, id uuid.UUID) bool {
	t.Helper()
	got, ok, err := s.Verify(t.Context(), token)
	if err != nil || ok && got != id {
		t.Errorf("%s is of %s, %t, %v", token, got, ok, err)
	}
	return ok
}

// TestRotation keeps old links good while keys come and go, in processes that hear of that late.
func TestRotation(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	clock := func() time.Time { return now }
	var keys store
	keys.rotate(t, false)
	ours, theirs := linktoken.New(keys.read, clock), linktoken.New(keys.read, clock)
	id := uuid.New()
	old := sign(t, ours, id)
	if again := sign(t, ours, id); again != old || len(old) > 64 {
		t.Errorf("%s, then %s", old, again)
	}
	if !verifies(t, theirs, old, id) {
		t.Error("the other process does not know the token")
	}

	keys.rotate(t, false)
	now = now.Add(2 * time.Minute)
	fresh := sign(t, ours, id)
	now = now.Add(-118 * time.Second) // to the other one it is two seconds since it read its keys
	if fresh == old || !verifies(t, theirs, fresh, id) || !verifies(t, theirs, old, id) || !verifies(t, ours, old, id) {
		t.Error("a rotation breaks links")
	}

	keys.rotate(t, true)
	now = now.Add(5 * time.Minute)
	if verifies(t, ours, old, id) || verifies(t, ours, fresh, id) {
		t.Error("what was revoked still verifies")
	}
	if !verifies(t, ours, sign(t, ours, id), id) {
		t.Error("the last key does not verify")
	}

	// A flood of forged tokens does not read the keys each time, and a store that is away does no harm.
	reads := keys.reads
	for range 100 {
		verifies(t, ours, old, id)
	}
	if keys.reads > reads+1 {
		t.Errorf("%d reads", keys.reads-reads)
	}
	keys.err = errors.New("away")
	now = now.Add(time.Hour)
	if !verifies(t, ours, sign(t, ours, id), id) {
		t.Error("without its store it forgets its keys")
	}
	if _, err := linktoken.New(keys.read, clock).Sign(t.Context(), id); err == nil {
		t.Error("signed without a key")
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	signer := linktoken.New(linktoken.File(path), time.Now)
	if err := signer.Check(t.Context()); err == nil {
		t.Error("a file that is not there is no keyset")
	}
	made, err := linktoken.Rotate("", false)
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{
		made: true, "": false, "{}": false, "no JSON": false, strings.Replace(made, `"value"`, `"other"`, 1): false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := linktoken.New(linktoken.File(path), time.Now).Check(t.Context()); (err == nil) != good {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	if _, err := linktoken.Rotate("no JSON", false); err == nil {
		t.Error("rotated what is no keyset")
	}
}

// TestSlowRead: while one call waits for a keyset that does not come, others go by the last one.
func TestSlowRead(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var keys store
	keys.rotate(t, false)
	reading, stuck := make(chan struct{}), make(chan struct{})
	first := true
	s := linktoken.New(func(ctx context.Context) (string, error) {
		if first {
			first = false
			return keys.read(ctx)
		}
		close(reading)
		<-stuck
		return keys.read(ctx)
	}, func() time.Time { return now })
	id := uuid.New()
	token := sign(t, s, id)
	now = now.Add(2 * time.Minute)
	done := make(chan bool)
	go func() { done <- verifies(t, s, token, id) }()
	<-reading
	if !verifies(t, s, token, id) {
		t.Error("the last keyset does not verify")
	}
	close(stuck)
	if !<-done {
		t.Error("the token does not verify after the read")
	}
}
