package demo_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/demo"
)

// asSent is what a fill sends of a customer.
func asSent(t testing.TB, p *demo.Persona) string {
	t.Helper()
	var b bytes.Buffer
	deterministic := proto.MarshalOptions{Deterministic: true}
	for _, m := range slices.Concat([]proto.Message{p.Customer()}, contacts(p), histories(p)) {
		encoded, err := deterministic.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%d:%s", len(encoded), encoded)
	}
	return b.String()
}

// made are the first customers of the default company with their contacts, made up once for
// all that looks at them: under the race detector each takes milliseconds.
var made = sync.OnceValue(func() (out []madeUp) {
	for n := range 1500 {
		p := demo.Company{Seed: 1}.Persona(n + 1)
		out = append(out, madeUp{p.Customer(), p.Contacts()})
	}
	return out
})

type madeUp struct {
	customer *rapportv1.Customer
	contacts []*rapportv1.Contact
}

func contacts(p *demo.Persona) (out []proto.Message) {
	for _, c := range p.Contacts() {
		out = append(out, c)
	}
	return out
}

func histories(p *demo.Persona) (out []proto.Message) {
	for _, r := range slices.Concat(p.Cases(), p.Interactions(), p.Purchases(), p.Tasks(), p.Scores()) {
		out = append(out, r.Create)
	}
	return out
}

// Who fills twice, with two releases, must not get two companies. The hash moves when
// the lists do, or libphonenumber's examples: say so in the release notes.
func TestTheSameSeedMakesTheSameCompany(t *testing.T) {
	const want = "eaf29637d1d15a0f15cb9b1109c3839bc9939bca52da0869de9b5c67dc70f606"
	hash := sha256.New()
	for n := range 200 {
		hash.Write([]byte(asSent(t, demo.Company{Seed: 1}.Persona(n+1))))
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		t.Errorf("the first 200 customers of seed 1 hash to %s, want %s; the first is\n%s",
			got, want, protojson.Format(demo.Company{Seed: 1}.Persona(1).Customer()))
	}
}

// A customer is the same whatever was asked before, and in whichever order.
func TestACustomerFollowsFromItsNumberAlone(t *testing.T) {
	c := demo.Company{Seed: 7}
	p := c.Persona(321)
	people := p.Contacts()
	later := asSent(t, p)
	if fresh := asSent(t, c.Persona(321)); fresh != later {
		t.Error("a customer whose contacts were asked for first differs from one that was asked in order")
	}
	if len(people) != len(c.Persona(321).Contacts()) {
		t.Error("the contacts differ from one time to the next")
	}
	if asSent(t, c.Persona(322)) == later || asSent(t, demo.Company{Seed: 8}.Persona(321)) == later {
		t.Error("another number or seed makes the same customer")
	}
}

func TestNamesComeInEveryScript(t *testing.T) {
	scripts := map[string]*unicode.RangeTable{
		"Han": unicode.Han, "Hiragana": unicode.Hiragana, "Katakana": unicode.Katakana, "Hangul": unicode.Hangul,
		"Cyrillic": unicode.Cyrillic, "Greek": unicode.Greek, "Arabic": unicode.Arabic, "Hebrew": unicode.Hebrew,
		"Devanagari": unicode.Devanagari, "Tamil": unicode.Tamil, "Bengali": unicode.Bengali, "Thai": unicode.Thai,
		"Georgian": unicode.Georgian, "Armenian": unicode.Armenian, "Ethiopic": unicode.Ethiopic,
		"accented Latin": {R16: []unicode.Range16{{Lo: 0x00c0, Hi: 0x024f, Stride: 1}}},
	}
	var names strings.Builder
	for _, m := range made() {
		names.WriteString(m.customer.GetDisplayName())
	}
	for name, table := range scripts {
		if !strings.ContainsFunc(names.String(), func(r rune) bool { return unicode.Is(table, r) }) {
			t.Errorf("no name of the default company has a letter in %s", name)
		}
	}
}

// All addresses end in a domain that nobody can own, and nearly all are plain ASCII.
func TestMailGoesNowhere(t *testing.T) {
	for n, m := range made() {
		all := m.customer.GetEmails()
		for _, c := range m.contacts {
			all = append(all, c.GetEmails()...)
		}
		for _, e := range all {
			local, domain, _ := strings.Cut(e.GetAddress(), "@")
			labels := strings.Split(domain, ".")
			owned := strings.Join(labels[max(0, len(labels)-2):], ".")
			if owned != "example.com" && owned != "example.net" && owned != "example.org" {
				t.Errorf("customer %d has %s, which may be somebody's", n+1, e.GetAddress())
			}
			if local == "" || strings.ContainsAny(e.GetAddress(), " '") || strings.HasPrefix(local, ".") || strings.Contains(e.GetAddress(), "..") {
				t.Errorf("customer %d has %q", n+1, e.GetAddress())
			}
			if strings.ContainsFunc(domain, func(r rune) bool { return r > unicode.MaxASCII }) {
				t.Errorf("customer %d has %q, whose domain is no host name", n+1, e.GetAddress())
			}
		}
	}
}

// Referrers come before those they sent, in number and in time, and a few sent many.
func TestReferrals(t *testing.T) {
	customers := len(made())
	came := map[string]time.Time{}
	sent := map[string]int{}
	total, most := 0, 0
	for n, m := range made() {
		record := m.customer
		prospect := record.GetProspectTime().AsTime()
		if by := record.GetReferrer(); by != "" {
			first, known := came[by]
			if !known {
				t.Fatalf("customer %d was sent by %s, who is not among those before it", n+1, by)
			}
			if record.GetProspectTime() != nil && !first.IsZero() && !first.Before(prospect) {
				t.Errorf("customer %d came at %s and was sent by one who came at %s", n+1, prospect, first)
			}
			if record.GetAcquisitionSource() != rapportv1.Customer_REFERRAL {
				t.Errorf("customer %d has a referrer and came by %s", n+1, record.GetAcquisitionSource())
			}
			sent[by]++
			total++
			most = max(most, sent[by])
		}
		came[record.GetName()] = time.Time{}
		if record.GetProspectTime() != nil {
			came[record.GetName()] = prospect
		}
	}
	if total < customers/10 || total > customers/3 {
		t.Errorf("%d of %d customers were sent by another, want a tenth to a third", total, customers)
	}
	if most < 10 || len(sent) < total/3 {
		t.Errorf("the best sent %d, and %d sent the %d: want a few with many, and many with few", most, len(sent), total)
	}
}

// A demo of ten thousand must not be held up by making it up.
func BenchmarkCustomer(b *testing.B) {
	for n := 0; b.Loop(); n++ {
		p := demo.Company{Seed: 1}.Persona(n + 1)
		p.Customer()
		p.Contacts()
	}
}
