package privatepg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// logLimit bounds the server's log, in bytes; the file before it is kept as well.
const logLimit = 8 << 20

// openLog opens the log for appending, so that a child's writes land at the end also
// after boundLog has cut it. We open it and the child inherits it: unlike a pipe it
// still takes what the server says after our death.
func openLog(path string) (*os.File, error) {
	if err := boundLog(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	return f, nil
}

// boundLog moves the log's content to path.1 when it has outgrown logLimit. It copies,
// because the server keeps the file open.
func boundLog(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() <= logLimit {
		return nil // no log yet is a short log
	}
	from, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(path+".1", os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	// A log that grew by more than its limit since the last look keeps its end.
	_, err = from.Seek(max(0, info.Size()-logLimit), io.SeekStart)
	if err == nil {
		_, err = io.Copy(to, from)
	}
	if err := errors.Join(err, to.Close(), os.Truncate(path, 0)); err != nil {
		return fmt.Errorf("private PostgreSQL: bound the log: %w", err)
	}
	return nil
}

// logTail returns the last lines the server wrote since the given offset, for an
// error message.
func logTail(path string, start int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	b, _ := io.ReadAll(io.NewSectionReader(f, start, 64<<10))
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-6):], []byte("; ")))
}
