package apierr

import (
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// connectionFailed reports whether err is a broken or refused connection: the driver
// passes on what the network says, in many types.
func connectionFailed(err error) bool {
	var (
		opErr      *net.OpError
		connectErr *pgconn.ConnectError
	)
	return errors.As(err, &opErr) || errors.As(err, &connectErr) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || pgconn.SafeToRetry(err)
}

// ConnectionLost reports whether err says that the connection broke or the server is
// going away, so that the same work may succeed on another connection.
func ConnectionLost(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		switch pgErr.Code {
		case "57P01", "57P02", "57P03", "25006":
			return true
		}
		return len(pgErr.Code) == 5 && pgErr.Code[:2] == "08"
	}
	return !isStatus(err) && connectionFailed(err)
}
