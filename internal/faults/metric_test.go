package faults_test

import (
	"slices"
	"strconv"
	"strings"
)

// metric is the sum over all series of a name in what /metrics serves, or over those
// with all of the labels.
func metric(page, name string, labels ...string) (sum float64) {
	for line := range strings.Lines(page) {
		rest, found := strings.CutPrefix(line, name)
		if !found || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		if slices.ContainsFunc(labels, func(label string) bool { return !strings.Contains(rest, label) }) {
			continue
		}
		fields := strings.Fields(rest)
		if v, err := strconv.ParseFloat(fields[len(fields)-1], 64); err == nil {
			sum += v
		}
	}
	return sum
}
