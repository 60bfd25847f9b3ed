package demo

import "github.com/google/uuid"

// referrer returns the number of the customer who sent this one, or 0. It is a lower
// one, of somebody who came before. Most are sent by somebody who has sent others: that
// makes a few send very many, as it is in life (the copying model of Kumar et al. 2000).
func (c Company) referrer(number int) int {
	r := c.random(number, "referral")
	if number == 1 || !chance(r, 0.24) {
		return 0
	}
	copies := chance(r, 0.75)
	came := c.firstContact(number)
	sender := 0
	for range 4 {
		met := 1 + r.IntN(number-1)
		if !c.firstContact(met).Before(came) {
			continue
		}
		sender = met
		if !copies {
			break
		}
		if theirs := c.referrer(met); theirs != 0 {
			return theirs // who came before the one they sent
		}
	}
	return sender
}

// id returns the id of the customer of this number.
func (c Company) id(number int) uuid.UUID {
	p := Persona{company: c, number: number}
	return p.newID("id", c.firstContact(number))
}
