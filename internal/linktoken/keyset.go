package linktoken

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"

	"github.com/rapport-crm/rapport/internal/db"
)

// name is that of the keyset in its table.
const name = "invitations"

// File is a keyset in a file.
func File(path string) Source {
	return func(context.Context) (string, error) {
		read, err := os.ReadFile(path) //nolint:gosec // the operator says which
		return string(read), err
	}
}

const getSQL = `-- name: GetSurveyKeyset
SELECT keyset FROM survey_keyset WHERE name = $1`

// Of several processes that find none the first one's stays.
const insertSQL = `-- name: CreateSurveyKeyset
INSERT INTO survey_keyset (name, keyset, update_time) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`

// Table is the keyset that the database keeps, which all processes share. The first one that
// needs it makes it.
func Table(pool *db.Pool) Source {
	return func(ctx context.Context) (found string, err error) {
		err = pool.QueryRow(ctx, getSQL, name).Scan(&found)
		if !errors.Is(err, pgx.ErrNoRows) {
			return found, err
		}
		made, err := Rotate("", false)
		if err != nil {
			return "", err
		}
		if _, err := pool.Exec(ctx, insertSQL, name, made, time.Now()); err != nil {
			return "", err
		}
		return found, pool.QueryRow(ctx, getSQL, name).Scan(&found)
	}
}

// Rotate returns the keyset with a new key, by which tokens are signed from then on. The older ones
// still verify, unless they are revoked. An empty keyset is one without keys.
func Rotate(text string, revoke bool) (string, error) {
	m := keyset.NewManager()
	var old []uint32
	if text != "" {
		handle, err := decode(text)
		if err != nil {
			return "", err
		}
		m = keyset.NewManagerFromHandle(handle)
		for _, key := range handle.KeysetInfo().GetKeyInfo() {
			old = append(old, key.GetKeyId())
		}
	}
	id, err := m.Add(mac.HMACSHA256Tag128KeyTemplate())
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return "", fmt.Errorf("make a key the primary one: %w", err)
	}
	for _, id := range old {
		if !revoke {
			break
		}
		if err := m.Delete(id); err != nil {
			return "", fmt.Errorf("revoke a key: %w", err)
		}
	}
	handle, err := m.Handle()
	if err != nil {
		return "", fmt.Errorf("make a keyset: %w", err)
	}
	var out strings.Builder
	err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out))
	return out.String(), err
}

// decode reads a keyset. It is not encrypted: whoever can read where it is kept can read whom the
// tokens are for, too.
func decode(text string) (*keyset.Handle, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("keyset of tokens: %w", err)
	}
	return handle, nil
}

// lockSQL keeps out who else rotates.
const lockSQL = `-- name: LockSurveyKeyset
SELECT keyset FROM survey_keyset WHERE name = $1 FOR UPDATE`

const updateSQL = `-- name: UpdateSurveyKeyset
UPDATE survey_keyset SET keyset = $2, update_time = $3 WHERE name = $1`

// RotateTable is Rotate of the keyset that the database keeps.
func RotateTable(ctx context.Context, conn *pgx.Conn, revoke bool) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		first, err := Rotate("", false)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, insertSQL, name, first, time.Now())
		if err != nil || tag.RowsAffected() > 0 {
			return err // the first key of all
		}
		var current string
		if err := tx.QueryRow(ctx, lockSQL, name).Scan(&current); err != nil {
			return err
		}
		rotated, err := Rotate(current, revoke)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, updateSQL, name, rotated, time.Now())
		return err
	})
}
