// Package lease lets one process of several do what only one should do. A lease is a row with
// an end, by the database's clock, and a fencing number that grows each time it changes hands:
// each transaction of the holder's checks it, so that one who slept through its end writes
// nothing more.
package lease

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// ErrLost says that another process has the lease.
var ErrLost = errors.New("the lease is another's")

// Lease is this process's part in a lease. It is for one goroutine.
type Lease struct {
	DB *db.Pool
	// Name says what the lease is for.
	Name string
	// TTL is how long the others wait for a holder that says nothing more.
	TTL time.Duration

	holder uuid.UUID
	fence  int64
	until  time.Time
}

// holdSQL takes the lease where nobody has it, or it has ended, and else prolongs the holder's
// own.
const holdSQL = `-- name: HoldLease
INSERT INTO lease (name, holder, fence, expire_time) VALUES ($1, $2, 1, now() + $3::bigint * interval '1 microsecond')
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expire_time = excluded.expire_time,
    fence = lease.fence + CASE WHEN lease.holder = excluded.holder THEN 0 ELSE 1 END
WHERE lease.holder = excluded.holder OR lease.expire_time < now()
RETURNING fence`

// Hold takes or prolongs the lease, and returns whether this process has it. It asks the
// database again only once a third of the time is over.
func (l *Lease) Hold(ctx context.Context) (bool, error) {
	started := time.Now()
	if started.Before(l.until) {
		return true, nil
	}
	if l.holder == uuid.Nil {
		l.holder = uuid.New()
	}
	l.until = time.Time{}
	err := l.DB.QueryRow(ctx, holdSQL, l.Name, db.UUID(l.holder), l.TTL.Microseconds()).Scan(&l.fence)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		l.until = started.Add(l.TTL / 3)
	}
	return err == nil, err
}

// guardSQL fails with a division by zero where the lease is no longer held under the number. Who
// takes it over waits for the transaction to end.
const guardSQL = `-- name: GuardLease
SELECT 1 / count(*) FROM (
    SELECT FROM lease WHERE name = $1 AND holder = $2 AND fence = $3 AND expire_time > now() FOR SHARE
) AS held`

// Guard queues the check of the lease, which fails the transaction with ErrLost.
func (l *Lease) Guard(tx *mutation.Tx) {
	tx.QueueGuarded(func(e *pgconn.PgError) error {
		if e.Code != "22012" {
			return nil
		}
		return ErrLost
	}, guardSQL, l.Name, db.UUID(l.holder), l.fence)
}

const releaseSQL = `-- name: ReleaseLease
UPDATE lease SET expire_time = now() WHERE name = $1 AND holder = $2 AND fence = $3`

// Release ends the lease, where this process has it, so that the next one need not wait.
func (l *Lease) Release(ctx context.Context) error {
	if l.holder == uuid.Nil {
		return nil
	}
	l.until = time.Time{}
	_, err := l.DB.Exec(ctx, releaseSQL, l.Name, db.UUID(l.holder), l.fence)
	return err
}
