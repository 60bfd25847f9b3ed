package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/apierr"
)

// Read sends several reads in one round trip. Like Query it tries a second connection
// where the first proves dead, so queue may run twice.
func (p *Pool) Read(ctx context.Context, queue func(*pgx.Batch)) error {
	err := p.read(ctx, queue)
	if err != nil && apierr.ConnectionLost(err) && ctx.Err() == nil {
		err = p.read(ctx, queue)
	}
	return err
}

func (p *Pool) read(ctx context.Context, queue func(*pgx.Batch)) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var batch pgx.Batch
	queue(&batch)
	return conn.SendBatch(ctx, &batch).Close()
}

// Snapshot runs reads that must all see the same moment. Like Read it tries a second connection,
// so the function may run twice.
func (p *Pool) Snapshot(ctx context.Context, reads func(pgx.Tx) error) error {
	err := p.snapshot(ctx, reads)
	if err != nil && apierr.ConnectionLost(err) && ctx.Err() == nil {
		err = p.snapshot(ctx, reads)
	}
	return err
}

func (p *Pool) snapshot(ctx context.Context, reads func(pgx.Tx) error) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, reads)
}
