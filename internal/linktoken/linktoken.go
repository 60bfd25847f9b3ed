// Package linktoken signs what a link says, so that only the service can have made it: the id of
// an invitation and a code that authenticates it (MAC), by the keys of a Tink keyset. A new key can
// be added at any time; what the older ones have signed still verifies.
package linktoken

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	// maxLen is the length of the longest token.
	maxLen = 64
	// maxAge is how long a keyset is used before it is read again, for a newer key may be in it.
	maxAge = time.Minute
	// minAge is how long it is used at least. A token that does not verify may be signed by a key
	// which another process knows already; but most are none, and must not cost a read each.
	minAge = time.Second
)

// encoding is strict, so that one token has one form.
var encoding = base64.RawURLEncoding.Strict()

// Signer signs and verifies tokens.
type Signer struct {
	read  Source
	clock func() time.Time

	held    atomic.Pointer[keys]
	reading sync.Mutex
}

// keys are a keyset as a MAC, and when it was read.
type keys struct {
	tink.MAC
	readTime time.Time
}

// Source reads a keyset as JSON.
type Source func(context.Context) (string, error)

// New returns a signer by the keyset that the source has.
func New(source Source, clock func() time.Time) *Signer { return &Signer{read: source, clock: clock} }

// keys returns the keyset, read again where it is older than age. While one call reads it the
// others go by the last one, but those that need a newer key, which wait.
func (s *Signer) keys(ctx context.Context, age time.Duration) (tink.MAC, error) {
	last := s.held.Load()
	switch {
	case last.youngerThan(age, s.clock()):
		return last, nil
	case last == nil || age < maxAge:
		s.reading.Lock()
	case !s.reading.TryLock():
		return last, nil
	}
	defer s.reading.Unlock()
	if now := s.held.Load(); now != last {
		return now, nil // read while this call waited
	}
	read, err := s.readKeys(ctx)
	switch {
	case err == nil:
		s.held.Store(read)
		return read, nil
	case last != nil:
		return last, nil // the last that was read is as good as any
	default:
		return nil, err
	}
}

func (k *keys) youngerThan(age time.Duration, now time.Time) bool {
	return k != nil && now.Sub(k.readTime) < age
}

func (s *Signer) readKeys(ctx context.Context) (*keys, error) {
	keyset, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	m, err := parse(keyset)
	return &keys{m, s.clock()}, err
}

// parse returns the keyset as a MAC whose tokens are not too long.
func parse(keyset string) (tink.MAC, error) {
	handle, err := decode(keyset)
	if err != nil {
		return nil, err
	}
	m, err := mac.New(handle)
	if err != nil {
		return nil, fmt.Errorf("keyset of tokens: %w", err)
	}
	token, err := sign(m, uuid.Nil)
	if err == nil && len(token) > maxLen {
		err = fmt.Errorf("keyset of tokens: its codes are too long; HMAC_SHA256_128BITTAG is the right template")
	}
	return m, err
}

// Check reads the keyset, and tells what is wrong with it.
func (s *Signer) Check(ctx context.Context) error {
	_, err := s.keys(ctx, maxAge)
	return err
}

// Sign returns the token of an id.
func (s *Signer) Sign(ctx context.Context, id uuid.UUID) (string, error) {
	m, err := s.keys(ctx, maxAge)
	if err != nil {
		return "", err
	}
	return sign(m, id)
}

func sign(m tink.MAC, id uuid.UUID) (string, error) {
	code, err := m.ComputeMAC(id[:])
	return encoding.EncodeToString(append(id[:], code...)), err
}

// Verify returns the id of a token, and false where the service has made no such token.
func (s *Signer) Verify(ctx context.Context, token string) (id uuid.UUID, ok bool, err error) {
	decoded, malformed := encoding.DecodeString(token)
	// The decoder skips line ends; a token has none.
	if malformed != nil || len(token) > maxLen || len(decoded) <= len(id) || strings.ContainsAny(token, "\r\n") {
		return id, false, nil
	}
	copy(id[:], decoded)
	code := decoded[len(id):]
	for _, age := range [...]time.Duration{maxAge, minAge} {
		m, err := s.keys(ctx, age)
		if err != nil {
			return id, false, err
		}
		if m.VerifyMAC(code, id[:]) == nil {
			return id, true, nil
		}
	}
	return id, false, nil
}
