package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/rapport-crm/rapport/internal/linktoken"
)

type surveyKeysCommand struct {
	Rotate rotateSurveyKeysCommand `cmd:"" help:"Add a key by which the links of surveys are signed from now on. Links that were sent stay good."`
}

type rotateSurveyKeysCommand struct {
	File        string `name:"survey-keys-file" env:"RAPPORT_SURVEY_KEYS_FILE" type:"path" help:"File of the keyset, which is made where there is none. Empty: the keyset is in the database."`
	DatabaseURL string `name:"database-url" env:"RAPPORT_DATABASE_URL" help:"PostgreSQL that keeps the keyset, where no file does."`
	Revoke      bool   `name:"revoke" help:"Take the older keys out: no link that was sent before can be answered any more."`
}

// Run implements the subcommand. Running services take the new key within a minute.
func (c *rotateSurveyKeysCommand) Run(ctx context.Context) error {
	switch {
	case c.File != "":
		return c.rotateFile()
	case c.DatabaseURL == "":
		return errors.New("--survey-keys-file or --database-url must say where the keyset is")
	}
	conn, err := pgx.Connect(ctx, c.DatabaseURL)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // what was done is committed
	return linktoken.RotateTable(ctx, conn, c.Revoke)
}

// rotateFile replaces the file as a whole: a service that reads it meanwhile finds the old one or
// the new one.
func (c *rotateSurveyKeysCommand) rotateFile() error {
	current, err := os.ReadFile(c.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	rotated, err := linktoken.Rotate(string(current), c.Revoke)
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(c.File), ".survey-keys-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = next.WriteString(rotated)
	if err := errors.Join(err, next.Sync(), next.Close()); err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return os.Rename(next.Name(), c.File)
}
