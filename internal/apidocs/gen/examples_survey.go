package main

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// exampleToken has the form of a token, and was never one.
const exampleToken = "AZjA3gAAcACAAAAAAAAADAExample0AAAAAAAAAAAAAAAAAAAA"

const exampleLifetime = 30 * 24 * time.Hour

func newSurvey() *rapportv1.Survey {
	return &rapportv1.Survey{
		DisplayName: "After a delivery", Metric: rapportv1.SatisfactionScore_NPS,
		Texts: []*rapportv1.Survey_Text{
			{
				LanguageCode: "en", Question: "How likely is it that you would recommend us to a friend or colleague?",
				Thanks: proto.String("Thank you! We read every comment."), FactorLabels: map[string]string{"delivery": "The delivery"},
			},
			{LanguageCode: "zh-Hans", Question: "您向朋友或同事推荐我们的可能性有多大？", FactorLabels: map[string]string{"delivery": "送货"}},
		},
		Factors: []string{"delivery"}, AskComment: true, RepeatInterval: durationpb.New(3 * exampleLifetime),
	}
}

func survey() *rapportv1.Survey {
	s := newSurvey()
	s.Name, s.Uid, s.Etag = "surveys/"+exampleSurveyID, exampleSurveyID, exampleEtag
	s.InvitationLifetime = durationpb.New(exampleLifetime)
	s.CreateTime, s.UpdateTime = exampleTime, exampleTime
	return s
}

func newInvitation() *rapportv1.SurveyInvitation {
	return &rapportv1.SurveyInvitation{Customer: exampleCustomerName, Contact: proto.String(exampleContactName)}
}

func invitation() *rapportv1.SurveyInvitation {
	i := newInvitation()
	i.Name, i.Uid, i.Etag = "surveys/"+exampleSurveyID+"/invitations/"+exampleInvitationID, exampleInvitationID, exampleEtag
	i.SendTime, i.ExpireTime = exampleTime, timestamppb.New(exampleTime.AsTime().Add(exampleLifetime))
	i.LanguageCode, i.Token, i.AnswerUri = "en", exampleToken, "https://answers.example.com/s/"+exampleToken
	i.CreateTime, i.UpdateTime = exampleTime, exampleTime
	return i
}
