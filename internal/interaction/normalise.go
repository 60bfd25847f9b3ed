package interaction

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/attribute"
)

// maxAhead is how far the clocks of the service and of its callers are taken to differ.
const maxAhead = 5 * time.Minute

// normalise brings a whole interaction, as it would be stored, into its stored form in
// place, and returns all that is wrong with it beyond what the annotations state.
func (s *Server) normalise(i *rapportv1.Interaction) error {
	var wrong apierr.Violations
	if i.GetChannel() == rapportv1.Channel_CHANNEL_UNSPECIFIED {
		wrong.Add("interaction.channel", "is required")
	}
	if i.GetDirection() == rapportv1.Interaction_DIRECTION_UNSPECIFIED {
		wrong.Add("interaction.direction", "is required")
	}
	aip.NormaliseTime(&wrong, "interaction.occur_time", i.GetOccurTime())
	switch at := i.GetOccurTime(); {
	case at == nil:
		wrong.Add("interaction.occur_time", "is required")
	case at.IsValid() && at.AsTime().After(s.interactions.Mutations.Clock().Add(maxAhead)):
		wrong.Add("interaction.occur_time", "is still to come")
	}
	duration(&wrong, i.GetDuration())
	for _, text := range []**string{&i.Subject, &i.Body, &i.Staff, &i.Contact, &i.Case, &i.Campaign} {
		unset(text)
	}
	if c := i.GetConcession(); c != nil {
		unset(&c.Reason)
		unset(&c.InReturnFor)
		aip.CheckMoney(&wrong, "interaction.concession.amount", c.GetAmount())
		if c.GetAmount() == nil && c.Reason == nil {
			wrong.Add("interaction.concession", "needs an amount or a reason")
		}
	}
	attribute.Normalise(&wrong, "interaction.attributes", i.GetAttributes())
	// A mask can leave one without the other, which the annotations do not see.
	if id := i.GetExternalId(); id != nil && (id.GetSource() == "" || id.GetId() == "") {
		wrong.Add("interaction.external_id", "needs both a source and an id")
	}
	return wrong.Err()
}

// duration cuts a duration, which may be unset, to the microsecond.
func duration(wrong *apierr.Violations, d *durationpb.Duration) {
	switch {
	case d == nil:
	case d.CheckValid() != nil || d.GetSeconds() < 0 || d.GetNanos() < 0:
		wrong.Add("interaction.duration", "must be zero or more, and no longer than 10,000 years")
	default:
		d.Nanos -= d.GetNanos() % int32(time.Microsecond)
	}
}

// unset makes an empty text one that is not set.
func unset(text **string) {
	if *text != nil && **text == "" {
		*text = nil
	}
}
