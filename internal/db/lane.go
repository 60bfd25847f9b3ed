package db

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Lanes is how many lanes there are. It can never change: every stored key has its
// lane in it.
const Lanes = 64

const (
	fnvOffset uint32 = 2166136261
	fnvPrime  uint32 = 16777619
)

// Lane is the unit of placement and of order: a pure function of a customer's id,
// FNV-1a of its 16 bytes modulo 64. All that a customer owns lies in its lane.
func Lane(id uuid.UUID) int16 {
	h := fnvOffset
	for _, b := range id {
		h = (h ^ uint32(b)) * fnvPrime
	}
	return int16(h % Lanes)
}

// KeyLane is the lane of a key made of strings, such as an external id. A zero byte
// ends each part, so that ("ab", "c") and ("a", "bc") differ.
func KeyLane(parts ...string) int16 {
	h := fnvOffset
	for _, part := range parts {
		for i := range len(part) {
			h = (h ^ uint32(part[i])) * fnvPrime
		}
		h *= fnvPrime
	}
	return int16(h % Lanes)
}

// NewID returns a UUIDv7 for the instant now that lies in the given lane, so that a
// row and what is written with it stay together. The tail of the UUID is counted up
// from a random start until the lane fits: 64 steps on average, about a microsecond.
func NewID(lane int16, now time.Time) (uuid.UUID, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return uuid.Nil, fmt.Errorf("random id: %w", err)
	}
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(now.UnixMilli())) //nolint:gosec // negative before 1970 only
	copy(id[:6], stamp[2:])
	id[6] = id[6]&0x0f | 0x70
	tail := binary.BigEndian.Uint32(id[12:])
	for Lane(id) != lane {
		tail++
		binary.BigEndian.PutUint32(id[12:], tail)
	}
	return id, nil
}

// NextID returns the first UUID behind id that lies in its lane: the id of what comes
// right after, where both happen at one instant and are listed by time and id.
func NextID(id uuid.UUID) uuid.UUID {
	next, low := id, binary.BigEndian.Uint64(id[8:])
	for {
		low++
		binary.BigEndian.PutUint64(next[8:], low)
		if Lane(next) == Lane(id) {
			return next
		}
	}
}
