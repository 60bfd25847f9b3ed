package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/load"
)

// topic is something that people talk about.
type topic struct {
	purpose  rapportv1.Interaction_Purpose
	subjects []string
	// ours is how often it is the company that begins.
	ours float64
}

var topics = []topic{
	{rapportv1.Interaction_FOLLOW_UP, []string{"How the machine does", "Offer sent last week", "Second appointment"}, 0.9},
	{rapportv1.Interaction_SUPPORT, []string{"Milk does not foam", "Grinder is loud", "Descaling", "Pressure drops"}, 0.1},
	{rapportv1.Interaction_SALES, []string{"New roast", "Subscription for beans", "Larger machine", "Barista course"}, 0.7},
	{rapportv1.Interaction_THANK_YOU, []string{"Thanks for the order"}, 1},
	{rapportv1.Interaction_NEEDS_DISCOVERY, []string{"What the office drinks", "Plans for the coming year"}, 0.6},
	{rapportv1.Interaction_COMPLAINT, []string{"Parcel came late", "Beans were stale", "Invoice is wrong"}, 0},
	{rapportv1.Interaction_RENEWAL, []string{"Service contract runs out"}, 1},
	{rapportv1.Interaction_MARKET_FEEDBACK, []string{"Prices of other roasters"}, 0.3},
	{rapportv1.Interaction_RETENTION, []string{"Thinks of leaving"}, 0.8},
}

var channels = []rapportv1.Channel{
	rapportv1.Channel_EMAIL, rapportv1.Channel_PHONE, rapportv1.Channel_WEB, rapportv1.Channel_CHAT, rapportv1.Channel_STORE,
	rapportv1.Channel_IN_PERSON_VISIT, rapportv1.Channel_SOCIAL, rapportv1.Channel_MAIL,
}

// Interactions returns what was said and done with the customer, as creates, the answers to
// its cases among them.
func (p *Persona) Interactions() (out []*load.Record) {
	r := p.random("interactions")
	every := 90.0
	if p.organization {
		every = 40
	}
	contacts := p.Contacts()
	add := func(i *rapportv1.Interaction) {
		subject := fmt.Sprintf("interaction %d", len(out))
		if len(contacts) > 0 && chance(r, 0.7) {
			i.Contact = proto.String(pick(r, contacts).GetName())
		}
		out = append(out, &load.Record{Create: &rapportv1.CreateInteractionRequest{
			Parent: p.parent(), InteractionId: p.recordID(subject).String(), Interaction: i,
		}})
	}
	add(&rapportv1.Interaction{
		Channel: pick(r, channels), Direction: rapportv1.Interaction_INBOUND, Purpose: rapportv1.Interaction_NEEDS_DISCOVERY,
		OccurTime: p.stamp(p.firstContact), Subject: proto.String("First enquiry"), CustomerReaction: rapportv1.Interaction_POSITIVE,
	})
	for _, t := range p.moments(r, p.firstContact, every, 30) {
		add(p.interaction(r, t))
	}
	for _, c := range p.troubles() {
		if answer := c.answer(); answer != nil {
			add(answer)
		}
	}
	return out
}

func (p *Persona) interaction(r *rand.Rand, t time.Time) *rapportv1.Interaction {
	about := pick(r, topics)
	i := &rapportv1.Interaction{
		Channel: pick(r, channels), Direction: rapportv1.Interaction_INBOUND, Purpose: about.purpose, OccurTime: p.stamp(t),
		Subject: proto.String(pick(r, about.subjects)), Staff: proto.String(p.owner()),
		CustomerReaction: pick(r, []rapportv1.Interaction_Reaction{
			rapportv1.Interaction_POSITIVE, rapportv1.Interaction_NEUTRAL, rapportv1.Interaction_REACTION_UNSPECIFIED, rapportv1.Interaction_NEGATIVE,
		}),
	}
	switch {
	case chance(r, about.ours):
		i.Direction = rapportv1.Interaction_OUTBOUND
		if chance(r, 0.15) {
			i.CustomerReaction = rapportv1.Interaction_NO_RESPONSE
		}
		if about.purpose == rapportv1.Interaction_SALES {
			i.Campaign = proto.String(fmt.Sprintf("roast-%d", t.Year()))
		}
	case chance(r, 0.05):
		i.Direction, i.CustomerReaction = rapportv1.Interaction_INTERNAL, 0
		i.Body = proto.String("Talked about among colleagues; call back next week.")
	}
	if i.GetChannel() == rapportv1.Channel_PHONE || i.GetChannel() == rapportv1.Channel_IN_PERSON_VISIT {
		i.Duration = durationpb.New(time.Duration(2+10*r.ExpFloat64()) * time.Minute)
	}
	if about.purpose == rapportv1.Interaction_COMPLAINT || about.purpose == rapportv1.Interaction_RETENTION {
		i.Concession = concession(r)
	}
	return i
}

// concession is what the company gave way in, if it did.
func concession(r *rand.Rand) *rapportv1.Interaction_Concession {
	if !chance(r, 0.4) {
		return nil
	}
	return &rapportv1.Interaction_Concession{
		Amount: euros(500 * int64(1+r.IntN(10))), Reason: proto.String("For the trouble"), InReturnFor: proto.String("Stays with the subscription"),
	}
}
