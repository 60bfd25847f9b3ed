package rest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
)

// R1, R3, R4: what a PATCH body says becomes the update mask.
func TestMaskFromBody(t *testing.T) {
	h := start(t)
	for _, c := range []struct {
		body  string
		query string
		want  []string
	}{
		{`{"displayName":"x"}`, "", []string{"display_name"}},
		{`{"display_name":"x"}`, "", []string{"display_name"}},
		{`{"displayName":null}`, "", []string{"display_name"}},
		{`{"owner":""}`, "", []string{"owner"}},
		{`{"emails":[]}`, "", []string{"emails"}},
		{`{"emails":null,"phones":[{"number":"1"}]}`, "", []string{"emails", "phones"}},
		{`{"attributes":{}}`, "", []string{"attributes"}},
		{`{"attributes":{"updateMask":{"boolValue":false}}}`, "", []string{"attributes"}},
		{`{"acquisitionCost":{"currencyCode":"EUR","units":"5"}}`, "", []string{"acquisition_cost"}},
		{`{"acquisitionCost":{}}`, "", []string{"acquisition_cost"}},
		{`{"prospectTime":null}`, "", []string{"prospect_time"}},
		{`{"name":"` + aName + `","uid":"u","type":"INDIVIDUAL","state":"ACTIVE","createTime":"2026-01-01T00:00:00Z","etag":"\"7\"","tags":["a"]}`, "", []string{"tags"}},
		{`{"displayName":"x","owner":"y"}`, "?updateMask=displayName", []string{"displayName"}},
		{`{}`, "?update_mask=attributes.plan,owner", []string{"attributes.plan", "owner"}},
		{`{"displayName":"x"}`, "?updateMask=*", []string{"*"}},
		{`{"displayName":"x"}`, "?updateMask=", []string{"display_name"}},
		{`{"displayName":"x"}`, "?updateMask=owner&updateMask=tags", []string{"owner", "tags"}},
		{`{}`, "", nil},
		{`null`, "", nil},
		{`  `, "", nil},
		{``, "?addTags=vip", nil},
	} {
		a := h.do("PATCH", "/v1/"+aName+c.query, c.body)
		if a.status != 200 {
			t.Errorf("PATCH %s%s: status %d: %s", c.body, c.query, a.status, a.body)
			continue
		}
		req, _ := h.service.request().(*rapportv1.UpdateCustomerRequest)
		if diff := cmp.Diff(c.want, req.GetUpdateMask().GetPaths()); diff != "" {
			t.Errorf("PATCH %s%s (-want +got):\n%s", c.body, c.query, diff)
		}
		if req.GetCustomer().GetName() != aName {
			t.Errorf("PATCH %s: the name is %q", c.body, req.GetCustomer().GetName())
		}
	}
}

// The binding without a name takes the external id from the query.
func TestUpdateByExternalID(t *testing.T) {
	h := start(t)
	a := h.do("PATCH", "/v1/customers?externalId.source=erp&external_id.id=K-1&allowMissing=true", `{"displayName":"x","type":"INDIVIDUAL"}`)
	if a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	req, _ := h.service.request().(*rapportv1.UpdateCustomerRequest)
	if req.GetExternalId().GetSource() != "erp" || req.GetExternalId().GetId() != "K-1" || !req.GetAllowMissing() {
		t.Errorf("got %v", req)
	}
	if req.GetCustomer().GetType() != rapportv1.Customer_INDIVIDUAL {
		t.Error("the type, which a created customer needs, is lost")
	}
}

