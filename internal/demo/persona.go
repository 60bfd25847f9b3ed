package demo

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Company is a made-up company: those of different seeds have no customer in common.
type Company struct {
	Seed uint64
	// Today is the day up to which its histories tell; where it is zero, that up to which
	// all else does.
	Today time.Time
}

// The company took its first enquiry on the day it opened; the last one that is told of
// lies far enough back that no clock is behind it.
var (
	opened = time.Date(2019, 3, 4, 0, 0, 0, 0, time.UTC)
	latest = time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
)

// Persona is all that is made up about one customer. It is small: what it is asked for
// is drawn then.
type Persona struct {
	company Company
	number  int // from 1

	id           uuid.UUID
	firstContact time.Time // what the id begins with too
	organization bool
	home         *locale // where it is
	city         city
	from         *locale // whose names its people have
	industry     string  // of an organisation
	name         name
	founder      name // after whom an organisation is called; a person is its own
}

// Persona returns the customer of this number, from 1.
func (c Company) Persona(number int) *Persona {
	p := &Persona{company: c, number: number, firstContact: c.firstContact(number)}
	p.id = p.newID("id", p.firstContact)
	r := p.random("who")
	p.organization = chance(r, 0.22)
	p.home = pickLocale(r)
	p.city = pick(r, p.home.cities)
	p.from = p.home
	if !p.organization && chance(r, 0.06) {
		p.from = pickLocale(r) // moved there
	}
	p.founder = p.from.newPerson(r)
	p.name = p.founder
	if p.organization {
		f := pick(r, p.home.firms)
		p.industry = f.industry
		p.name.display = p.name.fill(f.name, p.city)
	}
	return p
}

// firstContact is when the customer of this number first asked: the company grew, so
// most of them lately.
func (c Company) firstContact(number int) time.Time {
	r := c.random(number, "first contact")
	days := latest.Sub(opened).Hours() / 24
	day := int(days * math.Sqrt(r.Float64()))
	return opened.AddDate(0, 0, day).Add(7*time.Hour + time.Duration(r.IntN(15*60*60))*time.Second)
}

// random returns the random numbers of one subject of this customer.
func (p *Persona) random(subject string) *rand.Rand { return p.company.random(p.number, subject) }

func (c Company) random(number int, subject string) *rand.Rand {
	seed := binary.BigEndian.AppendUint64(nil, c.Seed)
	seed = binary.BigEndian.AppendUint64(seed, uint64(number)) //nolint:gosec // numbers are not negative
	return rand.New(rand.NewChaCha8(sha256.Sum256(append(seed, subject...))))
}

// newID returns the UUIDv7 that the service would have made at this time, but always
// the same one.
func (p *Persona) newID(subject string, at time.Time) uuid.UUID {
	var id uuid.UUID
	r := p.random(subject)
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|r.Uint64()&0x0fff|0x7000) //nolint:gosec // after 1970
	binary.BigEndian.PutUint64(id[8:], r.Uint64()&^(3<<62)|1<<63)
	return id
}

// name is the name of a person, or of an organisation with the person who gave it.
type name struct {
	display       string
	given, family word
}

// newPerson makes up the name of somebody.
func (l *locale) newPerson(r *rand.Rand) name {
	n := name{family: pick(r, l.family)}
	if chance(r, 0.5) {
		n.given, n.family = pick(r, l.feminine), l.ofWoman(n.family)
	} else {
		n.given = pick(r, l.masculine)
	}
	middle := ""
	if chance(r, 0.3) {
		middle = string(rune('A'+r.IntN(20))) + ". "
	}
	n.display = strings.NewReplacer("{given}", n.given.text, "{middle}", middle, "{family}", n.family.text,
		"{family2}", pick(r, l.family).text).Replace(l.person)
	switch how := r.Float64(); {
	case n.given.latin != ascii(n.given.text) && how < 0.04:
		n.display = title(n.given.latin) + " " + title(n.family.latin)
	case l.wide && how < 0.15:
		n.display = strings.ReplaceAll(n.display, " ", "\u3000")
	case l.wide && how < 0.35:
		n.display = strings.ReplaceAll(n.display, " ", "")
	}
	return n
}

func (n name) fill(pattern string, at city) string {
	return strings.NewReplacer("{given}", n.given.text, "{family}", n.family.text, "{city}", at.name).Replace(pattern)
}

// mailbox is the person's at an organisation.
func (n name) mailbox() string { return n.given.latin + "." + n.family.latin }

func title(latin string) string { return strings.ToUpper(latin[:1]) + latin[1:] }
