package interaction

import (
	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/attribute"
)

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
	if i.GetOccurTime() == nil {
		wrong.Add("interaction.occur_time", "is required")
	}
	aip.NormalisePast(&wrong, "interaction.occur_time", i.GetOccurTime(), s.interactions.Mutations.Clock())
	aip.NormaliseDuration(&wrong, "interaction.duration", i.GetDuration())
	if c := i.GetConcession(); c != nil {
		aip.CheckMoney(&wrong, "interaction.concession.amount", c.GetAmount())
		if c.GetAmount() == nil && c.Reason == nil {
			wrong.Add("interaction.concession", "needs an amount or a reason")
		}
	}
	attribute.Normalise(&wrong, "interaction.attributes", i.GetAttributes())
	aip.CheckExternalID(&wrong, "interaction.external_id", i.GetExternalId())
	return wrong.Err()
}
