package db_test

import (
	"hash/fnv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rapport-crm/rapport/internal/db"
)

// TestLaneNeverChanges pins the function that every stored key depends on.
func TestLaneNeverChanges(t *testing.T) {
	for id, want := range map[string]int16{
		"00000000-0000-0000-0000-000000000000": 5,
		"0198c0de-0000-7000-8000-000000000001": 1,
		"ffffffff-ffff-ffff-ffff-ffffffffffff": 53,
	} {
		if got := db.Lane(uuid.MustParse(id)); got != want {
			t.Errorf("lane of %s is %d, want %d", id, got, want)
		}
	}
	for _, test := range []struct {
		lane  int16
		parts []string
	}{{37, []string{"ab", "c"}}, {25, []string{"a", "bc"}}, {5, nil}, {63, []string{"erp", "4711"}}} {
		if got := db.KeyLane(test.parts...); got != test.lane || got != laneOf([]byte(strings.Join(append(test.parts, ""), "\x00"))) {
			t.Errorf("lane of %q is %d, want %d", test.parts, got, test.lane)
		}
	}
}

// laneOf is FNV-1a modulo 64, of the standard library.
func laneOf(b []byte) int16 {
	h := fnv.New32a()
	_, _ = h.Write(b) // never fails
	return int16(h.Sum32() % 64)
}

func TestLanesAreEven(t *testing.T) {
	var counts [db.Lanes]int
	for range 64_000 {
		id, err := uuid.NewV7()
		if err != nil {
			t.Fatal(err)
		}
		if lane := db.Lane(id); lane != laneOf(id[:]) {
			t.Fatalf("lane of %s is %d, want %d", id, lane, laneOf(id[:]))
		}
		counts[db.Lane(id)]++
	}
	for lane, n := range counts {
		if n < 800 || n > 1200 {
			t.Errorf("lane %d has %d of 64,000, want about 1,000", lane, n)
		}
	}
}

func TestNewID(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 123_456_789, time.UTC)
	seen := map[uuid.UUID]bool{}
	for lane := range int16(db.Lanes) {
		for range 20 {
			id, err := db.NewID(lane, now)
			if err != nil {
				t.Fatal(err)
			}
			seconds, nanos := id.Time().UnixTime()
			if at := time.Unix(seconds, nanos).UTC(); !at.Equal(now.Truncate(time.Millisecond)) {
				t.Errorf("%s says %s", id, at)
			}
			if db.Lane(id) != lane || id.Version() != 7 || id.Variant() != uuid.RFC4122 || seen[id] {
				t.Errorf("%s: lane %d, want %d, version %s, variant %s, seen before %t", id, db.Lane(id), lane, id.Version(), id.Variant(), seen[id])
			}
			seen[id] = true
		}
	}
}
