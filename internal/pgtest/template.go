package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/db"
)

// ensureTemplate makes the template database for the current migrations unless it is
// there, and returns its name. Processes that need it at the same time take turns,
// and it gets its name only when it is complete.
func ensureTemplate(ctx context.Context, base string) (string, error) {
	name, err := templateName()
	if err != nil {
		return "", err
	}
	return name, onServer(ctx, base, func(conn *pgx.Conn) error {
		// The lock ends with the connection, however this process ends.
		if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext('rapport pgtest template'))`); err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		var exists bool
		if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&exists); err != nil {
			return fmt.Errorf("look up: %w", err)
		}
		if exists {
			return nil
		}
		return makeTemplate(ctx, base, conn, name)
	})
}

func makeTemplate(ctx context.Context, base string, conn *pgx.Conn, name string) error {
	draft := name + "_draft"
	if _, err := conn.Exec(ctx, `DROP DATABASE IF EXISTS `+draft+` WITH (FORCE)`); err != nil {
		return fmt.Errorf("drop an unfinished one: %w", err)
	}
	if err := createDatabase(ctx, conn, draft, "template0"); err != nil {
		return err
	}
	if err := db.Migrate(ctx, withDatabase(base, draft)); err != nil {
		return err
	}
	// A database someone is connected to cannot be cloned.
	for _, sql := range []string{
		`ALTER DATABASE ` + draft + ` ALLOW_CONNECTIONS false`,
		`ALTER DATABASE ` + draft + ` RENAME TO ` + name,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// templateName hashes the names and contents of all migrations.
func templateName() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(db.Migrations, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(db.Migrations, path)
		_, _ = fmt.Fprintf(hash, "%s %d\n%s", path, len(b), b) // never fails
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read migrations: %w", err)
	}
	return "rapport_template_" + hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// createDatabase creates a database as the private server's are: UTF-8, sorted by
// bytes.
func createDatabase(ctx context.Context, conn *pgx.Conn, name, from string) error {
	sql := `CREATE DATABASE ` + name + ` TEMPLATE ` + from + ` ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`
	// Copying files is the faster way in memory and the slower one on a disk.
	// Version 14 knows no other.
	if strings.HasPrefix(conn.Config().Host, memoryDir+"/") && conn.PgConn().ParameterStatus("server_version") >= "15" {
		sql += ` STRATEGY FILE_COPY`
	}
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("create database from %s: %w", from, err)
	}
	return nil
}
