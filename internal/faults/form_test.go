// Package faults_test breaks what the service stands on, while it is used, and checks
// what its callers were told against what the database then holds.
//
// A test fails where its fault did not happen. RAPPORT_FAULTS=long runs each at full
// length and asserts times too; the short form, part of every test run, only prints
// them, for a busy machine says nothing about time.
package faults_test

import (
	"os"
	"testing"
	"time"
)

// long says that the tests run at full length.
var long = os.Getenv("RAPPORT_FAULTS") == "long"

// pick returns what fits the length of this run.
func pick[V any](short, full V) V {
	if long {
		return full
	}
	return short
}

// begin lets short tests, which mostly wait, run beside each other. Long ones measure.
func begin(t *testing.T) {
	t.Helper()
	if !long {
		t.Parallel()
	}
}

// took prints how long something took, and at full length asserts the limit.
func took(t *testing.T, what string, d, limit time.Duration) {
	t.Helper()
	t.Logf("%s: %s (limit %s)", what, d.Round(time.Millisecond), limit)
	if long && d > limit {
		t.Errorf("%s took %s, want at most %s", what, d, limit)
	}
}
