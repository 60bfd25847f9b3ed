package tabular_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-crm/rapport/internal/tabular"
)

// read returns what a file has: a line for each record, wrong ones with what is wrong,
// and the error that ended it.
func read(r io.Reader, o tabular.Options) (out []string, err error) {
	t, err := tabular.Open(r, o)
	if err != nil {
		return nil, err
	}
	for {
		record, err := t.Next()
		var bad *tabular.RowError
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case errors.As(err, &bad):
			out = append(out, fmt.Sprintf("%d! %s %q", bad.Line, bad.Reason, bad.Cells))
		case err != nil:
			return out, err
		default:
			out = append(out, fmt.Sprintf("%d: %q", record.Line, record.Cells))
		}
	}
}

func TestRecords(t *testing.T) {
	for name, test := range map[string]struct {
		file, content string
		want          []string
	}{
		"plain":           {"f.csv", "a,b\n1,2\n3,4", []string{`2: ["1" "2"]`, `3: ["3" "4"]`}},
		"byte order mark": {"f.csv", "\xEF\xBB\xBFa,b\n1,2\n", []string{`2: ["1" "2"]`}},
		"CR LF":           {"f.csv", "a,b\r\n1,2\r\n\r\n3,4\r\n", []string{`2: ["1" "2"]`, `4: ["3" "4"]`}},
		"quoted": {
			"f.csv", "a,b\n\"x\r\ny\n\",\"say \"\"hi\"\", you\"\n5,\"6\"\n",
			[]string{`2: ["x\r\ny\n" "say \"hi\", you"]`, `5: ["5" "6"]`},
		},
		"empty cells": {"f.csv", "a,b\n,\n\"\",\n", []string{`2: ["" ""]`, `3: ["" ""]`}},
		"ragged": {
			"f.csv", "a,b\n1\n1,2,3\n4,5\n",
			[]string{`2! has 1 cells, the header has 2 ["1"]`, `3! has 3 cells, the header has 2 ["1" "2" "3"]`, `4: ["4" "5"]`},
		},
		"quote inside": {
			"f.csv", "a,b\n1,é5\" pipe\n4,5\n",
			[]string{
				`2! column 5: a quote inside a cell that does not begin with one; quote the cell and write the quote twice ["1,é5\" pipe"]`,
				`3: ["4" "5"]`,
			},
		},
		"text after a quote": {
			"f.csv", "a,b\n\"1\n\"x,2\n4,5\n",
			[]string{`2! text after the quote that closes a cell; a quote inside a cell is written twice ["\"1\n\"x,2"]`, `4: ["4" "5"]`},
		},
		"tabs":             {"f.tsv", "a\tb\n5\" pipe\t\"x\ty\"\n", []string{`2: ["5\" pipe" "x\ty"]`}},
		"tabs by the look": {"-", "a\tb\n1,5\t2\n", []string{`2: ["1,5" "2"]`}},
		"a rejects file": {
			"f.csv", "rejected_line,rejected_column,rejected_value,rejected_reason,a,b\n7,a,x,bad,'=1,2\n8,,,,1\n",
			[]string{`2: ["=1" "2"]`, `3! has 5 cells, the header has 6 ["1"]`},
		},
	} {
		got, err := read(strings.NewReader(test.content), tabular.Options{Name: test.file})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEnds(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprint(z, "a,b\n", strings.Repeat("1,2\n", 100_000))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		options       tabular.Options
		content, want string
	}{
		"nothing":         {tabular.Options{Name: "f.csv"}, "", "the file is empty; its first line must name the columns"},
		"the same twice":  {tabular.Options{Name: "f.csv"}, "a,b,a\n", `line 1: columns 1 and 3 are both named "a"`},
		"not UTF-8":       {tabular.Options{Name: "f.csv"}, "a,b\n1,2\n3,ü\xfc\n", "line 3, column 4: the byte 0xFC is not UTF-8; say what the file is with an encoding such as windows-1252"},
		"UTF-16":          {tabular.Options{Name: "f.csv"}, "\xff\xfea\x00", "line 1, column 1: the file is UTF-16, not UTF-8; say so with the encoding utf-16le"},
		"no such coding":  {tabular.Options{Name: "f.csv", Encoding: "klingon"}, "a\n", `the encoding "klingon" is not known`},
		"another coding":  {tabular.Options{Name: "f.csv", Encoding: "gbk"}, "a,b\n\xff\xff,1\n", "line 2, column 1: this is not gbk"},
		"an open quote":   {tabular.Options{Name: "f.csv"}, "a,b\n1,2\n3,\"4\n5,6\n", "line 3, column 3: the quote that opens here is not closed"},
		"much in a quote": {tabular.Options{Name: "f.csv"}, "a,b\n\"" + strings.Repeat("1,2\n", 2<<20), "line 2, column 1: the quote that opens here is not closed"},
		"no lines":        {tabular.Options{Name: "f.csv"}, "a,b\n" + strings.Repeat("x", 5<<20), "line 2 is longer than 4194304 bytes"},
		"gzip by name":    {tabular.Options{Name: "f.csv.gz"}, "a,b\n", "the name ends in .gz, but the content is not gzip"},
		"half a gzip":     {tabular.Options{Name: "f.csv.gz"}, zipped.String()[:zipped.Len()-10], "unexpected EOF"},
	} {
		_, err := read(strings.NewReader(test.content), test.options)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
	got, err := read(&zipped, tabular.Options{Name: "-"})
	if err != nil || len(got) != 100_000 {
		t.Errorf("a gzip file without a name has %d records, %v", len(got), err)
	}
}

func TestEncodings(t *testing.T) {
	for encoding, content := range map[string]string{
		"windows-1252": "a,b\nM\xfcller,\x80\n",
		"utf-16le":     "\xff\xfea\x00,\x00b\x00\n\x00M\x00\xfc\x00l\x00l\x00e\x00r\x00,\x00\xac\x20\n\x00",
		"utf-8":        "a,b\nMüller,€\n",
	} {
		got, err := read(strings.NewReader(content), tabular.Options{Name: "f.csv", Encoding: encoding})
		if diff := cmp.Diff([]string{`2: ["Müller" "€"]`}, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", encoding, err, diff)
		}
	}
}

// TestRejectsAreReadAsTheyAreWritten: a file of rejects is CSV in UTF-8 whatever the file
// was like that its rows came from, and whatever a spreadsheet makes of its delimiter.
func TestRejectsAreReadAsTheyAreWritten(t *testing.T) {
	const rejects = "rejected_line,rejected_column,rejected_value,rejected_reason,'=a,b\n2,b,x,bad,Müller,'=1\n"
	for name, content := range map[string]string{
		"as written":   rejects,
		"semicolons":   "\xEF\xBB\xBF" + strings.ReplaceAll(rejects, ",", ";"),
		"tabs":         strings.ReplaceAll(rejects, ",", "\t"),
		"quoted cells": `"` + strings.NewReplacer(",", `","`, "\n2", "\"\n\"2", "'=1\n", "'=1\"\n").Replace(rejects),
	} {
		table, err := tabular.Open(strings.NewReader(content), tabular.Options{
			Name: "rejects.tsv", Format: tabular.NDJSON, Encoding: "windows-1252", Delimiter: '|',
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		record, err := table.Next()
		if !slices.Equal(table.Header, []string{"=a", "b"}) || !slices.Equal(record.Cells, []string{"Müller", "=1"}) || err != nil {
			t.Errorf("%s: header %q, cells %q, %v", name, table.Header, record.Cells, err)
		}
	}
}

// TestObjects: fields inside objects are columns, numbers keep their digits, and a line
// that is no object is told alone.
func TestObjects(t *testing.T) {
	content := "{\"a\":\"x\",\"n\":1.50,\"in\":{\"c\":true,\"list\":[1, 2]}}\n\nnonsense\n[1]\n{\"a\":null}\n"
	table, err := tabular.Open(strings.NewReader(content), tabular.Options{Name: "-"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "n", "in.c", "in.list", "in", "missing"} {
		if _, ok := table.Column(name); !ok {
			t.Errorf("no column %s", name)
		}
	}
	first, err := table.Next()
	want := []string{"x", "1.50", "true", "[1, 2]", `{"c":true,"list":[1, 2]}`, ""}
	if diff := cmp.Diff(want, first.Cells); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for _, line := range []int64{3, 4} {
		var bad *tabular.RowError
		if _, err := table.Next(); !errors.As(err, &bad) || bad.Line != line {
			t.Errorf("got %v, want line %d told", err, line)
		}
	}
	if last, err := table.Next(); err != nil || last.Line != 5 || last.Cells[0] != "" {
		t.Errorf("the last record is %+v, %v", last, err)
	}
}

// FuzzCSV holds the reader against encoding/csv: where that reads a file to its end,
// ours reads the same cells on the same lines.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "a,\"b\nc\"\n\n1,\"\"\"\"\n", "a\r\n\"x\r\ny\"\r\n", "a,b\n\"1\n\"x,2\n4,5\n", "\"\n\"\"\"\r"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		got, err := read(strings.NewReader("h,i\n"+content), tabular.Options{Name: "f.csv"})
		theirs := csv.NewReader(strings.NewReader("h,i\n" + content))
		theirs.FieldsPerRecord = -1
		var want []string
		for {
			cells, theirErr := theirs.Read()
			if errors.Is(theirErr, io.EOF) {
				break
			}
			if theirErr != nil {
				return // they end here, ours tells the row
			}
			line, _ := theirs.FieldPos(0)
			switch {
			case line == 1:
			case len(cells) != 2:
				want = append(want, fmt.Sprintf("%d! has %d cells, the header has 2 %q", line, len(cells), cells))
			default:
				want = append(want, fmt.Sprintf("%d: %q", line, cells))
			}
		}
		if err != nil {
			if strings.Contains(err.Error(), "UTF-8") {
				return // they do not look
			}
			t.Fatalf("%q: %v", content, err)
		}
		// They turn a line's end inside a quote to LF.
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], `\r\n`, `\n`)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q:\ngot  %v\nwant %v", content, got, want)
		}
	})
}
