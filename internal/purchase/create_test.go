package purchase_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/apitest"
)

func TestCreateAndGet(t *testing.T) {
	s := apitest.Start(t)
	parent, before := customer(t, s), time.Now().Add(-time.Second)
	sent := full()
	sent.PurchaseTime.Nanos += 999 // finer than what is kept
	sent.VoidTime, sent.VoidReason, sent.Etag = timestamppb.Now(), proto.String("x"), `"7"`
	made := create(t, s, parent, sent)
	want := full()
	want.Name, want.Uid, want.Etag = made.GetName(), made.GetUid(), made.GetEtag()
	want.CreateTime, want.UpdateTime = made.GetCreateTime(), made.GetCreateTime()
	apitest.WantEqual(t, made, want)
	if !strings.HasPrefix(made.GetName(), parent+"/purchases/") || made.GetCreateTime().AsTime().Before(before) || made.GetEtag() == `"7"` {
		t.Errorf("made %v", made)
	}
	apitest.WantEqual(t, get(t, s, made.GetName()), want)

	// What is unset stays unset, and is not the same as zero.
	bare := create(t, s, parent, coffee())
	if got := get(t, s, bare.GetName()); got.GetMargin() != nil || got.GetDiscount() != nil || got.Staff != nil || got.GetExternalId() != nil || len(got.GetItems()) != 0 {
		t.Errorf("got %v", got)
	}
	zero := coffee()
	zero.Amount, zero.Margin, zero.Discount = euros(0, 0), euros(0, 0), euros(0, 0)
	zero.Staff, zero.Items = proto.String(""), []*rapportv1.Purchase_Item{{Sku: "x", Quantity: 1, Category: proto.String("")}}
	got := get(t, s, create(t, s, parent, zero).GetName())
	if got.GetMargin() == nil || got.GetDiscount() == nil || got.GetAmount().GetUnits() != 0 || got.Staff != nil || got.GetItems()[0].Category != nil {
		t.Errorf("got %v", got)
	}
}

// TestExtremes takes what is just allowed.
func TestExtremes(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	p := full()
	p.PurchaseTime = timestamppb.New(time.Now().Add(4 * time.Minute).Truncate(time.Microsecond))
	p.Amount = &money.Money{CurrencyCode: "JPY", Units: 1<<63 - 1, Nanos: 999_999_999}
	p.Margin = &money.Money{CurrencyCode: "JPY", Units: -1 << 63, Nanos: -999_999_999}
	p.Discount = nil
	p.Items = nil
	for range 1000 {
		p.Items = append(p.Items, &rapportv1.Purchase_Item{Sku: strings.Repeat("茶", 200), Quantity: 1.7976931348623157e308, Category: proto.String(strings.Repeat("\u202e", 200))})
	}
	p.Staff = proto.String(strings.Repeat("😀", 200))
	p.ExternalId = &rapportv1.ExternalId{Source: "a" + strings.Repeat("z", 62), Id: strings.Repeat("😀", 200)}
	for _, test := range []*rapportv1.Purchase{p, {PurchaseTime: &timestamppb.Timestamp{Seconds: -62135596800}, Amount: euros(0, 1)}} {
		made := create(t, s, parent, test)
		want := proto.CloneOf(test)
		want.Name, want.Uid, want.Etag, want.CreateTime, want.UpdateTime = made.GetName(), made.GetUid(), made.GetEtag(), made.GetCreateTime(), made.GetUpdateTime()
		apitest.WantEqual(t, get(t, s, made.GetName()), want)
	}
}

func TestCreateRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent, gone := customer(t, s), customer(t, s)
	first := create(t, s, parent, full())
	deleteCustomer(t, s, gone)
	in := func(change func(*rapportv1.Purchase)) *rapportv1.CreatePurchaseRequest {
		p := full()
		p.ExternalId.Id = "other"
		change(p)
		return &rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: p}
	}
	field := func(req *rapportv1.CreatePurchaseRequest, fields ...string) refusal {
		return refusal{req, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, fields}
	}
	item := func(change func(*rapportv1.Purchase_Item)) *rapportv1.CreatePurchaseRequest {
		return in(func(p *rapportv1.Purchase) { change(p.GetItems()[1]) })
	}
	for name, test := range map[string]refusal{
		"nothing":       field(&rapportv1.CreatePurchaseRequest{Parent: parent}, "purchase"),
		"no parent":     field(&rapportv1.CreatePurchaseRequest{Purchase: coffee()}, "parent"),
		"all parents":   field(&rapportv1.CreatePurchaseRequest{Parent: "customers/-", Purchase: coffee()}, "parent"),
		"wrong id":      field(&rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: coffee(), PurchaseId: "x"}, "purchase_id"),
		"dash for id":   field(&rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: coffee(), PurchaseId: "-"}, "purchase_id"),
		"empty":         field(&rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: &rapportv1.Purchase{}}, "purchase.purchase_time", "purchase.amount"),
		"empty amount":  field(in(func(p *rapportv1.Purchase) { p.Amount, p.Margin, p.Discount = &money.Money{}, nil, nil }), "purchase.amount.currency_code"),
		"the future":    field(in(func(p *rapportv1.Purchase) { p.PurchaseTime = timestamppb.New(time.Now().Add(6 * time.Minute)) }), "purchase.purchase_time"),
		"no such time":  field(in(func(p *rapportv1.Purchase) { p.PurchaseTime = &timestamppb.Timestamp{Nanos: -1} }), "purchase.purchase_time"),
		"before year 1": field(in(func(p *rapportv1.Purchase) { p.PurchaseTime = &timestamppb.Timestamp{Seconds: -1 << 62} }), "purchase.purchase_time"),
		"negative":      field(in(func(p *rapportv1.Purchase) { p.Amount = euros(-1, 0) }), "purchase.amount.units"),
		"below zero":    field(in(func(p *rapportv1.Purchase) { p.Amount = euros(0, -1) }), "purchase.amount.nanos"),
		"many nanos":    field(in(func(p *rapportv1.Purchase) { p.Amount = euros(0, 1_000_000_000) }), "purchase.amount.nanos"),
		"small letters": field(in(func(p *rapportv1.Purchase) {
			p.Amount, p.Margin, p.Discount = &money.Money{CurrencyCode: "eur"}, nil, nil
		}), "purchase.amount.currency_code"),
		"other currency of the margin":   field(in(func(p *rapportv1.Purchase) { p.Margin.CurrencyCode = "USD" }), "purchase.margin.currency_code"),
		"other currency of the discount": field(in(func(p *rapportv1.Purchase) { p.Discount.CurrencyCode = "USD" }), "purchase.discount.currency_code"),
		"margin of two signs":            field(in(func(p *rapportv1.Purchase) { p.Margin = euros(-1, 1) }), "purchase.margin.nanos"),
		"margin of many nanos":           field(in(func(p *rapportv1.Purchase) { p.Margin = euros(-1, -1_000_000_000) }), "purchase.margin.nanos"),
		"negative discount":              field(in(func(p *rapportv1.Purchase) { p.Discount = euros(-1, 0) }), "purchase.discount.units"),
		"1,001 items": field(in(func(p *rapportv1.Purchase) {
			p.Items = make([]*rapportv1.Purchase_Item, 1001)
			for i := range p.GetItems() {
				p.Items[i] = &rapportv1.Purchase_Item{Sku: "x", Quantity: 1}
			}
		}), "purchase.items"),
		"no sku":           field(item(func(i *rapportv1.Purchase_Item) { i.Sku = "" }), "purchase.items[1].sku"),
		"long sku":         field(item(func(i *rapportv1.Purchase_Item) { i.Sku = strings.Repeat("x", 201) }), "purchase.items[1].sku"),
		"none of it":       field(item(func(i *rapportv1.Purchase_Item) { i.Quantity = 0 }), "purchase.items[1].quantity"),
		"less than none":   field(item(func(i *rapportv1.Purchase_Item) { i.Quantity = -1 }), "purchase.items[1].quantity"),
		"long category":    field(item(func(i *rapportv1.Purchase_Item) { i.Category = proto.String(strings.Repeat("x", 201)) }), "purchase.items[1].category"),
		"NUL":              field(item(func(i *rapportv1.Purchase_Item) { i.Sku = "a\x00" }), "purchase.items[1].sku"),
		"NUL in an id":     field(in(func(p *rapportv1.Purchase) { p.ExternalId.Id = "\x00" }), "purchase.external_id.id"),
		"NUL in staff":     field(in(func(p *rapportv1.Purchase) { p.Staff = proto.String("\x00") }), "purchase.staff"),
		"channel":          field(in(func(p *rapportv1.Purchase) { p.Channel = 99 }), "purchase.channel"),
		"long staff":       field(in(func(p *rapportv1.Purchase) { p.Staff = proto.String(strings.Repeat("x", 201)) }), "purchase.staff"),
		"no source":        field(in(func(p *rapportv1.Purchase) { p.ExternalId.Source = "" }), "purchase.external_id.source"),
		"wrong source":     field(in(func(p *rapportv1.Purchase) { p.ExternalId.Source = "Till" }), "purchase.external_id.source"),
		"no external id":   field(in(func(p *rapportv1.Purchase) { p.ExternalId.Id = "" }), "purchase.external_id.id"),
		"unknown customer": {&rapportv1.CreatePurchaseRequest{Parent: unknown, Purchase: coffee()}, codes.NotFound, rapportv1.ErrorReason_CUSTOMER_NOT_FOUND, nil},
		"deleted customer": {&rapportv1.CreatePurchaseRequest{Parent: gone, Purchase: coffee()}, codes.FailedPrecondition, rapportv1.ErrorReason_CUSTOMER_DELETED, nil},
		"taken id": {
			&rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: coffee(), PurchaseId: first.GetUid()},
			codes.AlreadyExists, rapportv1.ErrorReason_PURCHASE_ALREADY_EXISTS, nil,
		},
		"taken external id": {in(func(p *rapportv1.Purchase) { p.ExternalId.Id = "R-1" }), codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Purchases.CreatePurchase(t.Context(), test.req)
			apitest.WantFields(t, err, test.code, test.reason, test.fields...)
		})
	}
	if n := countPurchases(t, s); n != 1 {
		t.Errorf("%d purchases, want the first alone", n)
	}
}

