package followup

import (
	"time"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// membershipDays is from how long before the end of a membership on its renewal is to be
// thought of, and until how long after it.
const membershipDays = 30

// wishes is what decides on the staff of what follows for a customer, and on whether it is
// shown.
type wishes struct {
	owner                 string
	deleted, doNotContact bool
	pauseEnd              int64
}

func wishesOf(c *rapportv1.Customer) wishes {
	w := wishes{
		owner: c.GetOwner(), deleted: c.GetDeleteTime() != nil,
		doNotContact: c.GetContactPreference().GetDoNotContact(),
	}
	if end := c.GetContactPreference().GetPauseEndTime(); end != nil {
		w.pauseEnd = end.AsTime().UnixMicro()
	}
	return w
}

// hasRows tells whether anything follows from what a client sets of a customer. Of most
// nothing does, and they cost no more.
func hasRows(c *rapportv1.Customer) bool {
	return c.GetContactInterval() != nil || c.GetServiceTier() != "" ||
		len(c.GetOccasions()) > 0 || c.GetMembership().GetExpireTime() != nil
}

// customerRows are the rows that follow from what a client sets of a customer. When the clock
// of the contact started is read from customer_activity.
func customerRows(c *rapportv1.Customer, id uuid.UUID, now time.Time) (rows []row) {
	contact := row{reason: rapportv1.FollowUp_CONTACT, subject: id, outreach: true, start: at(now), end: never}
	switch {
	case c.GetContactInterval() != nil:
		contact.paceDays = int32(c.GetContactInterval().AsDuration() / day) //nolint:gosec // at most 3,650
		rows = append(rows, contact)
	case c.GetServiceTier() != "":
		contact.tier = idOf(c.GetServiceTier())
		rows = append(rows, contact)
	}
	if expire := c.GetMembership().GetExpireTime(); expire != nil {
		due := expire.AsTime()
		if end := due.Add(membershipDays * day); end.After(now) {
			rows = append(rows, row{
				reason: rapportv1.FollowUp_MEMBERSHIP, subject: id, outreach: true, paceDays: membershipDays,
				start: at(startOf(due, membershipDays)), end: at(end),
			})
		}
	}
	return append(rows, occasionRows(c.GetOccasions(), id, c.GetTimeZone(), now)...)
}

// contactRows are the rows of the occasions of a contact that is not deleted.
func contactRows(c *rapportv1.Contact, id uuid.UUID, zone string, now time.Time) []row {
	if c.GetDeleteTime() != nil {
		return nil
	}
	return occasionRows(c.GetOccasions(), id, zone, now)
}
