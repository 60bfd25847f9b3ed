package aip

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Standard are the fields that every resource has (AIP-148), with the etag of its revision.
type Standard struct {
	Name                  string
	Revision              int64
	CreateTime            time.Time
	UpdateTime            time.Time
	DeleteTime, PurgeTime *time.Time
}

// Set sets them in a message. The uid is the last id of the name.
func (s *Standard) Set(message proto.Message) {
	m := message.ProtoReflect()
	fields := m.Descriptor().Fields()
	for _, text := range [...]struct {
		field protoreflect.Name
		value string
	}{{"name", s.Name}, {"uid", LastID(s.Name)}, {"etag", Etag(s.Revision)}} {
		m.Set(fields.ByName(text.field), protoreflect.ValueOfString(text.value))
	}
	for _, at := range [...]struct {
		field protoreflect.Name
		value *time.Time
	}{{"create_time", &s.CreateTime}, {"update_time", &s.UpdateTime}, {"delete_time", s.DeleteTime}, {"purge_time", s.PurgeTime}} {
		if at.value != nil {
			m.Set(fields.ByName(at.field), protoreflect.ValueOfMessage(timestamppb.New(*at.value).ProtoReflect()))
		}
	}
}
