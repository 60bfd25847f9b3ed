package dataset

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

// Size is how large a database is. Without interactions it holds customers alone.
type Size struct{ Customers, Interactions int }

// The first customers have histories of all four kinds: the very first one a long history,
// and as many others short ones as make just as many entries, so that pages of either are read
// from as much data. All others have interactions only.
const (
	LongHistory  = 20_000
	ShortHistory = 20
	// shortHistories is for how many customers at most.
	shortHistories = LongHistory / ShortHistory
)

// Shorts returns between which customers, the first included and the last not, those with a
// short history are.
func (s Size) Shorts() (first, behind int) { return 1, min(1+shortHistories, (s.Customers+1)/2) }

// HistoryStart is when histories begin, longStep the time between two entries of the long
// one.
var HistoryStart = time.Date(2025, 5, 1, 0, 0, 0, 0, time.UTC)

const longStep = 25 * time.Minute

// longTime is when the long history's entry of this number is, give or take a step.
func longTime(entry int) time.Time { return HistoryStart.Add(time.Duration(entry) * longStep) }

// LongTimes are the times between which a page of the long history can begin.
func LongTimes() (first, last time.Time) { return longTime(2 * ShortHistory), longTime(LongHistory) }

// TimelineToken returns the token of a page of the first customer's history that begins with
// what is before a time.
func TimelineToken(before time.Time) string {
	order := aip.Order{Field: "entry_time", Kind: aip.TextKey, Desc: true}
	cursor := aip.Cursor{Key: fmt.Sprintf("%d %d", before.UnixMicro(), 0), ID: uuid.Nil, Total: aip.UnknownTotal}
	return cursor.Token(aip.FingerprintOf(order, "ListTimeline", Name(0), "[1 2 3 4 5]"))
}

// ShortTimeline asks for the whole history of a customer who has a short one.
func ShortTimeline(n int) *rapportv1.ListTimelineRequest {
	return &rapportv1.ListTimelineRequest{Parent: Name(n), PageSize: ShortHistory}
}

// LongTimeline asks for as much of the long one, from a time on.
func LongTimeline(before time.Time) *rapportv1.ListTimelineRequest {
	return &rapportv1.ListTimelineRequest{Parent: Name(0), PageSize: ShortHistory, PageToken: TimelineToken(before)}
}

// FollowUps asks for what there is to do first, for one of the staff or, where that is empty,
// for all.
func FollowUps(staff string) *rapportv1.ListFollowUpsRequest {
	return &rapportv1.ListFollowUpsRequest{Parent: "customers/-", Staff: staff, PageSize: 50}
}

// Contacted is how far back contacts lie that are recorded during a run. It is later than
// what the fill has, so each of them moves the customer's last contact unless there was one
// already in the run.
const Contacted = 12 * time.Hour

// CreateInteraction says what was talked about with the customer of this number.
func CreateInteraction(n int, occur time.Time) *rapportv1.CreateInteractionRequest {
	return &rapportv1.CreateInteractionRequest{Parent: Name(n), Interaction: &rapportv1.Interaction{
		Channel: rapportv1.Channel_PHONE, Direction: rapportv1.Interaction_OUTBOUND, Purpose: rapportv1.Interaction_SALES,
		OccurTime: timestamppb.New(occur.Truncate(time.Second)), Duration: durationpb.New(4 * time.Minute),
		Subject: proto.String("Offer for the spring season"),
		Body:    proto.String("Asked for two more samples and a quotation by Friday; will decide with the partner."),
		Staff:   proto.String(Staff(17)), CustomerReaction: rapportv1.Interaction_POSITIVE,
	}}
}

// Batch is how many customers or interactions a batch is of.
const Batch = 1000

// StaffCount is how many people work with the customers.
const StaffCount = 300

// Staff returns a member of the staff.
func Staff(n int) string { return fmt.Sprintf("staff-%03d", n%StaffCount) }