type refusal struct {
	req    *rapportv1.CreatePurchaseRequest
	code   codes.Code
	reason rapportv1.ErrorReason
	fields []string
}

// TestExternalIDs: they are of one customer and one source, and a voided purchase keeps its own.
func TestExternalIDs(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, full())
	create(t, s, customer(t, s), full())
	other := full()
	other.ExternalId.Source = "shop"
	create(t, s, parent, other)
	create(t, s, parent, coffee())
	create(t, s, parent, coffee())
	void(t, s, made.GetName(), "")
	_, err := s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: full()})
	apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
}

// TestOneOfManyCreates lets callers race for an external id.
func TestOneOfManyCreates(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	var callers sync.WaitGroup
	var won atomic.Int32
	for range 16 {
		callers.Go(func() {
			_, err := s.Purchases.CreatePurchase(t.Context(), &rapportv1.CreatePurchaseRequest{Parent: parent, Purchase: full()})
			if err == nil {
				won.Add(1)
				return
			}
			apitest.WantReason(t, err, codes.AlreadyExists, rapportv1.ErrorReason_EXTERNAL_ID_IN_USE)
		})
	}
	callers.Wait()
	if n := countPurchases(t, s); n != 1 || won.Load() != 1 {
		t.Errorf("%d purchases, %d callers made one", n, won.Load())
	}
}

func TestGetRefusals(t *testing.T) {
	s := apitest.Start(t)
	parent := customer(t, s)
	made := create(t, s, parent, coffee())
	for _, name := range []string{"", "x", parent, parent + "/purchases/-", "customers/-/purchases/" + made.GetUid(), strings.ToUpper(made.GetName()), parent + "/contacts/" + made.GetUid()} {
		_, err := s.Purchases.GetPurchase(t.Context(), &rapportv1.GetPurchaseRequest{Name: name})
		apitest.WantFields(t, err, codes.InvalidArgument, rapportv1.ErrorReason_INVALID_FIELD, "name")
	}
	for _, name := range []string{parent + "/purchases/" + newID(t), customer(t, s) + "/purchases/" + made.GetUid(), unknown + "/purchases/" + made.GetUid()} {
		_, err := s.Purchases.GetPurchase(t.Context(), &rapportv1.GetPurchaseRequest{Name: name})
		apitest.WantReason(t, err, codes.NotFound, rapportv1.ErrorReason_PURCHASE_NOT_FOUND)
	}
}
