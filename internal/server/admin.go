package server

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"
)

// adminHandler serves what operators and their machines ask for. It has a port of its
// own: none of it may be reached from where the callers are.
func adminHandler(ready func() state, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	// Liveness is the process alone: a database that is away must not make an
	// orchestrator restart what could serve again in a moment.
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]bool{"live": true})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		s := ready()
		status := http.StatusOK
		if !s.Ready {
			status = http.StatusServiceUnavailable
		}
		answer(w, status, s)
	})
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A reader that has gone needs no answer.
	_ = json.NewEncoder(w).Encode(body)
}
