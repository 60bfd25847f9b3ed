package server_test

import (
	"os"
	"os/exec"
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
	addresses := strings.NewReplacer("127.0.0.1:8080", s.Server.HTTPAddr(), "127.0.0.1:9090", s.Server.GRPCAddr())
	ran := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		for _, command := range commands(block[1]) {
			program, _, _ := strings.Cut(command, " ")
			if _, err := exec.LookPath(program); err != nil {
				continue
			}
			out, err := exec.CommandContext(t.Context(), "sh", "-c", addresses.Replace(command)).CombinedOutput()
			if err != nil || strings.Contains(string(out), `"reason"`) || !strings.Contains(string(out), "customers/") {
				t.Errorf("%s\n%v\n%s", command, err, out)
			}
			ran++
		}
	}
	if ran < 3 {
		t.Errorf("%d commands ran, want at least the three of curl", ran)
	}
}

// commands returns the calls in a block, each of which begins at the start of a line.
func commands(block string) (calls []string) {
	for line := range strings.Lines(block) {
		switch {
		case strings.HasPrefix(line, "curl "), strings.HasPrefix(line, "grpcurl "):
			calls = append(calls, line)
		case len(calls) > 0:
			calls[len(calls)-1] += line
		}
	}
	return calls
}
