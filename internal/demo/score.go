package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/load"
)

// aspect is something that customers are asked about: how well the company does it, how
// much they say that it matters, and how much of what they feel it makes up.
type aspect struct {
	factor                  string
	quality, stated, weight float64
}

var aspects = []aspect{
	{"taste", 4.4, 4.6, 0.35}, {"advice", 4.2, 3.9, 0.25}, {"delivery", 3.1, 4.3, 0.2}, {"repair", 3.3, 3.4, 0.15}, {"packaging", 4.1, 2.4, 0.05},
}

var remarks = []string{
	"Great coffee, slow parcel.", "The man in the shop knew exactly what I need.", "Zum dritten Mal ohne Mahlwerk geliefert.",
	"Le goût est parfait.", "送货太慢了。", "Would buy again", "Nobody called back.",
}

var competitors = []string{"Kontor & Söhne", "Bean Brothers", "Café Express"}

// Scores returns what the customer felt, as creates: about purchases and cases, and when
// asked now and then. Who has gone quiet was less happy.
func (p *Persona) Scores() (out []*load.Record) {
	r := p.random("scores")
	mood := 0.4 * r.NormFloat64()
	if p.silence().Before(latest) {
		mood -= 0.7
	}
	add := func(s *rapportv1.SatisfactionScore) {
		subject := fmt.Sprintf("score %d", len(out))
		if s.GetSource() == 0 && chance(r, 0.1) {
			s.Competitor = proto.String(pick(r, competitors))
		}
		if chance(r, 0.2) {
			s.Comment = proto.String(pick(r, remarks))
		}
		out = append(out, &load.Record{Create: &rapportv1.CreateSatisfactionScoreRequest{
			Parent: p.parent(), SatisfactionScoreId: p.recordID(subject).String(), SatisfactionScore: s,
		}})
	}
	for _, record := range p.Purchases() {
		bought, ok := record.Create.(*rapportv1.CreatePurchaseRequest)
		if at := bought.GetPurchase().GetPurchaseTime().AsTime().AddDate(0, 0, 2+r.IntN(10)); ok && chance(r, 0.12) && at.Before(p.at(latest)) {
			s := satisfied(r, mood)
			s.Purchase, s.SubmitTime = proto.String(p.parent()+"/purchases/"+bought.GetPurchaseId()), timestamppb.New(at)
			s.Channel, s.Staff = bought.GetPurchase().GetChannel(), bought.GetPurchase().Staff
			add(s)
		}
	}
	for _, c := range p.troubles() {
		if c.step >= silent && chance(r, 0.5) {
			add(&rapportv1.SatisfactionScore{
				Metric: rapportv1.SatisfactionScore_CES, Rating: rating(5.8+1.5*mood-c.hours/20+r.NormFloat64(), 1, 7), Case: &c.name,
				SubmitTime: p.stamp(earlier(c.after(c.step).Add(aDay), latest.Add(-time.Hour))), Channel: rapportv1.Channel_EMAIL, Staff: proto.String(p.owner()),
			})
		}
	}
	for _, t := range p.moments(r, p.firstContact, 240, 8) {
		add(&rapportv1.SatisfactionScore{
			Metric: rapportv1.SatisfactionScore_NPS, Rating: rating(8.3+2.2*mood+1.5*r.NormFloat64(), 0, 10), SubmitTime: p.stamp(t), Channel: rapportv1.Channel_EMAIL,
		})
		if chance(r, 0.3) {
			add(&rapportv1.SatisfactionScore{
				Metric: rapportv1.SatisfactionScore_REPURCHASE_INTENT, Rating: rating(4.1+mood+0.7*r.NormFloat64(), 1, 5), SubmitTime: p.stamp(t), Channel: rapportv1.Channel_EMAIL,
			})
		}
	}
	return out
}

// satisfied is a CSAT with what it is made of.
func satisfied(r *rand.Rand, mood float64) *rapportv1.SatisfactionScore {
	s := &rapportv1.SatisfactionScore{Metric: rapportv1.SatisfactionScore_CSAT}
	whole, weight := 0.0, 0.0
	for _, a := range aspects {
		if !chance(r, 0.85) {
			continue // not answered
		}
		f := &rapportv1.SatisfactionScore_Factor{Factor: a.factor, Satisfaction: *rating(a.quality+mood+0.8*r.NormFloat64(), 1, 5)}
		if chance(r, 0.7) {
			f.Importance = rating(a.stated+0.6*r.NormFloat64(), 1, 5)
		}
		whole, weight = whole+a.weight*float64(f.GetSatisfaction()), weight+a.weight
		s.Factors = append(s.Factors, f)
	}
	if weight == 0 {
		whole, weight = 4+mood, 1
	}
	s.Rating = rating(whole/weight+0.4*r.NormFloat64(), 1, 5)
	if chance(r, 0.4) {
		s.Expectation = rating(3.8+0.8*r.NormFloat64(), 1, 5)
	}
	if chance(r, 0.08) {
		s.Source = rapportv1.SatisfactionScore_STAFF_OBSERVED
	}
	return s
}

// rating is a feeling on a scale.
func rating(feeling float64, least, most int32) *int32 {
	return proto.Int32(min(max(int32(math.Round(feeling)), least), most))
}
