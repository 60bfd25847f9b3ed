package mapping_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rapport-crm/rapport/internal/mapping"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(text))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestDocumentedMappings: what the documentation shows is what the command reads.
func TestDocumentedMappings(t *testing.T) {
	page, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) != 4 {
		t.Errorf("the page has %d mappings", len(blocks))
	}
	headers := []string{
		"Customer No,First,Last,E-mail,Phone,Mobile,Points\n",
		"Id;Company;First;Last;E-mail;More e-mails;Phone;Mobile;Country;PLZ;Ort;Straße;Zusatz;Shop no;Labels;Kosten;Erstkontakt;Segment;Umsatz;Newsletter;Letzte Bestellung;Stufe;Kontakt alle Tage;Geburtstag;Karte;Karte Stufe;Karte bis;Kontakt über;Kontaktsperre;Newsletter seit\n",
		"Customer ID\n",
		"Customer No,Order No,Ordered at,State\n",
	}
	for i, block := range blocks {
		if _, _, err := compile(string(block[1]), headers[i], map[string]string{
			"location.csv": "Customer ID,City\n", "status.csv.gz": zipped(t, "Customer,Quarter\n"),
			"lines.csv": "Order No,Sku,Pieces\n", "goods.csv": "Sku,Group\n", "payments.csv": "Order No,Sum\n",
		}); err != nil {
			t.Errorf("mapping %d: %v", i+1, err)
		}
	}
	examples, err := filepath.Glob("../../examples/import/*.yaml")
	if err != nil || len(examples) != 15 {
		t.Errorf("examples: %v, %v", examples, err)
	}
	for _, path := range examples {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mapping.Parse(path, text); err != nil {
			t.Error(err)
		}
	}
}
