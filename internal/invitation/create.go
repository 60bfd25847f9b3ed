package invitation

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/db"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
	"github.com/rapport-crm/rapport/internal/survey"
)

// maxAhead is how far ahead an invitation can be made.
const maxAhead = 90 * 24 * time.Hour

const insertSQL = `-- name: CreateSurveyInvitation
INSERT INTO survey_invitation (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

// lockCustomerSQL lets the invitations of one customer take turns: the second one sees the first.
const lockCustomerSQL = `-- name: LockInvitedCustomer
SELECT delete_time, language_code, do_not_contact, pause_end_time FROM customer WHERE lane = $1 AND customer_id = $2 FOR NO KEY UPDATE`

// lastInvitedSQL looks for invitations to the survey that are too near to the time of another
// one, and for the last one there is. A day is 24 hours, whatever the session's time zone.
const lastInvitedSQL = `-- name: FindLastInvitation
SELECT max(send_time) FILTER (WHERE send_time < $4::timestamptz + make_interval(hours => 24 * repeat_interval_days)), max(send_time)
FROM survey_invitation JOIN survey ON survey.survey_id = survey_invitation.survey_id
WHERE lane = $1 AND customer_id = $2 AND survey_invitation.survey_id = $3
AND send_time > $4::timestamptz - make_interval(hours => 24 * repeat_interval_days)`

// references are the fields that name other records of the customer.
var references = []owned.Reference[*rapportv1.SurveyInvitation]{
	owned.ToContact("survey_invitation.contact", (*rapportv1.SurveyInvitation).GetContact),
	owned.ToInteraction("survey_invitation.interaction", (*rapportv1.SurveyInvitation).GetInteraction),
	owned.ToCase("survey_invitation.case", (*rapportv1.SurveyInvitation).GetCase),
	owned.ToPurchase("survey_invitation.purchase", (*rapportv1.SurveyInvitation).GetPurchase),
}

// CreateSurveyInvitation invites a customer to answer a survey.
func (s *Server) CreateSurveyInvitation(ctx context.Context, req *rapportv1.CreateSurveyInvitationRequest) (*rapportv1.SurveyInvitation, error) {
	to, err := aip.ParseSurveyName("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return nil, err
	}
	in := req.GetSurveyInvitation()
	aip.ClearUnsettable(in)
	customer, err := normalise(in, s.Mutations.Clock())
	if err != nil {
		return nil, err
	}
	// Without keys there would be an invitation whose token its maker never hears of.
	if err := s.Tokens.Check(ctx); err != nil {
		return nil, err
	}
	out, err := mutation.Run(ctx, s.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (*rapportv1.SurveyInvitation, error) {
		return s.create(ctx, tx, to, customer, in)
	})
	if err != nil || req.GetValidateOnly() {
		return out, err
	}
	return s.withToken(ctx, out)
}

// normalise brings an invitation into its stored form in place, and returns whom it is for or all
// that is wrong with it beyond what the annotations state and the database knows.
func normalise(i *rapportv1.SurveyInvitation, now time.Time) (customer uuid.UUID, err error) {
	aip.UnsetEmpty(i)
	var wrong apierr.Violations
	if customer, err = aip.ParseCustomerName("survey_invitation.customer", i.GetCustomer()); err != nil {
		wrong.Add("survey_invitation.customer", "must be customers/{customer}, the id a UUID in lower case")
	}
	about := 0
	for _, name := range []string{i.GetInteraction(), i.GetCase(), i.GetPurchase()} {
		if name != "" {
			about++
		}
	}
	if about > 1 {
		wrong.Add("survey_invitation", "is about one interaction, case or purchase at most")
	}
	aip.NormaliseTime(&wrong, "survey_invitation.send_time", i.GetSendTime())
	if at := i.GetSendTime(); at.IsValid() && at.AsTime().After(now.Add(maxAhead)) {
		wrong.Add("survey_invitation.send_time", "must be at most 90 days ahead")
	}
	return customer, wrong.Err()
}

// invited is what counts of a customer and a survey for an invitation.
type invited struct {
	found           bool
	deleteTime      *time.Time
	language        pgtype.Text
	doNotContact    bool
	pauseEndTime    *time.Time
	survey          *rapportv1.Survey
	tooNear, latest *time.Time
}

// create makes an invitation, or says why not.
func (s *Server) create(ctx context.Context, tx *mutation.Tx, to, customer uuid.UUID, in *rapportv1.SurveyInvitation) (*rapportv1.SurveyInvitation, error) {
	sendTime := tx.Now
	if in.GetSendTime() != nil {
		sendTime = in.GetSendTime().AsTime()
	}
	var (
		c     invited
		wrong apierr.Violations
	)
	s.queue(tx, &c, to, customer, sendTime)
	for i := range references {
		references[i].Find(tx, customer, in, &wrong)
	}
	if err := tx.Fetch(ctx); err != nil {
		return nil, err
	}
	if c.survey == nil {
		return nil, s.Surveys.Missing(to)
	}
	if err := c.refusal(customer, tx.Now, sendTime); err != nil {
		return nil, err
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	id, err := tx.NewID()
	if err != nil {
		return nil, err
	}
	r := &row{
		Lane: db.Lane(customer), CustomerID: customer, ID: id, Revision: 1, SurveyID: to,
		ContactID: owned.IDIn(in.GetContact()), InteractionID: owned.IDIn(in.GetInteraction()),
		CaseID: owned.IDIn(in.GetCase()), PurchaseID: owned.IDIn(in.GetPurchase()),
		LanguageCode: survey.TextFor(c.survey, c.language.String).GetLanguageCode(),
		SendTime:     sendTime, ExpireTime: sendTime.Add(c.survey.GetInvitationLifetime().AsDuration()),
		CreateTime: tx.Now, UpdateTime: tx.Now,
	}
	tx.QueueGuarded(func(e *pgconn.PgError) error {
		if !strings.HasPrefix(e.ConstraintName, "survey_invitation_survey_fkey") {
			return nil
		}
		return s.Surveys.Missing(to) // deleted since it was read
	}, insertSQL, r.args()...)
	out := r.proto()
	return out, record(tx, rapportv1.Change_CREATED, r, nil, out)
}

// queue queues the reading of what counts; the customer is locked first.
func (s *Server) queue(tx *mutation.Tx, c *invited, to, customer uuid.UUID, sendTime time.Time) {
	lane, id := db.Lane(customer), db.UUID(customer)
	tx.Queue(lockCustomerSQL, lane, id).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&c.deleteTime, &c.language, &c.doNotContact, &c.pauseEndTime}, func() error {
			c.found = true
			return nil
		})
		return err
	})
	s.Surveys.Queue(tx, to, func(found *rapportv1.Survey) { c.survey = found })
	tx.Queue(lastInvitedSQL, lane, id, db.UUID(to), sendTime).QueryRow(func(row pgx.Row) error {
		return row.Scan(&c.tooNear, &c.latest)
	})
}

// refusal says why the customer cannot be asked, if so.
func (c *invited) refusal(customer uuid.UUID, now, sendTime time.Time) error {
	name := aip.CustomerName(customer)
	if sendTime.Before(now) {
		sendTime = now // what was sent before it is recorded is judged by what is known now
	}
	switch {
	case !c.found:
		return apierr.NotFound(rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, name)
	case c.deleteTime != nil:
		return apierr.FailedPrecondition(rapportv1.ErrorReason_CUSTOMER_DELETED, name, "is deleted; undelete it first")
	case c.doNotContact:
		return apierr.FailedPrecondition(rapportv1.ErrorReason_CUSTOMER_REFUSES_CONTACT, name, "wants no contact")
	case c.pauseEndTime != nil && c.pauseEndTime.After(sendTime):
		return apierr.FailedPrecondition(rapportv1.ErrorReason_CUSTOMER_REFUSES_CONTACT, name, "wants no contact yet, see pause_end_time")
	case c.tooNear != nil:
		return tooSoon(name, c.latest.Add(c.survey.GetRepeatInterval().AsDuration()))
	}
	return nil
}

func tooSoon(name string, next time.Time) error {
	const text = "was asked, or is to be, within the survey's repeat interval"
	return apierr.New(codes.FailedPrecondition, rapportv1.ErrorReason_SURVEY_REPEATED_TOO_SOON, name+": "+text,
		map[string]string{"resource": name, "next_allowed_time": next.UTC().Format(time.RFC3339Nano)},
		&errdetails.ResourceInfo{ResourceName: name, Description: text})
}
