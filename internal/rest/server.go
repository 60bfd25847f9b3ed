package rest

import (
	"log/slog"
	"net/http"
	"time"
)

// NewServer returns the HTTP server of the public port. Its limits hold against clients
// that send slowly or keep idle connections; WriteTimeout stays unset, since the handler
// sets it for each answer.
//
// net/http answers some requests before any handler: a malformed request line or header
// (400), headers beyond MaxHeaderBytes (431), an unknown transfer encoding (501). Those
// are plain text, and nothing here can change that.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
