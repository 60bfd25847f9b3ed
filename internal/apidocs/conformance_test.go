package apidocs_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/rapport-crm/rapport/internal/apitest"
)

// documented talks to the running service and holds each request and each answer
// against the document: status, headers and body.
type documented struct {
	*testing.T
	url    string
	doc    *openapi3.T
	router routers.Router
	seen   map[string]bool // the operations that were answered with success
}

// call sends a request that the document allows, wants the status, and returns the
// answer. Headers come in pairs.
func (d *documented) call(want int, method, path, body string, header ...string) map[string]any {
	d.Helper()
	newRequest := func() *http.Request {
		request, err := http.NewRequestWithContext(d.Context(), method, d.url+path, strings.NewReader(body))
		if err != nil {
			d.Fatal(err)
		}
		for i := 0; i+1 < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		if body != "" {
			request.Header.Set("Content-Type", "application/json")
		}
		return request
	}
	checked := newRequest() // reading its body for the check uses it up
	route, variables, err := d.router.FindRoute(checked)
	if err != nil {
		d.Fatalf("%s %s: %v", method, path, err)
	}
	input := &openapi3filter.RequestValidationInput{Request: checked, PathParams: variables, Route: route}
	if err := openapi3filter.ValidateRequest(d.Context(), input); err != nil {
		d.Errorf("%s %s: the document refuses the request: %v", method, path, err)
	}
	response, err := http.DefaultClient.Do(newRequest())
	if err != nil {
		d.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read to its end
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		d.Fatal(err)
	}
	if response.StatusCode != want {
		d.Fatalf("%s %s: status %d, want %d: %s", method, path, response.StatusCode, want, answer)
	}
	output := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: response.StatusCode, Header: response.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(d.Context(), output.SetBodyBytes(answer)); err != nil {
		d.Errorf("%s %s: the document does not allow the answer: %v\n%s", method, path, err, answer)
	}
	if response.StatusCode < http.StatusBadRequest {
		d.seen[route.Operation.OperationID] = true
	}
	var out map[string]any
	if response.StatusCode == http.StatusNoContent {
		return out
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		d.Fatalf("%s %s: %v", method, path, err)
	}
	return out
}

