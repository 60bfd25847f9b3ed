package server

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/answerpage"
	"github.com/rapport-crm/rapport/internal/linktoken"
	"github.com/rapport-crm/rapport/internal/ratelimit"
)

// submitPath is the one route of REST that needs no credentials, and so must know its client.
const submitPath = "/v1/surveyResponses:submit"

// surveyLinks makes what links of surveys need. A file of keys that cannot be used is refused at
// once; the database may be away yet.
func (s *Server) surveyLinks(ctx context.Context) error {
	source := linktoken.Table(s.pool)
	if s.config.SurveyKeysFile != "" {
		source = linktoken.File(s.config.SurveyKeysFile)
	}
	s.tokens = linktoken.New(source, time.Now)
	if s.config.SurveyKeysFile != "" {
		if err := s.tokens.Check(ctx); err != nil {
			return err
		}
	}
	proxies, err := ratelimit.ParseProxies(s.config.TrustedProxies)
	if err != nil {
		return err
	}
	s.limiter, err = ratelimit.New(s.config.ResponseRate, ratelimit.Addresses{Proxies: proxies})
	return err
}

// publicURL is where customers reach the HTTP port: as the settings say or, for who tries it out
// on one machine, at its own address.
func (s *Server) publicURL() string {
	if s.config.PublicURL != "" {
		return s.config.PublicURL
	}
	addr := s.HTTPAddr()
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || !ip.IsLoopback() {
		return ""
	}
	return "http://" + addr
}

// withAnswerPage puts the page on which customers answer beside REST.
func (s *Server) withAnswerPage(api http.Handler, channel grpc.ClientConnInterface) http.Handler {
	page := &answerpage.Handler{
		Open: s.invitations.Open, Submit: rapportv1.NewSatisfactionServiceClient(channel), Log: s.log,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case strings.HasPrefix(path, answerpage.Prefix):
			page.ServeHTTP(w, r)
			return
		case path == submitPath:
			r = r.WithContext(ratelimit.WithRequest(r))
		}
		api.ServeHTTP(w, r)
	})
}