// R2, R7, R17: what a body may not have is named.
func TestBodyRefused(t *testing.T) {
	h := start(t)
	for _, c := range []struct{ body, field, text string }{
		{`{"displayNam":"x"}`, "customer.displayNam", "did you mean `displayName`"},
		{`{"emails":[{"adress":"a@b.c"}]}`, "customer.emails[0].adress", "did you mean `address`"},
		{`{"type":"INDIVIDUL"}`, "customer.type", "did you mean `INDIVIDUAL`"},
		{`{"type":true}`, "customer.type", "enum"},
		{`{"displayName":5}`, "customer.displayName", "a string"},
		{`{"emails":{"address":"a"}}`, "customer.emails", "an array"},
		{`{"emails":["a@b.c"]}`, "customer.emails[0]", "an object"},
		{`{"emails":[null]}`, "customer.emails[0]", "null"},
		{`{"attributes":{"plan":null}}`, "customer.attributes.plan", "null"},
		{`{"externalIds":{"erp":null}}`, "customer.externalIds.erp", "null"},
		{`{"externalIds":{"erp":7}}`, "customer.externalIds.erp", "a string"},
		{`{"attributes":[]}`, "customer.attributes", "an object"},
		{`{"attributes":{"plan":{"stringValue":"a","boolValue":true}}}`, "", ""},
		{`{"prospectTime":"yesterday"}`, "customer.prospectTime", "RFC 3339"},
		{`{"acquisitionCost":{"units":1.5}}`, "customer.acquisitionCost.units", "whole number"},
		{`{"displayName":"x"} {}`, "body", "after the end"},
		{`{"displayName":"x"}]`, "body", ""},
		{`{"displayName":"x"`, "body", "line 1"},
		{"{\n \"displayName\" \"x\"}", "body", "line 2"},
		{`{"displayName":"x","displayName":"y"}`, "customer.displayName", "more than once"},
		{`{"displayName":"x","display_name":"y"}`, "customer.displayName", "more than once"},
		{`[]`, "customer", "an object"},
		{`"x"`, "customer", "an object"},
		{"{\"displayName\":\"\xff\"}", "body", "UTF-8"},
		{`{"displayName":` + strings.Repeat("[", 100_000), "", ""},
		{`{"nope":` + strings.Repeat(`{"a":`, 100_000), "", ""},
	} {
		h.service.last = nil
		_, p := h.refused(400, rapportv1.ErrorReason_MALFORMED_MESSAGE, "POST", "/v1/customers", c.body)
		if len(p.Violations) == 0 {
			t.Errorf("%.80s: no violations", c.body)
			continue
		}
		if v := p.Violations[0]; c.field != "" && v.Field != c.field || !strings.Contains(v.Message, c.text) {
			t.Errorf("%.80s: %+v", c.body, p.Violations)
		}
		if h.service.request() != nil {
			t.Errorf("%.80s reached the RPC", c.body)
		}
	}
	_, p := h.refused(400, rapportv1.ErrorReason_MALFORMED_MESSAGE, "POST", "/v1/customers", `{"a":1,"b":2,"displayName":3}`)
	if len(p.Violations) != 3 {
		t.Errorf("not all that is wrong is said: %+v", p.Violations)
	}
}

// R7: what the query may not have is named.
func TestQueryRefused(t *testing.T) {
	h := start(t)
	unknown, invalid := rapportv1.ErrorReason_UNKNOWN_PARAMETER, rapportv1.ErrorReason_INVALID_FIELD
	for _, c := range []struct {
		reason             rapportv1.ErrorReason
		method, path, body string
		field, text        string
	}{
		{unknown, "GET", "/v1/customers?pageSise=5", "", "pageSise", "did you mean `pageSize`"},
		{unknown, "GET", "/v1/customers?page_sise=5", "", "page_sise", "did you mean `pageSize`"},
		{unknown, "GET", "/v1/" + aName + "?x=1", "", "x", "no such parameter"},
		{unknown, "GET", "/v1/" + aName + "?name=customers/other", "", "name", "no such parameter"},
		{unknown, "POST", "/v1/customers?customer.displayName=x", "{}", "customer.displayName", "no such parameter"},
		{unknown, "PATCH", "/v1/" + aName + "?customer.uid=x", "{}", "customer.uid", "no such parameter"},
		{unknown, "POST", "/v1/" + aName + ":undelete?etag=x", "{}", "etag", "no such parameter"},
		{unknown, "DELETE", "/v1/" + aName + "?fource=true", "", "fource", ""},
		{invalid, "GET", "/v1/customers?pageSize=ten", "", "pageSize", "whole number"},
		{invalid, "GET", "/v1/customers?pageSize=99999999999", "", "pageSize", "whole number"},
		{invalid, "GET", "/v1/customers?showDeleted=1", "", "showDeleted", "true or false"},
		{invalid, "GET", "/v1/customers?pageSize=1&page_size=2", "", "pageSize", "more than once"},
		{invalid, "GET", "/v1/customers?filter=a&filter=b", "", "filter", "more than once"},
		{invalid, "GET", "/v1/customers?filter=%zz", "", "query", "malformed"},
		{invalid, "GET", "/v1/customers?filter=%ff", "", "filter", "UTF-8"},
		{invalid, "GET", "/v1/customers?filter=%00", "", "filter", ""},
		{invalid, "GET", "/v1/customers?pageSize=-1", "", "pageSize", ""},
	} {
		_, p := h.refused(400, c.reason, c.method, c.path, c.body)
		if len(p.Violations) != 1 || p.Violations[0].Field != c.field || !strings.Contains(p.Violations[0].Message, c.text) {
			t.Errorf("%s %s: %+v", c.method, c.path, p.Violations)
		}
	}
	if a := h.do("GET", "/v1/customers?pageSize=5&show_deleted=true&orderBy=display_name%20desc", ""); a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	req, _ := h.service.request().(*rapportv1.ListCustomersRequest)
	if req.GetPageSize() != 5 || !req.GetShowDeleted() || req.GetOrderBy() != "display_name desc" {
		t.Errorf("got %v", req)
	}
	if a := h.do("GET", "/v1/customers:batchGet?names=customers/a&names=customers/b", ""); a.status != 200 {
		t.Errorf("a repeated parameter: %d %s", a.status, a.body)
	}
}
