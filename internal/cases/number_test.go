package cases

import (
	"strings"
	"testing"

	"github.com/rapport-crm/rapport/internal/db"
)

func TestNumbersHoldTheirLane(t *testing.T) {
	seen := map[string]bool{}
	for lane := range int16(db.Lanes) {
		for range 100 {
			n := newNumber(lane)
			if len(n) != 9 || n[4] != '-' || strings.ContainsAny(n, "ILOU") || seen[n] {
				t.Fatalf("a number: %s", n)
			}
			seen[n] = true
			for _, written := range []string{n, strings.ToLower(n), n[:4] + n[5:], strings.ReplaceAll(n, "0", "o"), strings.ReplaceAll(n, "1", "l"), strings.ReplaceAll(n, "1", "I")} {
				if got, l, ok := parseNumber(written); got != n || l != lane || !ok {
					t.Fatalf("%s, written %s, reads as %s of lane %d, %t", n, written, got, l, ok)
				}
			}
		}
	}
	for _, wrong := range []string{"", "7K3M", "7K3M9QXPP", "7K3M 9QXP", "7K3M-9QXU", "7K-3M9QXP", "----7K3M9QXP", "７K3M9QXP", "7K3M-9QX"} {
		if n, _, ok := parseNumber(wrong); ok {
			t.Errorf("%q reads as %s", wrong, n)
		}
	}
}
