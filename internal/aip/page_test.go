package aip_test

import (
	"encoding/base64"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
)

var (
	orderColumns = map[string]aip.OrderColumn{
		"create_time":  {Column: "create_time", Kind: aip.TimeKey},
		"update_time":  {Column: "update_time", Kind: aip.TimeKey},
		"display_name": {Column: "left(display_name, 60)", Kind: aip.TextKey},
	}
	newestFirst = aip.Order{Field: "create_time", Column: "create_time", Desc: true, Kind: aip.TimeKey}
	byName      = aip.Order{Field: "display_name", Column: "left(display_name, 60)", Kind: aip.TextKey}
)

func TestParseOrderBy(t *testing.T) {
	byUpdate := aip.Order{Field: "update_time", Column: "update_time", Kind: aip.TimeKey}
	for orderBy, want := range map[string]aip.Order{
		"":                 newestFirst,
		"  ":               newestFirst,
		"create_time desc": newestFirst,
		"display_name":     byName,
		"display_name asc": byName,
		" update_time  ":   byUpdate,
	} {
		got, err := aip.ParseOrderBy(orderBy, orderColumns, newestFirst)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", orderBy, got, err, want)
		}
	}
	for _, orderBy := range []string{
		"name", "create_time,update_time", "create_time DESC", "create_time desc desc", "desc", "create_time;", "1",
		"left(display_name, 60)", ",", strings.Repeat("x", 2000),
	} {
		_, err := aip.ParseOrderBy(orderBy, orderColumns, newestFirst)
		wantViolation(t, orderBy, err, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by")
	}
	_, err := aip.ParseOrderBy("displayName", orderColumns, newestFirst)
	if text := wantViolation(t, "near", err, rapportv1.ErrorReason_INVALID_ORDER_BY, "order_by"); !strings.Contains(text, "`display_name`?") {
		t.Errorf("no near name in %q", text)
	}
}

func TestPageSize(t *testing.T) {
	for n, want := range map[int32]int{-1: 50, 0: 50, 1: 1, 1000: 1000, 1001: 1000, math.MaxInt32: 1000, math.MinInt32: 50} {
		if got := aip.PageSize(n); got != want {
			t.Errorf("PageSize(%d) = %d, want %d", n, got, want)
		}
	}
}

func TestTokenRoundTrip(t *testing.T) {
	id := uuid.MustParse(idA)
	at := time.Date(2026, 11, 21, 21, 13, 0, 123456000, time.UTC)
	for name, tc := range map[string]struct {
		order  aip.Order
		cursor aip.Cursor
	}{
		"time":         {newestFirst, aip.Cursor{Time: at, ID: id, Total: 17}},
		"before 1970":  {newestFirst, aip.Cursor{Time: at.AddDate(-1000, 0, 0), ID: id, Total: aip.CountLimit}},
		"never":        {newestFirst, aip.Cursor{Time: aip.Never, ID: id}},
		"text":         {byName, aip.Cursor{Key: "Ада \" 🦊", ID: id, Total: aip.UnknownTotal}},
		"empty text":   {byName, aip.Cursor{ID: id}},
		"longest text": {byName, aip.Cursor{Key: strings.Repeat("🦊", 60), ID: id, Total: 1}},
	} {
		f := aip.FingerprintOf(tc.order, "ListCustomers", "", "tags:x")
		token := tc.cursor.Token(f)
		got, err := aip.ParseToken(token, f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.cursor, *got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(token) > 512 || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%s: token of %d bytes or not URL-safe: %s", name, len(token), token)
		}
	}
	if c, err := aip.ParseToken("", aip.Fingerprint{}); c != nil || err != nil {
		t.Errorf("no token: %v, %v", c, err)
	}
}

