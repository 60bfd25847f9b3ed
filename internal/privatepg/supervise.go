package privatepg

import (
	"context"
	"time"
)

const (
	logCheckEvery = time.Minute
	// A server that lived this long did not die of how it was started.
	healthyAfter   = 10 * time.Second
	firstPause     = 100 * time.Millisecond
	longestPause   = 2 * time.Second
	restartTimeout = 10 * time.Minute // recovery of a large cluster takes minutes
)

// supervise keeps the server running until Stop: a postmaster that dies, by the
// kernel's out-of-memory killer or an operator's kill -9, is started again.
func (s *Server) supervise(ctx context.Context, p *process) {
	defer close(s.done)
	defer s.release()
	var pause time.Duration
	for {
		ready := time.Now()
		if !s.watch(ctx, p) {
			s.stopErr = p.shutdown(s.hurry)
			s.pid.Store(0)
			return
		}
		s.pid.Store(0)
		s.log.ErrorContext(ctx, "private PostgreSQL died, starting it again", "error", p.err, "log_file", s.LogFile())
		if time.Since(ready) > healthyAfter {
			pause = 0
		}
		if p, pause = s.restart(ctx, pause); p == nil {
			return
		}
		s.log.InfoContext(ctx, "private PostgreSQL is back", "pid", p.Pid)
	}
}

// watch returns true when the postmaster has died, false when it is to be stopped.
func (s *Server) watch(ctx context.Context, p *process) bool {
	tick := time.NewTicker(logCheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-p.done:
			// Both may have happened: a Stop right after the death needs no restart,
			// and shutdown of an ended process returns at once.
			return ctx.Err() == nil
		case <-tick.C:
			if err := boundLog(s.LogFile()); err != nil {
				s.log.WarnContext(ctx, "private PostgreSQL: cannot bound the log", "error", err)
			}
		}
	}
}

// restart starts the server until it runs, at first at once and then with growing
// pauses. It returns the pause for the next death, and no process after Stop.
func (s *Server) restart(ctx context.Context, pause time.Duration) (*process, time.Duration) {
	for {
		wait(ctx, pause)
		pause = min(max(2*pause, firstPause), longestPause)
		p, err := s.relaunch(ctx)
		if ctx.Err() != nil && p == nil {
			return nil, 0
		}
		if err == nil {
			return p, pause
		}
		s.log.ErrorContext(ctx, "private PostgreSQL does not start", "error", err, "retry_in", pause)
	}
}

func (s *Server) relaunch(ctx context.Context) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, restartTimeout)
	defer cancel()
	if err := s.endEarlier(ctx, s.dataDir()); err != nil {
		return nil, err
	}
	return s.launch(ctx)
}
