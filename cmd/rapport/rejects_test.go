package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-crm/rapport/internal/apitest"
)

const peopleMapping = `
external_id: {source: shop, column: Id}
customer:
  type: INDIVIDUAL
  display_name: "{Name}"
  emails: ["{Mail}"]
  attributes: {age: {column: Age, type: number}}
`

const people = "Id,Name,Mail,Age\n" +
	"1,Ada,ada@x.org,36\n" +
	"2,=Bob,not an address,40\n" +
	"3,Cid,,old\n" +
	"4,Dee\n" +
	"5,,fay@x.org,\n" +
	"6,\"Eve\nLine\",eve@x.org,\n"

// TestRejects: what is wrong is told with line and column, whoever found it; the file of
// rejects, once mended, is imported by the same mapping.
func TestRejects(t *testing.T) {
	s := apitest.Start(t)
	dir := t.TempDir()
	c := importFlags{
		File: written(t, "people.csv", people), Map: written(t, "people.yaml", peopleMapping), Rejects: filepath.Join(dir, "rejects.csv"),
	}
	shown, err := importInto(t, s, c)
	if !errors.Is(err, errRejected) || !strings.Contains(shown, "2 created, 0 updated, 0 unchanged, 4 rejected") {
		t.Fatalf("%v, %s", err, shown)
	}
	got := rowsOfAny(t, c.Rejects)
	reasons := map[string]bool{}
	for _, row := range got[1:] {
		reasons[row[0]+" "+row[1]+" "+row[2]] = row[3] != ""
	}
	want := map[string]bool{"3 Mail not an address": true, "4 Age old": true, "5  ": true, "6 Name ": true}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("line, column and value of the rejects (-want +got):\n%s%q", diff, got)
	}
	if header := strings.Join(got[0], ","); header != "rejected_line,rejected_column,rejected_value,rejected_reason,Id,Name,Mail,Age" {
		t.Errorf("the header is %s", header)
	}
	raw, err := os.ReadFile(c.Rejects)
	if err != nil || !strings.Contains(string(raw), ",2,'=Bob,") {
		t.Errorf("a name that a spreadsheet would compute stands unguarded in\n%s%v", raw, err)
	}

	same := c
	same.File = c.Rejects
	if _, err := importInto(t, s, same); err == nil || errors.Is(err, errRejected) {
		t.Errorf("an import that writes its rejects over its input: %v", err)
	}
	mended := strings.NewReplacer(
		"not an address,40", "bob@x.org,40", ",Cid,,old", ",Cid,,50", ",4,Dee", ",4,Dee,,", ",5,,fay", ",5,Fay,fay",
	).Replace(string(raw))
	again := c
	again.File = written(t, "mended.csv", mended)
	wantImport(t, s, again, "4 created, 0 updated, 0 unchanged, 0 rejected")
	if _, err := os.Stat(c.Rejects); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an import without rejects leaves a file of them: %v", err)
	}
	names := map[string]string{}
	for _, customer := range list(t, s, "") {
		names[customer.GetExternalIds()["shop"]] = customer.GetDisplayName()
	}
	if diff := cmp.Diff(map[string]string{"1": "Ada", "2": "=Bob", "3": "Cid", "4": "Dee", "5": "Fay", "6": "Eve\nLine"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// TestRejectsOfAnotherEncoding: the rejects of a file that is not UTF-8 and has no commas
// come back whole with the mapping that says so, and under any name.
func TestRejectsOfAnotherEncoding(t *testing.T) {
	s := apitest.Start(t)
	c := importFlags{
		File:    written(t, "people.csv", "Id;Name;Mail;Age\n1;M\xfcller;none;\n"),
		Map:     written(t, "people.yaml", "encoding: windows-1252\ndelimiter: ;\n"+peopleMapping),
		Rejects: filepath.Join(t.TempDir(), "rejects.tsv"),
	}
	if shown, err := importInto(t, s, c); !errors.Is(err, errRejected) {
		t.Fatalf("%v, %s", err, shown)
	}
	raw, err := os.ReadFile(c.Rejects)
	if err != nil {
		t.Fatal(err)
	}
	mended := strings.Replace(string(raw), ",none,\n", ",m@x.org,\n", 1)
	wantImport(t, s, importFlags{File: written(t, "mended.tsv", mended), Map: c.Map}, "1 created, 0 updated, 0 unchanged, 0 rejected")
	if all := list(t, s, ""); len(all) != 1 || all[0].GetDisplayName() != "Müller" || all[0].GetEmails()[0].GetAddress() != "m@x.org" {
		t.Errorf("the mended row became %v", all)
	}
}

// TestRejectsThatCannotBeWritten: an import that lost rejected rows does not end as one
// that told of them, what is no file is not taken away, and the input is not written over.
func TestRejectsThatCannotBeWritten(t *testing.T) {
	s := apitest.Start(t)
	c := importFlags{File: written(t, "people.csv", people), Map: written(t, "people.yaml", peopleMapping), Rejects: "/dev/full"}
	if _, err := os.Stat(c.Rejects); err == nil {
		if _, err := importInto(t, s, c); err == nil || errors.Is(err, errRejected) {
			t.Errorf("a full disk: %v", err)
		}
	}
	c.Rejects = "rejects.csv.gz"
	if _, err := importInto(t, s, c); err == nil || !strings.Contains(err.Error(), "compressed") {
		t.Errorf("a name that promises gzip: %v", err)
	}
	c.Rejects = filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(os.DevNull, c.Rejects); err != nil {
		t.Fatal(err)
	}
	none := c
	none.File = written(t, "none.csv", "Id,Name,Mail,Age\n")
	if _, err := importInto(t, s, none); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(c.Rejects); err != nil {
		t.Errorf("a device was taken away: %v", err)
	}

	redirected, err := os.Open(c.File)
	if err != nil {
		t.Fatal(err)
	}
	defer redirected.Close() //nolint:errcheck // nothing was written
	c.Rejects, c.File = c.File, "-"
	c.Addr = s.Server.GRPCAddr()
	err = c.load(t.Context(), stdio{in: redirected, screen: &screen{w: io.Discard}}, &importing{})
	if raw, readErr := os.ReadFile(c.Rejects); err == nil || readErr != nil || string(raw) != people {
		t.Errorf("an import of the standard input wrote its rejects over it: %v, %v", err, readErr)
	}
}

// TestRejectsOnScreen: without a file the first of them are shown, and nothing in them
// reaches the terminal as it is.
func TestRejectsOnScreen(t *testing.T) {
	s := apitest.Start(t)
	content := "Id,Name,Mail,Age\n1,A,\"\x1b[2Jx\",\n" + strings.Repeat("2,B,,old\n", 20)
	shown, err := importInto(t, s, importFlags{
		File: "-", Map: written(t, "people.yaml", peopleMapping),
	}, content)
	if !errors.Is(err, errRejected) || !strings.Contains(shown, "line 3, Age \"old\": is not a number\n") ||
		!strings.Contains(shown, "--rejects FILE") || !strings.Contains(shown, "0 created, 0 updated, 0 unchanged, 21 rejected") {
		t.Errorf("%v:\n%s", err, shown)
	}
	if strings.Contains(shown, "\x1b") || strings.Count(shown, "\n") != maxShown+2 {
		t.Errorf("shown:\n%q", shown)
	}
}

func TestPrintable(t *testing.T) {
	if got, want := printable("\x1b[2J is \"Zoë's\"\n王\u202e"), `\x1b[2J is "Zoë's"\n王\u202e`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRejectedObjects: rejected lines of NDJSON are mended in a cell of their own.
func TestRejectedObjects(t *testing.T) {
	s := apitest.Start(t)
	c := importFlags{
		File: written(t, "people.ndjson", `{"Id":1,"Name":"Ada"}`+"\n"+`{"Id":2}`+"\n"+"{no\n"),
		Map:  written(t, "people.yaml", peopleMapping), Rejects: filepath.Join(t.TempDir(), "rejects.csv"),
	}
	if shown, err := importInto(t, s, c); !errors.Is(err, errRejected) || !strings.Contains(shown, "1 created, 0 updated, 0 unchanged, 2 rejected") {
		t.Fatalf("%v, %s", err, shown)
	}
	raw, err := os.ReadFile(c.Rejects)
	if err != nil {
		t.Fatal(err)
	}
	mended := strings.NewReplacer(`{""Id"":2}`, `{""Id"":2,""Name"":""Bob""}`, "{no", `"{""Id"":3,""Name"":""Cid""}"`).Replace(string(raw))
	wantImport(t, s, importFlags{File: written(t, "mended.csv", mended), Map: c.Map}, "2 created, 0 updated, 0 unchanged, 0 rejected")
}

// TestClearEmpty: an empty cell leaves the field as it is, or clears it where that is
// asked for.
func TestClearEmpty(t *testing.T) {
	s := apitest.Start(t)
	mapping := written(t, "people.yaml", peopleMapping)
	full := importFlags{File: "-", Map: mapping}
	wantImport(t, s, full, "1 created", "Id,Name,Mail,Age\n1,Ada,ada@x.org,36\n")
	const empty = "Id,Name,Mail,Age\n1,Ada,,\n"
	wantImport(t, s, full, "0 updated, 1 unchanged", empty)
	wantImportAs(t, s, &importing{clearEmpty: true}, full, "1 updated", empty)
	if c := list(t, s, "")[0]; len(c.GetEmails())+len(c.GetAttributes()) != 0 || c.GetExternalIds()["shop"] != "1" {
		t.Errorf("what is left: %v", c)
	}
}

// TestBrokenFile: the rows before the fault are loaded, the fault is told with its
// place, and the mended file continues.
func TestBrokenFile(t *testing.T) {
	s := apitest.Start(t)
	c := importFlags{File: written(t, "people.csv", "Id,Name,Mail,Age\n1,Ada,,\n2,Zo\xeb,,\n"), Map: written(t, "people.yaml", peopleMapping)}
	shown, err := importInto(t, s, c)
	if err == nil || errors.Is(err, errRejected) || !strings.Contains(err.Error(), "line 3, column 5: the byte 0xEB is not UTF-8") || !strings.Contains(shown, "1 created") {
		t.Errorf("%v, %s", err, shown)
	}
	c.Map = written(t, "latin.yaml", "encoding: windows-1252\n"+peopleMapping)
	wantImport(t, s, c, "1 created, 0 updated, 1 unchanged")
}