func TestTokenIsForOneList(t *testing.T) {
	f := aip.FingerprintOf(newestFirst, "ListCustomers", "a", "b")
	token := aip.Cursor{Time: time.Unix(0, 0), ID: uuid.MustParse(idA)}.Token(f)
	oldestFirst := newestFirst
	oldestFirst.Desc = false
	for name, other := range map[string]aip.Fingerprint{
		"method":        aip.FingerprintOf(newestFirst, "ListContacts", "a", "b"),
		"filter":        aip.FingerprintOf(newestFirst, "ListCustomers", "a", "c"),
		"moved bytes":   aip.FingerprintOf(newestFirst, "ListCustomers", "ab", ""),
		"fewer parts":   aip.FingerprintOf(newestFirst, "ListCustomers", "ab"),
		"direction":     aip.FingerprintOf(oldestFirst, "ListCustomers", "a", "b"),
		"order":         aip.FingerprintOf(byName, "ListCustomers", "a", "b"),
		"long as 256+1": aip.FingerprintOf(newestFirst, "ListCustomers", strings.Repeat("a", 257), "b"),
	} {
		_, err := aip.ParseToken(token, other)
		wantViolation(t, name, err, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
	}
}

func TestTokenRefusesGarbage(t *testing.T) {
	f := aip.FingerprintOf(newestFirst, "x")
	good := aip.Cursor{Time: time.Unix(0, 0), ID: uuid.MustParse(idA)}.Token(f)
	raw, _ := base64.RawURLEncoding.DecodeString(good)
	changed := func(offset int, b byte) string {
		c := append([]byte(nil), raw...)
		c[offset] = b
		return base64.RawURLEncoding.EncodeToString(c)
	}
	for name, token := range map[string]string{
		"word": "garbage", "padded": good + "=", "cut": good[:len(good)-4], "longer": good + "AAAA", "line end": good[:4] + "\n" + good[4:],
		"carriage return": good + "\r", "standard alphabet": "+/" + good[2:], "huge": strings.Repeat("A", 513), "long": strings.Repeat("A", 512),
		"version": changed(0, 2), "kind": changed(1, byte(aip.TextKey)), "total below -1": changed(10, 0x80), "total above": changed(11, 1),
		"year beyond 9999": changed(30, 0x7f), "loose bits": good[:len(good)-1] + string(good[len(good)-1]+1), "spaces": " ",
	} {
		_, err := aip.ParseToken(token, f)
		wantViolation(t, name, err, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
	}
	text := aip.FingerprintOf(byName, "x")
	for _, key := range []string{"\xff", "a\x00"} {
		_, err := aip.ParseToken(aip.Cursor{Key: key}.Token(text), text)
		wantViolation(t, key, err, rapportv1.ErrorReason_INVALID_PAGE_TOKEN, "page_token")
	}
}

// FuzzToken checks that no token makes a panic, and that one that is taken is the only
// one of its cursor.
func FuzzToken(f *testing.F) {
	times, texts := aip.FingerprintOf(newestFirst, "x"), aip.FingerprintOf(byName, "x")
	f.Add(aip.Cursor{Time: time.Unix(1, 5000), ID: uuid.MustParse(idA), Total: 3}.Token(times))
	f.Add(aip.Cursor{Time: aip.Never, ID: uuid.MustParse(idA)}.Token(times))
	f.Add(aip.Cursor{Key: "Ada", ID: uuid.MustParse(idA)}.Token(texts))
	f.Add("garbage")
	f.Fuzz(func(t *testing.T, token string) {
		for _, list := range []aip.Fingerprint{times, texts} {
			cursor, err := aip.ParseToken(token, list)
			if err == nil && cursor != nil && cursor.Token(list) != token {
				t.Errorf("%s is also %s", token, cursor.Token(list))
			}
		}
	})
}

func BenchmarkToken(b *testing.B) {
	b.ReportAllocs()
	filter := `tags:"vip" AND attributes.plan = "gold" AND create_time > "2026-01-01T00:00:00Z"`
	cursor := aip.Cursor{Time: time.Unix(1, 0), ID: uuid.MustParse(idA)}
	for b.Loop() {
		f := aip.FingerprintOf(newestFirst, "ListCustomers", filter, "false")
		if _, err := aip.ParseToken(cursor.Token(f), f); err != nil {
			b.Fatal(err)
		}
	}
}

// A text key must be what left(column, 60) gives, or a page would start elsewhere.
func TestTextKeyOf(t *testing.T) {
	for _, text := range []string{"", "Ada", strings.Repeat("x", 60), strings.Repeat("x", 61), strings.Repeat("🦊", 60), strings.Repeat("é", 59) + "🦊🦊", strings.Repeat("👩‍👩‍👧", 40)} {
		runes := []rune(text)
		if got, want := aip.TextKeyOf(text), string(runes[:min(len(runes), 60)]); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestPageEnd(t *testing.T) {
	f := aip.FingerprintOf(newestFirst, "x")
	token, size := aip.PageEnd(&aip.Cursor{Time: time.Unix(0, 0), ID: uuid.MustParse(idA)}, 17, f)
	if next, err := aip.ParseToken(token, f); err != nil || next.Total != 17 || size == nil || *size != 17 {
		t.Errorf("next %v, size %v, error %v", next, size, err)
	}
	if token, size := aip.PageEnd(nil, aip.UnknownTotal, f); token != "" || size != nil {
		t.Errorf("the end: token %q, size %v", token, size)
	}
}

func TestTimestamps(t *testing.T) {
	at := timestamppb.New(time.Date(1931, 2, 3, 4, 5, 6, 123456999, time.UTC))
	want := time.Date(1931, 2, 3, 4, 5, 6, 123456000, time.UTC)
	if got := aip.FromTimestamp(at); got == nil || !got.Equal(want) || !aip.ToTimestamp(got).AsTime().Equal(want) {
		t.Errorf("FromTimestamp: %v, want %v", got, want)
	}
	if aip.FromTimestamp(nil) != nil || aip.ToTimestamp(nil) != nil {
		t.Error("an unset time became one")
	}
}

type numbered struct {
	n int
	aip.Scan
}

func TestPage(t *testing.T) {
	row := func(n int, matched bool, scanned int64) numbered {
		return numbered{n, aip.Scan{Matched: matched, Scanned: scanned}}
	}
	for name, tc := range map[string]struct {
		rows []numbered
		want []int
		next int // 0 for none
	}{
		"none":                       {nil, nil, 0},
		"last page":                  {[]numbered{row(1, true, 0), row(2, true, 0)}, []int{1, 2}, 0},
		"more rows":                  {[]numbered{row(1, true, 0), row(2, true, 0), row(3, true, 0)}, []int{1, 2}, 2},
		"bounded, end of the table":  {[]numbered{row(7, true, 7)}, []int{7}, 0},
		"bounded, full":              {[]numbered{row(7, true, 7), row(8, true, 8), row(9, true, 9)}, []int{7, 8}, 8},
		"bounded, empty":             {[]numbered{row(5, false, aip.ScanLimit)}, nil, 5},
		"bounded, short":             {[]numbered{row(4, true, 8), row(5, false, aip.ScanLimit)}, []int{4}, 5},
		"bounded, last one matches":  {[]numbered{row(4, true, 8), row(5, true, aip.ScanLimit)}, []int{4, 5}, 5},
		"bounded, full and at limit": {[]numbered{row(3, true, 7), row(4, true, 8), row(5, false, aip.ScanLimit)}, []int{3, 4}, 5},
		"bounded, more than full":    {[]numbered{row(3, true, 7), row(4, true, 8), row(5, true, aip.ScanLimit)}, []int{3, 4}, 4},
	} {
		page, next := aip.Page(tc.rows, 2,
			func(r *numbered) aip.Scan { return r.Scan },
			func(r *numbered) aip.Cursor { return aip.Cursor{ID: uuid.UUID{byte(r.n)}} })
		var got []int
		for _, r := range page {
			got = append(got, r.n)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: page %s", name, diff)
		}
		switch {
		case next == nil && tc.next != 0, next != nil && int(next.ID[0]) != tc.next:
			t.Errorf("%s: next %v, want %d", name, next, tc.next)
		}
	}
}
