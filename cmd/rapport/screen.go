package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/status"
)

// stdio is what a subcommand reads and writes, so that tests can be at its ends.
type stdio struct {
	in  io.Reader
	out io.Writer
	// screen is where a person reads how it goes.
	screen *screen
}

func osStdio() stdio {
	return stdio{in: os.Stdin, out: os.Stdout, screen: &screen{w: os.Stderr, live: terminal(os.Stderr)}}
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// screen is lines that stay and, on a terminal, one below them that changes.
type screen struct {
	mu sync.Mutex
	w  io.Writer
	// live is set on a terminal.
	live bool
	// shown is whether the changing line stands there now.
	shown bool
}

// print writes a line that stays.
func (s *screen) print(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	fmt.Fprintf(s.w, format+"\n", args...)
}

// retry tells of a stream that broke.
func (s *screen) retry(err error, number int, delay time.Duration) {
	s.print("%s; trying again in %s (%d)", status.Convert(err).Message(), delay.Round(time.Millisecond), number)
}

// show replaces the changing line. A terminal that is too narrow cuts it: a line that
// went on below could not be wiped.
func (s *screen) show(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	fmt.Fprint(s.w, "\x1b[?7l", line, "\x1b[?7h")
	s.shown = true
}

// clear takes the changing line away.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
}

func (s *screen) wipe() {
	if s.shown {
		fmt.Fprint(s.w, "\r\x1b[K")
		s.shown = false
	}
}