// lines calls an operation whose answer is a stream, and holds each line against the
// document, which describes one. It returns the last.
func (d *documented) lines(path string) (last string) {
	d.Helper()
	request, err := http.NewRequestWithContext(d.Context(), http.MethodGet, d.url+path, http.NoBody)
	if err != nil {
		d.Fatal(err)
	}
	route, _, err := d.router.FindRoute(request)
	if err != nil {
		d.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read to its end
	answer, err := io.ReadAll(response.Body)
	media := route.Operation.Responses.Status(response.StatusCode).Value.Content[response.Header.Get("Content-Type")]
	if err != nil || media == nil {
		d.Fatalf("%s: status %d, headers %v, %v", path, response.StatusCode, response.Header, err)
	}
	for last = range strings.Lines(string(answer)) {
		var line any
		if err := json.Unmarshal([]byte(last), &line); err != nil {
			d.Fatalf("%s: %v in %s", path, err, last)
		}
		if err := media.Schema.Value.VisitJSON(line, openapi3.VisitAsResponse()); err != nil {
			d.Errorf("%s: the document does not allow the line: %v\n%s", path, err, last)
		}
	}
	d.seen[route.Operation.OperationID] = true
	return last
}

// picture calls an operation whose answer is drawn.
func (d *documented) picture(path string) {
	d.Helper()
	request, err := http.NewRequestWithContext(d.Context(), http.MethodGet, d.url+path, http.NoBody)
	if err != nil {
		d.Fatal(err)
	}
	route, _, err := d.router.FindRoute(request)
	if err != nil {
		d.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // nothing was written
	if response.StatusCode != http.StatusOK || route.Operation.Responses.Status(response.StatusCode).Value.Content[response.Header.Get("Content-Type")] == nil {
		d.Errorf("%s: status %d, headers %v", path, response.StatusCode, response.Header)
	}
	d.seen[route.Operation.OperationID] = true
}

// example returns the body that the document shows for an operation.
func (d *documented) example(method, path string) string {
	d.Helper()
	media := d.doc.Paths.Value(path).GetOperation(method).RequestBody.Value.Content.Get("application/json")
	body, err := json.Marshal(media.Example)
	if err != nil {
		d.Fatal(err)
	}
	return string(body)
}

// A reader who pastes the examples gets what the document shows, from every operation
// and for the commonest errors.
func TestTheServiceDoesWhatTheDocumentSays(t *testing.T) {
	openapi3filter.RegisterBodyDecoder("application/problem+json", openapi3filter.JSONBodyDecoder)
	d := &documented{T: t, url: apitest.Start(t).URL, doc: document(t), seen: map[string]bool{}}
	d.doc.Servers = openapi3.Servers{{URL: d.url}}
	router, err := gorillamux.NewRouter(d.doc)
	if err != nil {
		t.Fatal(err)
	}
	d.router = router
	customers(d)
	contacts(d)
	purchases(d)
	interactions(d)
	tasks(d)
	cases(d)
	serviceTiers(d)
	satisfactionScores(d)
	surveys(d)
	seenTogether(d)
	reports(d)
	if last := d.lines("/v1/customers:export?showDeleted=true"); last != `{"exported":2}`+"\n" {
		t.Errorf("the export ends with %s", last)
	}
	d.call(400, "GET", "/v1/customers:export?filter=nothing=1", "")
	d.call(406, "GET", "/v1/customers:export", "", "Accept", "text/csv")
	d.call(200, "GET", "/v1/attributeKeys?pageSize=1", "")
	changes := d.call(200, "GET", `/v1/changes?filter=resource="`+customerName+`"`, "")["changes"].([]any)
	d.call(200, "GET", "/v1/"+changes[0].(map[string]any)["name"].(string), "")
	for _, item := range d.doc.Paths.Map() {
		for _, op := range item.Operations() {
			if !d.seen[op.OperationID] {
				t.Errorf("%s was never answered", op.OperationID)
			}
		}
	}
}

const (
	customerID   = "0198c0de-0000-7000-8000-000000000001"
	contactID    = "0198c0de-0000-7000-8000-000000000002"
	requestID    = "6f1b1c1e-6d0c-4a1e-9d39-6f1b1c1e6d0c"
	customerName = "customers/" + customerID
	customerPath = "/v1/" + customerName
	contactsPath = customerPath + "/contacts"
	contactPath  = contactsPath + "/" + contactID

	purchaseID    = "0198c0de-0000-7000-8000-000000000004"
	purchasesPath = customerPath + "/purchases"
	purchasePath  = purchasesPath + "/" + purchaseID

	interactionID    = "0198c0de-0000-7000-8000-000000000006"
	interactionsPath = customerPath + "/interactions"
	interactionPath  = interactionsPath + "/" + interactionID

	taskID    = "0198c0de-0000-7000-8000-000000000007"
	tasksPath = customerPath + "/tasks"
	taskPath  = tasksPath + "/" + taskID

	caseID    = "0198c0de-0000-7000-8000-000000000008"
	casesPath = customerPath + "/cases"
	casePath  = casesPath + "/" + caseID
	tierID    = "0198c0de-0000-7000-8000-000000000009"
	tierPath  = "/v1/serviceTiers/" + tierID
)

func customers(d *documented) {
	d.Helper()
	create := d.example("POST", "/v1/customers")
	made := d.call(201, "POST", "/v1/customers?customerId="+customerID, create, "Idempotency-Key", requestID)
	d.call(201, "POST", "/v1/customers?customerId="+customerID, create, "Idempotency-Key", requestID)
	d.call(422, "POST", "/v1/customers", `{"type":"INDIVIDUAL","displayName":"Ada"}`, "Idempotency-Key", requestID)
	d.call(200, "POST", "/v1/customers?validateOnly=true", `{"type":"INDIVIDUAL","displayName":"Ada"}`)
	d.call(409, "POST", "/v1/customers?customerId="+customerID, create)
	d.call(200, "GET", customerPath, "")
	d.call(404, "GET", "/v1/customers/"+contactID, "")
	d.call(406, "GET", customerPath, "", "Accept", "text/html")
	d.call(200, "GET", "/v1/customers?pageSize=1&orderBy=display_name&showDeleted=true", "")
	d.call(400, "GET", "/v1/customers?filter=nothing=1", "")

	etag := made["etag"].(string)
	update := d.example("PATCH", "/v1/customers/{customer}")
	d.call(200, "PATCH", customerPath, update, "If-Match", etag)
	d.call(412, "PATCH", customerPath, update, "If-Match", etag)
	d.call(200, "PATCH", customerPath+"?updateMask=time_zone", `{}`)
	d.call(200, "PATCH", customerPath, `{"owner":null,"acquisitionCost":null}`)
	d.call(400, "PATCH", customerPath, `{}`)
	d.call(200, "PATCH", "/v1/customers?externalId.source=erp&externalId.id=C-1042&addTags=a&addTags=b", `{}`)
	d.call(200, "GET", "/v1/customers:batchGet?names="+customerName+"&names="+customerName, "")
	d.call(200, "POST", "/v1/customers:batchGet", d.example("POST", "/v1/customers:batchGet"))
	d.call(200, "POST", "/v1/customers:batchUpdate", d.example("POST", "/v1/customers:batchUpdate"))
	d.call(404, "POST", "/v1/customers:batchUpdate", `{"requests":[{"customer":{"name":"customers/`+contactID+`","owner":"x"}}]}`)
	d.call(412, "DELETE", customerPath, "", "If-Match", etag)
	d.call(200, "DELETE", customerPath, "")
	d.call(200, "POST", customerPath+":undelete", d.example("POST", "/v1/customers/{customer}:undelete"))
}

func purchases(d *documented) {
	d.call(201, "POST", purchasesPath+"?purchaseId="+purchaseID, d.example("POST", "/v1/customers/{customer}/purchases"))
	d.call(409, "POST", purchasesPath, d.example("POST", "/v1/customers/{customer}/purchases"))
	d.call(200, "GET", purchasePath, "")
	d.call(404, "GET", purchasesPath+"/"+contactID, "")
	d.call(200, "POST", purchasesPath+":batchCreate", d.example("POST", "/v1/customers/{customer}/purchases:batchCreate"))
	d.call(200, "GET", purchasesPath+"?orderBy=purchase_time", "")
	d.call(200, "GET", "/v1/customers/-/purchases", "")
	d.call(200, "POST", purchasePath+":void", d.example("POST", "/v1/customers/{customer}/purchases/{purchase}:void"))
	d.call(400, "POST", purchasePath+":void", "{}")
}

func contacts(d *documented) {
	d.Helper()
	d.call(201, "POST", contactsPath+"?contactId="+contactID, d.example("POST", "/v1/customers/{customer}/contacts"))
	d.call(200, "GET", contactPath, "")
	d.call(200, "GET", contactsPath, "")
	d.call(200, "GET", "/v1/customers/-/contacts", "")
	d.call(200, "PATCH", contactPath, d.example("PATCH", "/v1/customers/{customer}/contacts/{contact}"))
	d.call(200, "DELETE", contactPath, "")
	d.call(200, "POST", contactPath+":undelete", d.example("POST", "/v1/customers/{customer}/contacts/{contact}:undelete"))
}

func tasks(d *documented) {
	d.Helper()
	const path = "/v1/customers/{customer}/tasks"
	create := d.example("POST", path)
	d.call(201, "POST", tasksPath+"?taskId="+taskID, create)
	d.call(409, "POST", tasksPath, create) // the external id is taken
	d.call(400, "POST", tasksPath, `{"title":"x","promised":true}`)
	made := d.call(200, "POST", tasksPath+":batchCreate", d.example("POST", path+":batchCreate"))
	d.call(200, "GET", taskPath, "")
	d.call(404, "GET", tasksPath+"/"+contactID, "")
	d.call(200, "GET", tasksPath+"?orderBy=due_time&filter=state=OPEN", "")
	d.call(200, "GET", "/v1/customers/-/tasks", "")
	d.call(200, "PATCH", taskPath, d.example("PATCH", path+"/{task}"))
	d.call(412, "PATCH", taskPath, `{"title":"x"}`, "If-Match", `"1"`)
	d.call(200, "POST", taskPath+":complete", d.example("POST", path+"/{task}:complete"))
	d.call(400, "POST", taskPath+":cancel", "{}")
	d.call(200, "POST", "/v1/"+made["tasks"].([]any)[0].(map[string]any)["name"].(string)+":cancel", d.example("POST", path+"/{task}:cancel"))
}

func cases(d *documented) {
	d.Helper()
	const path = "/v1/customers/{customer}/cases"
	create := d.example("POST", path)
	d.call(201, "POST", casesPath+"?caseId="+caseID, create)
	d.call(409, "POST", casesPath, create) // the external id is taken
	d.call(400, "POST", casesPath, `{"type":"COMPLAINT","assignee":"x"}`)
	d.call(200, "POST", casesPath+":batchCreate", d.example("POST", path+":batchCreate"))
	d.call(200, "GET", casePath, "")
	d.call(404, "GET", casesPath+"/"+contactID, "")
	d.call(200, "GET", casesPath+"?orderBy=receive_time&filter=state=IN_PROGRESS", "")
	d.call(200, "GET", "/v1/customers/-/cases", "")
	d.call(200, "PATCH", casePath, d.example("PATCH", path+"/{case}"))
	d.call(412, "PATCH", casePath, `{"item":"x"}`, "If-Match", `"1"`)
	d.call(200, "POST", casePath+":resolve", d.example("POST", path+"/{case}:resolve"))
	d.call(400, "POST", casePath+":close", d.example("POST", path+"/{case}:close")) // the customer was not told
	d.call(200, "PATCH", casePath, `{"feedbackTime":"`+time.Now().Add(time.Second).UTC().Format(time.RFC3339Nano)+`"}`)
	d.call(200, "POST", casePath+":close", `{}`)
	d.call(200, "POST", casePath+":reopen", d.example("POST", path+"/{case}:reopen"))
}

func serviceTiers(d *documented) {
	d.Helper()
	d.call(201, "POST", "/v1/serviceTiers?serviceTierId="+tierID, d.example("POST", "/v1/serviceTiers"))
	d.call(409, "POST", "/v1/serviceTiers?serviceTierId="+tierID, d.example("POST", "/v1/serviceTiers"))
	d.call(200, "GET", tierPath, "")
	d.call(200, "GET", "/v1/serviceTiers?pageSize=1", "")
	d.call(200, "PATCH", tierPath, d.example("PATCH", "/v1/serviceTiers/{serviceTier}"))
	d.call(412, "DELETE", tierPath, "", "If-Match", `"1"`)
	d.call(204, "DELETE", tierPath, "")
	d.call(404, "GET", tierPath, "")
}

func interactions(d *documented) {
	d.Helper()
	const path = "/v1/customers/{customer}/interactions"
	create := d.example("POST", path)
	d.call(201, "POST", interactionsPath+"?interactionId="+interactionID, create)
	d.call(409, "POST", interactionsPath, create) // the external id is taken
	d.call(400, "POST", interactionsPath, `{"channel":"PHONE","direction":"INBOUND","occurTime":"2999-01-01T00:00:00Z"}`)
	d.call(200, "POST", interactionsPath+":batchCreate", d.example("POST", path+":batchCreate"))
	d.call(200, "GET", interactionPath, "")
	d.call(200, "GET", interactionsPath+"?orderBy=occur_time&filter=channel=PHONE", "")
	d.call(200, "GET", "/v1/customers/-/interactions", "")
	d.call(200, "PATCH", interactionPath, d.example("PATCH", path+"/{interaction}"))
	d.call(412, "PATCH", interactionPath, `{"subject":"x"}`, "If-Match", `"1"`)
	d.call(200, "DELETE", interactionPath, "")
	d.call(200, "POST", interactionPath+":undelete", d.example("POST", path+"/{interaction}:undelete"))
}

func satisfactionScores(d *documented) {
	d.Helper()
	const path = "/v1/customers/{customer}/satisfactionScores"
	const scoreID, scoresPath = "0198c0de-0000-7000-8000-00000000000a", customerPath + "/satisfactionScores"
	create := d.example("POST", path)
	d.call(201, "POST", scoresPath+"?satisfactionScoreId="+scoreID, create)
	d.call(409, "POST", scoresPath, create) // the external id is taken
	d.call(400, "POST", scoresPath, `{"metric":"NPS","rating":11}`)
	d.call(200, "POST", scoresPath+":batchCreate", d.example("POST", path+":batchCreate"))
	d.call(200, "GET", scoresPath+"/"+scoreID, "")
	d.call(200, "GET", scoresPath+"?orderBy=submit_time&filter=metric=CSAT", "")
	d.call(200, "GET", "/v1/customers/-/satisfactionScores", "")
	d.call(200, "GET", customerPath, "")
	d.call(412, "DELETE", scoresPath+"/"+scoreID, "", "If-Match", `"9"`)
	d.call(204, "DELETE", scoresPath+"/"+scoreID, "")
	d.call(404, "GET", scoresPath+"/"+scoreID, "")
}

func surveys(d *documented) {
	d.Helper()
	const path, surveyID = "/v1/surveys", "0198c0de-0000-7000-8000-00000000000b"
	create := d.example("POST", path)
	d.call(201, "POST", path+"?surveyId="+surveyID, create)
	d.call(409, "POST", path+"?surveyId="+surveyID, create)
	d.call(200, "GET", path+"/"+surveyID, "")
	d.call(200, "GET", path+"?filter=metric=NPS", "")
	d.call(200, "PATCH", path+"/"+surveyID, d.example("PATCH", path+"/{survey}"))

	const invitations = path + "/" + surveyID + "/invitations"
	invite := d.example("POST", path+"/{survey}/invitations")
	made := d.call(201, "POST", invitations, invite)
	d.call(400, "POST", invitations, invite) // too soon
	d.call(200, "GET", "/v1/"+made["name"].(string), "")
	d.call(404, "GET", invitations+"/"+contactID, "")
	d.call(200, "GET", invitations+"?orderBy=create_time", "")
	d.call(200, "GET", "/v1/surveys/-/invitations", "")

	submit := d.example("POST", "/v1/surveyResponses:submit")
	d.call(404, "POST", "/v1/surveyResponses:submit", submit)
	var answer map[string]any
	if err := json.Unmarshal([]byte(submit), &answer); err != nil {
		d.Fatal(err)
	}
	answer["token"] = made["token"]
	body, err := json.Marshal(answer)
	if err != nil {
		d.Fatal(err)
	}
	d.call(200, "POST", "/v1/surveyResponses:submit", string(body))
	d.call(400, "POST", "/v1/surveyResponses:submit", strings.Replace(string(body), `"rating":9`, `"rating":8`, 1))
	d.call(400, "DELETE", path+"/"+surveyID, "")
	other := d.call(201, "POST", path, create)
	d.call(204, "DELETE", "/v1/"+other["name"].(string), "")
}

func reports(d *documented) {
	d.Helper()
	d.call(200, "GET", "/v1/reports/satisfaction?granularity=MONTH&groupBy=channel&metrics=NPS&interval.startTime=2026-01-01T00:00:00Z", "")
	d.call(400, "GET", "/v1/reports/satisfaction?groupBy=nothing", "")
	d.call(200, "GET", "/v1/reports/drivers?factors=staff&cut=SCALE_MIDPOINT", "")
	d.call(400, "GET", "/v1/reports/drivers?filter=nothing=1", "")
	d.picture("/v1/reports/satisfaction.svg?granularity=MONTH")
	d.picture("/v1/reports/drivers.svg")
	d.call(400, "GET", "/v1/reports/drivers.svg?filter=nothing=1", "")
}

// seenTogether calls what shows records of several kinds at once.
func seenTogether(d *documented) {
	d.Helper()
	d.call(200, "GET", "/v1/customers/-/followUps?horizon=86400s", "")
	d.call(200, "GET", customerPath+"/timeline", "")
}
