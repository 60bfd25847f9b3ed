package mutation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/proto"

	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/rpc"
)

// fingerprintVersion says how the hash of a request was made. A stored hash of
// another version is taken to match: a new binary must never refuse an old key.
const fingerprintVersion = 1

const insertClaimSQL = `-- name: ClaimRequest
INSERT INTO request (lane, principal, method, request_id, fingerprint, response, expire_time)
VALUES ($1, $2, $3, $4, $5, $6, $7)`

const getClaimSQL = `-- name: GetClaim
SELECT fingerprint, response FROM request
WHERE lane = $1 AND principal = $2 AND method = $3 AND request_id = $4`

// Claim is a call's hold on its request id.
type Claim struct {
	lane         int16
	principal    string
	method       string
	requestID    uuid.UUID
	given        bool // by the caller, not made by the service
	repeatable   bool // without an id of the caller's, for its records say what was done
	validateOnly bool
	fingerprint  []byte
	response     []byte
}

// NewClaim returns the claim of the running call. It must be made before anything of
// the request is brought into another form: it holds a hash of what the caller sent,
// which a repeat must meet even after an upgrade that reads phone numbers otherwise.
func NewClaim(ctx context.Context, req Request) (*Claim, error) {
	call := rpc.CallFrom(ctx)
	id, err := uuid.Parse(call.RequestID)
	if err != nil {
		return nil, apierr.Internal(fmt.Errorf("the call has no request id: %w", err))
	}
	c := &Claim{
		lane:      db.KeyLane(call.Principal, call.Method, string(id[:])),
		principal: call.Principal, method: call.Method, requestID: id,
		given: req.GetRequestId() != "", validateOnly: req.GetValidateOnly(),
		fingerprint: []byte{fingerprintVersion},
	}
	if c.given && !c.validateOnly {
		c.fingerprint, err = fingerprint(req)
	}
	return c, err
}

// NewPartClaim returns the claim of one transaction of a streaming call, under an id of
// its own. The caller can repeat the part: what it changes is found by its own keys.
func NewPartClaim(ctx context.Context, validateOnly bool) (*Claim, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, apierr.Internal(err)
	}
	call := rpc.CallFrom(ctx)
	return &Claim{
		lane:      db.KeyLane(call.Principal, call.Method, string(id[:])),
		principal: call.Principal, method: call.Method, requestID: id,
		repeatable: true, validateOnly: validateOnly, fingerprint: []byte{fingerprintVersion},
	}, nil
}

// Self is the principal of what the service does of its own accord.
const Self = "rapport"

// NewOwnClaim returns the claim of one transaction of the service's own, under an id of its
// own. The service can repeat it: what there is to do is found in the records.
func NewOwnClaim(method string) (*Claim, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, apierr.Internal(err)
	}
	return &Claim{
		lane: db.KeyLane(Self, method, string(id[:])), principal: Self, method: method, requestID: id,
		repeatable: true, fingerprint: []byte{fingerprintVersion},
	}, nil
}

// ValidateOnly tells whether all is rolled back.
func (c *Claim) ValidateOnly() bool { return c.validateOnly }

// NewID returns a fresh id for a resource that the call makes, as of now. Where the
// resource starts a customer of its own, it shares the lane of the claim, so that a
// create stays in one lane.
func (c *Claim) NewID(now time.Time) (uuid.UUID, error) { return db.NewID(c.lane, now) }

// fingerprint hashes the request without its request id, which is the key already.
func fingerprint(req Request) ([]byte, error) {
	m := req.ProtoReflect()
	field := m.Descriptor().Fields().ByName("request_id")
	id := m.Get(field)
	m.Clear(field)
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	m.Set(field, id)
	if err != nil {
		return nil, apierr.Internal(err)
	}
	sum := sha256.Sum256(encoded)
	return append([]byte{fingerprintVersion}, sum[:]...), nil
}

func (c *Claim) matches(stored []byte) bool {
	if len(stored) < 2 || len(c.fingerprint) < 2 || stored[0] != fingerprintVersion {
		return true
	}
	return bytes.Equal(stored, c.fingerprint)
}

// replayed is the answer that an earlier run of the same request stored.
type replayed struct{ fingerprint, response []byte }

func (*replayed) Error() string { return "the request was answered before" }

// isClaimed reports whether a commit failed because the request id is claimed.
func isClaimed(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "23505" && strings.HasPrefix(pgErr.ConstraintName, "request_pkey")
}

// stored reads the answer of the claim that a commit ran into, as an error of type
// replayed. Should the claim have expired in between, the caller may simply repeat.
func stored(ctx context.Context, conn *pgx.Conn, c *Claim) error {
	var found replayed
	err := conn.QueryRow(ctx, getClaimSQL, c.lane, c.principal, c.method, db.UUID(c.requestID)).
		Scan(&found.fingerprint, &found.response)
	if errors.Is(err, pgx.ErrNoRows) {
		return errClaimGone
	}
	if err != nil {
		return err
	}
	return &found
}
