package demo

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/load"
)

// trouble is one thing that the customer asked of the company.
type trouble struct {
	persona  *Persona
	id       string
	name     string
	received time.Time
	// step is how far it came: received, classified, assigned, waiting, resolved, told, and
	// then closed by silence or by a word of the customer.
	step int
	// hours is how long each step takes.
	hours float64
	kind  plea
	// priority and channel are as it was received.
	priority rapportv1.Priority
	channel  rapportv1.Channel
}

const (
	received = iota
	classified
	assigned
	waiting
	resolved
	told
	silent
	confirmed
)

type plea struct {
	kind                                    rapportv1.Case_Type
	category, item, description, resolution string
	how                                     rapportv1.Case_ResolutionType
}

var pleas = []plea{
	{rapportv1.Case_COMPLAINT, "machines", "Weser 1", "The pump is loud and the pressure drops.", "Pump replaced under warranty.", rapportv1.Case_FIXED},
	{rapportv1.Case_ENQUIRY, "beans", "House roast", "Which roast suits a full automatic?", "Told to take the Schnoor roast, ground coarse.", rapportv1.Case_EXPLAINED},
	{rapportv1.Case_SERVICE_REQUEST, "service", "Yearly service", "Please come by for the yearly service.", "Serviced on the spot.", rapportv1.Case_FIXED},
	{rapportv1.Case_COMPLAINT, "delivery", "Parcel", "The beans came five days late.", "Voucher of 10 euros.", rapportv1.Case_COMPENSATED},
	{rapportv1.Case_STOCK_REQUEST, "parts", "Grinder burrs", "Tell me when the burrs are back.", "Told that they are back.", rapportv1.Case_SUPPLIED},
	{rapportv1.Case_SUGGESTION, "shop", "Subscription", "Let us skip a month in the web shop.", "Comes with the next release.", rapportv1.Case_PRODUCT_CHANGED},
	{rapportv1.Case_NEED, "machines", "Hopper", "A hopper of two kilograms.", "There is none planned.", rapportv1.Case_REJECTED},
}

// troubles are what the customer asked. The last of them may be on its way still.
func (p *Persona) troubles() (out []*trouble) {
	r := p.random("cases")
	if !chance(r, 0.35) {
		return nil
	}
	for i, t := range p.moments(r, p.firstContact, 200, 5) {
		id := p.recordID(fmt.Sprintf("case %d", i))
		c := &trouble{
			persona: p, id: id.String(), name: aip.Cases.Name(p.id, id), received: t, hours: 2 + 20*r.ExpFloat64(), kind: pick(r, pleas),
			priority: pick(r, []rapportv1.Priority{rapportv1.Priority_P3, rapportv1.Priority_P2, rapportv1.Priority_P4, rapportv1.Priority_P1}),
			channel:  pick(r, channels), step: confirmed,
		}
		if chance(r, 0.4) {
			c.step = silent
		}
		out = append(out, c)
	}
	if len(out) > 0 && chance(r, 0.45) {
		// Somebody asked these days, or has waited since.
		last := out[len(out)-1]
		last.step, last.received = r.IntN(silent), latest.Add(-time.Duration(20+r.IntN(24*14))*time.Hour)
	}
	return out
}

// after is when a step was taken.
func (c *trouble) after(step int) time.Time {
	at := c.received.Add(time.Duration(c.hours * float64(step) * float64(time.Hour)))
	if last := latest.Add(-time.Hour); at.After(last) {
		return last
	}
	return at
}

// record is the case as it stands.
func (c *trouble) record() *rapportv1.Case {
	p := c.persona
	out := &rapportv1.Case{
		Type: c.kind.kind, Item: &c.kind.item, Description: &c.kind.description, Channel: c.channel, ReceiveTime: p.stamp(c.received),
	}
	if c.step >= classified {
		out.Category, out.Priority = &c.kind.category, c.priority
	}
	if c.step >= assigned {
		out.Assignee, out.Verified = proto.String(p.owner()), c.kind.kind == rapportv1.Case_COMPLAINT
	}
	out.WaitingOnCustomer = c.step == waiting
	if c.step >= resolved {
		out.Resolution, out.ResolutionType, out.ResolveTime = &c.kind.resolution, c.kind.how, p.stamp(c.after(resolved))
	}
	if c.step >= told {
		out.FeedbackTime = p.stamp(c.after(told))
	}
	if c.step >= silent {
		out.CustomerConfirmed, out.CloseTime = c.step == confirmed, p.stamp(c.after(c.step))
	}
	return out
}

// answer is the first response to the case, where there was one.
func (c *trouble) answer() *rapportv1.Interaction {
	if c.step < assigned {
		return nil
	}
	return &rapportv1.Interaction{
		Channel: rapportv1.Channel_EMAIL, Direction: rapportv1.Interaction_OUTBOUND, Purpose: rapportv1.Interaction_SUPPORT,
		OccurTime: c.persona.stamp(c.after(assigned)), Subject: proto.String("Re: " + c.kind.item), Staff: proto.String(c.persona.owner()),
		Case: &c.name, CustomerReaction: rapportv1.Interaction_NEUTRAL,
	}
}

// Cases returns what the customer asked, as creates.
func (p *Persona) Cases() (out []*load.Record) {
	for _, c := range p.troubles() {
		out = append(out, &load.Record{Create: &rapportv1.CreateCaseRequest{Parent: p.parent(), CaseId: c.id, Case: c.record()}})
	}
	return out
}
