package task

import (
	"cmp"
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

// CompleteTask completes a task and, where the request brings one, makes the next.
func (s *Server) CompleteTask(ctx context.Context, req *rapportv1.CompleteTaskRequest) (*rapportv1.CompleteTaskResponse, error) {
	// What is brought into another form are copies: the claim is about what was sent.
	at, next := proto.CloneOf(req.GetCompleteTime()), proto.CloneOf(req.GetNextTask())
	var wrong apierr.Violations
	s.happened(&wrong, "complete_time", at)
	if next != nil {
		aip.ClearUnsettable(next)
		aip.UnsetEmpty(next)
		s.check(&wrong, "next_task", next)
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	var made *rapportv1.Task
	complete := func(tx *mutation.Tx, r *row, now time.Time) error {
		r.CompleteTime = cmp.Or(aip.FromTimestamp(at), &now)
		if next == nil {
			return nil
		}
		id, err := tx.NewID()
		if err != nil {
			return err
		}
		made, err = s.tasks.Make(ctx, tx, r.CustomerID, id, next)
		return err
	}
	resp, err := owned.AlterTo(ctx, &s.tasks, req, complete, func(done *rapportv1.Task) *rapportv1.CompleteTaskResponse {
		return &rapportv1.CompleteTaskResponse{Task: done, NextTask: made}
	})
	// The request has no other task of which a field can be wrong.
	return resp, apierr.Renamed(err, "task", "next_task")
}

// CancelTask cancels a task.
func (s *Server) CancelTask(ctx context.Context, req *rapportv1.CancelTaskRequest) (*rapportv1.Task, error) {
	return s.tasks.Alter(ctx, req, func(_ *mutation.Tx, r *row, now time.Time) error {
		r.CancelTime, r.CustomerAgreed = &now, req.GetCustomerAgreed()
		return nil
	})
}

// refuseEnded refuses any change of a task that was completed or cancelled: what became of
// a promise is not for later callers to say.
func refuseEnded(_ *row, before, _ *rapportv1.Task) error {
	switch before.GetState() {
	case rapportv1.Task_COMPLETED:
		return ended(before, "was completed at "+before.GetCompleteTime().AsTime().Format(time.RFC3339))
	case rapportv1.Task_CANCELLED:
		return ended(before, "was cancelled at "+before.GetCancelTime().AsTime().Format(time.RFC3339))
	}
	return nil
}

func ended(t *rapportv1.Task, how string) error {
	return apierr.FailedPrecondition(rapportv1.ErrorReason_TASK_ENDED, t.GetName(), how)
}
