// Package task keeps what the company has to do for its customers and what it promised
// them. What all resources that a customer owns have in common is in package owned.
package task

import (
	"context"

	"github.com/google/uuid"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/followup"
	"github.com/rapport-crm/rapport/internal/mutation"
	"github.com/rapport-crm/rapport/internal/owned"
)

// Server serves the RPCs of TaskService that are about tasks.
type Server struct {
	tasks owned.Resource[*rapportv1.Task, row, *row]
}

// New returns the server of tasks.
func New(service owned.Service) *Server {
	s := &Server{}
	s.tasks = owned.Resource[*rapportv1.Task, row, *row]{
		Service: service, Collection: aip.Tasks, Singular: "Task", Plural: "Tasks", Table: "task", Columns: columns,
		ExternalColumns: [2]string{"external_id_source", "external_id_id"},
		References: []owned.Reference[*rapportv1.Task]{
			owned.ToCase("task.case", (*rapportv1.Task).GetCase),
			owned.ToInteraction("task.interaction", (*rapportv1.Task).GetInteraction),
		},
		Normalise: s.normalise, Check: refuseEnded, Follow: followup.Follow[row]((*followup.Changes).Task),
		NotFound: rapportv1.ErrorReason_TASK_NOT_FOUND, Exists: rapportv1.ErrorReason_TASK_ALREADY_EXISTS,
		Fields: fields, FieldsAt: fieldsAt, Orders: orders(),
	}
	s.tasks.Ready()
	return s
}

// Reader reads tasks beside other records.
func (s *Server) Reader() owned.Reader[*rapportv1.Task] { return s.tasks.Reader() }

// CreateTask makes a task of a customer.
func (s *Server) CreateTask(ctx context.Context, req *rapportv1.CreateTaskRequest) (*rapportv1.Task, error) {
	return s.tasks.Create(ctx, req, req.GetTaskId(), req.GetTask())
}

// BatchCreateTasks makes tasks, all or none or all that can be.
func (s *Server) BatchCreateTasks(ctx context.Context, req *rapportv1.BatchCreateTasksRequest) (*rapportv1.BatchCreateTasksResponse, error) {
	entries := owned.Entries(req.GetRequests(), (*rapportv1.CreateTaskRequest).GetTaskId, (*rapportv1.CreateTaskRequest).GetTask)
	return owned.BatchCreate(ctx, &s.tasks, req, entries, func(made []*rapportv1.Task, failed owned.Failed) *rapportv1.BatchCreateTasksResponse {
		return &rapportv1.BatchCreateTasksResponse{Tasks: made, FailedRequests: failed}
	})
}

// GetTask returns one task.
func (s *Server) GetTask(ctx context.Context, req *rapportv1.GetTaskRequest) (*rapportv1.Task, error) {
	return s.tasks.Get(ctx, req)
}

// ListTasks returns one page of the tasks of one customer or of all.
func (s *Server) ListTasks(ctx context.Context, req *rapportv1.ListTasksRequest) (*rapportv1.ListTasksResponse, error) {
	page, err := s.tasks.List(ctx, req)
	if err != nil {
		return nil, err
	}
	return &rapportv1.ListTasksResponse{Tasks: page.Items, NextPageToken: page.NextToken, TotalSize: page.Total}, nil
}

// UpdateTask changes a task that has not ended, or makes one with allow_missing.
func (s *Server) UpdateTask(ctx context.Context, req *rapportv1.UpdateTaskRequest) (*rapportv1.Task, error) {
	return s.tasks.Update(ctx, req, req.GetTask())
}

// Make makes a task in the transaction of another resource's method, which holds the
// customer: what is promised by the method is promised with it or not at all.
func (s *Server) Make(ctx context.Context, tx *mutation.Tx, customer, id uuid.UUID, t *rapportv1.Task) (*rapportv1.Task, error) {
	aip.UnsetEmpty(t)
	if err := s.normalise(t); err != nil {
		return nil, err
	}
	return s.tasks.Make(ctx, tx, customer, id, t)
}
