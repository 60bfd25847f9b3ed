package tabular_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rapport-crm/rapport/internal/tabular"
)

// hostile are cells that break tools, with the naughty strings of the data sets where
// those are.
func hostile(t testing.TB) []string {
	cells := []string{
		"=cmd()", "'=x", "'", "''", "-5", "+49 30 1", "@SUM(A1)", "\ttab", "\rcr", "\nlf", "＝1", "a\nb", "a\r\nb", "\r\n",
		"王小明", "👩‍👩‍👧", " white ", "'t Hooft", `"quoted"`, "a,b", `\.`, "0049", "true",
	}
	text, err := os.ReadFile("../../../shared/data/bad_input/blns.json")
	if errors.Is(err, os.ErrNotExist) {
		t.Log("the naughty strings are not beside this checkout")
		return cells
	}
	var more []string
	if err := errors.Join(err, json.Unmarshal(text, &more)); err != nil {
		t.Fatal(err)
	}
	return append(cells, more...)
}

// TestHostileRoundTrip: every cell comes back byte for byte, and none of those written
// is one that a spreadsheet computes.
func TestHostileRoundTrip(t *testing.T) {
	cells := hostile(t)
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	rows := [][]string{{"n", "cell"}}
	for _, cell := range cells {
		guarded := tabular.Guard(cell)
		if strings.ContainsAny(guarded[:min(1, len(guarded))], "=+-@\t\r\n") {
			t.Errorf("%q is written as %q", cell, guarded)
		}
		rows = append(rows, []string{"x", guarded})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	table, err := tabular.Open(&file, tabular.Options{Name: "f.csv"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for range cells {
		r, err := table.Next()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, tabular.Unguard(r.Cells[1]))
	}
	if !slices.Equal(got, cells) {
		t.Errorf("got %q\nwant %q", got, cells)
	}
	if kept := tabular.Unguard("'t Hooft"); kept != "'t Hooft" {
		t.Errorf("a name that was never guarded became %q", kept)
	}
}

func FuzzGuard(f *testing.F) {
	for _, seed := range hostile(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		if back := tabular.Unguard(tabular.Guard(cell)); back != cell {
			t.Errorf("%q came back as %q", cell, back)
		}
	})
}
