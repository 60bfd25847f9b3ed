package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rapport-crm/rapport/internal/apitest"
)

// The commands of the README must work as printed, one after the other, as a newcomer
// runs them. Those of grpcurl are run where it is installed.
func TestTheCommandsOfTheReadmeWork(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	s := apitest.Start(t)
	rapport := filepath.Join(t.TempDir(), "rapport")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", rapport, "../../cmd/rapport")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Setenv("RAPPORT_ADDR", s.Server.GRPCAddr())
	here := strings.NewReplacer("127.0.0.1:8080", s.Server.HTTPAddr(), "127.0.0.1:9090", s.Server.GRPCAddr(), "bin/rapport", rapport)
	ran := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		for _, command := range commands(block[1]) {
			command = here.Replace(command)
			program, _, _ := strings.Cut(command, " ")
			if _, err := exec.LookPath(program); err != nil {
				continue
			}
			out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
			want := "customers/"
			switch {
			case program == rapport:
				want = "1000 created"
			case strings.Contains(command, ".svg"):
				want = "</svg>"
			case strings.Contains(command, "/v1/reports/"):
				want = `"asOfTime"`
			}
			if err != nil || strings.Contains(string(out), `"@type"`) || !strings.Contains(string(out), want) {
				t.Errorf("%s\n%v\n%s", command, err, out)
			}
			ran++
		}
	}
	if ran < 7 {
		t.Errorf("%d commands ran, want at least the six of curl and the demo", ran)
	}
}

// commands returns the calls in a block, each of which begins at the start of a line.
func commands(block string) (calls []string) {
	for line := range strings.Lines(block) {
		switch {
		case strings.HasPrefix(line, "curl "), strings.HasPrefix(line, "bin/rapport "), strings.HasPrefix(line, "grpcurl "):
			calls = append(calls, line)
		case len(calls) > 0:
			calls[len(calls)-1] += line
		}
	}
	return calls
}
