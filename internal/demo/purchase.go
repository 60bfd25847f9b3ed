package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/load"
)

// article is something that the company sells, with its price in cents and the share of
// that which is left once it is made.
type article struct {
	sku, category string
	price         int64
	margin        float64
}

var (
	machines = []article{{"weser-1", "machines", 89_900, 0.35}, {"weser-2", "machines", 129_900, 0.38}, {"roland-pro-2", "machines", 489_000, 0.3}}
	beans    = []article{{"beans-house", "beans", 1_690, 0.5}, {"beans-schnoor", "beans", 1_890, 0.52}, {"beans-decaf", "beans", 1_790, 0.48}, {"beans-single-origin", "beans", 2_450, 0.45}}
	care     = []article{{"descaler", "care", 990, 0.7}, {"filter-6", "care", 3_490, 0.6}, {"gasket-set", "parts", 1_450, 0.65}, {"grinder-burrs", "parts", 5_900, 0.5}}
)

// Purchases returns what the customer bought, as creates: a machine first, and then what it
// needs. Some of it was returned.
func (p *Persona) Purchases() (out []*load.Record) {
	r := p.random("purchases")
	every := 45.0
	if p.organization {
		every = 25
	}
	first := p.firstContact.Add(time.Duration(1+r.IntN(30)) * aDay)
	for i, t := range append([]time.Time{first}, p.moments(r, first, every, 24)...) {
		if !t.Before(latest) {
			break
		}
		subject := fmt.Sprintf("purchase %d", i)
		record := &load.Record{Create: &rapportv1.CreatePurchaseRequest{
			Parent: p.parent(), PurchaseId: p.recordID(subject).String(), Purchase: p.purchase(r, t, i == 0),
		}}
		if chance(r, 0.02) {
			record.Void = &load.Void{Reason: pick(r, []string{"Returned within 14 days", "Ordered twice", "Broken on arrival"})}
		}
		out = append(out, record)
	}
	return out
}

func (p *Persona) purchase(r *rand.Rand, t time.Time, first bool) *rapportv1.Purchase {
	out := &rapportv1.Purchase{
		PurchaseTime: p.stamp(t),
		Channel:      pick(r, []rapportv1.Channel{rapportv1.Channel_WEB, rapportv1.Channel_STORE, rapportv1.Channel_PHONE, rapportv1.Channel_EMAIL}),
	}
	var cents, margin int64
	add := func(a article, quantity int64) {
		out.Items = append(out.Items, &rapportv1.Purchase_Item{Sku: a.sku, Quantity: float64(quantity), Category: &a.category})
		cents += a.price * quantity
		margin += int64(float64(a.price*quantity) * a.margin)
	}
	size := int64(1)
	if p.organization {
		size = 1 + int64(r.IntN(6))
	}
	if first && chance(r, 0.8) {
		add(pick(r, machines), 1)
	}
	add(pick(r, beans), size*int64(1+r.IntN(3)))
	if chance(r, 0.3) {
		add(pick(r, care), 1)
	}
	if chance(r, 0.1) {
		discount := cents / 10
		cents, margin = cents-discount, max(margin-discount, 0)
		out.Discount = euros(discount)
	}
	if out.GetChannel() == rapportv1.Channel_STORE || p.organization {
		staff := p.owner()
		out.Staff = &staff
	}
	out.Amount = euros(cents)
	if chance(r, 0.9) {
		out.Margin = euros(margin)
	}
	return out
}
