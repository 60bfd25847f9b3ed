package demo

import (
	"fmt"
	"math/rand/v2"

	"github.com/nyaruka/phonenumbers"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

// positions are what contacts do, in the order in which the company gets to know them.
var positions = []struct {
	role   rapportv1.Contact_Role
	titles []string
}{
	{rapportv1.Contact_DECISION_MAKER, []string{"Owner", "Managing Director", "Head of Purchasing", "General Manager"}},
	{rapportv1.Contact_USER, []string{"Head Barista", "Shift Manager", "Kitchen Manager", "Facility Assistant"}},
	{rapportv1.Contact_BILLING, []string{"Accounts Payable", "Bookkeeper", "Finance Director"}},
	{rapportv1.Contact_INFLUENCER, []string{"Facility Manager", "Interior Architect", "Works Council Member"}},
}

// Contacts returns the people whom the company knows at the customer, with their names:
// one to four at an organisation, none at a person's. The first is the primary one.
func (p *Persona) Contacts() []*rapportv1.Contact {
	if !p.organization {
		return nil
	}
	count := pick(p.random("contacts"), []int{1, 2, 3, 4})
	out := make([]*rapportv1.Contact, count)
	known := map[string]bool{}
	for i := range out {
		out[i] = p.contact(i, known)
	}
	return out
}

// contact returns the one of this place, who is none of those known before.
func (p *Persona) contact(i int, known map[string]bool) *rapportv1.Contact {
	subject := fmt.Sprintf("contact %d", i)
	r := p.random(subject)
	who := p.founder
	if i > 0 || chance(r, 0.5) {
		who = p.home.newPerson(r)
	}
	for known[who.mailbox()] {
		who = p.home.newPerson(r)
	}
	known[who.mailbox()] = true
	c := &rapportv1.Contact{
		Name: aip.Contacts.Name(p.id, p.newID(subject+" id", p.firstContact)), DisplayName: who.display,
		Title: proto.String(pick(r, positions[i].titles)), Role: positions[i].role, Primary: i == 0,
		PreferredChannel: preferred(r),
	}
	if chance(r, 0.9) {
		c.Emails = []*rapportv1.EmailAddress{{Address: who.mailbox() + "@" + p.domain(), Primary: true}}
	}
	if chance(r, 0.7) {
		// Nothing says in which country a contact's number is, so it begins with a +.
		c.Phones = []*rapportv1.PhoneNumber{{Number: phone(r, p.home.region, phonenumbers.MOBILE, phonenumbers.INTERNATIONAL)}}
	}
	if chance(p.random(subject+" occasions"), 0.3) {
		c.Occasions = []*rapportv1.Occasion{p.birthday(subject + " birthday")}
	}
	return c
}

func preferred(r *rand.Rand) rapportv1.Channel {
	return pick(r, []rapportv1.Channel{
		rapportv1.Channel_EMAIL, rapportv1.Channel_PHONE, rapportv1.Channel_CHANNEL_UNSPECIFIED, rapportv1.Channel_CHAT,
		rapportv1.Channel_IN_PERSON_VISIT, rapportv1.Channel_SMS,
	})
}
