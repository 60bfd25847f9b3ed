package telemetry

import (
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

// namePrefix begins a statement that has a name.
const namePrefix = "-- name: "

// maxBatchNames bounds the name of a batch: one of a thousand rows has few kinds of
// statements, but an import's may be mixed.
const maxBatchNames = 6

// queryName returns the name a statement gives itself, else its first word: the
// statements without a name are those of pgx, such as BEGIN.
func queryName(sql string) string {
	if rest, ok := strings.CutPrefix(strings.TrimLeft(sql, " \t\n"), namePrefix); ok {
		name, _, _ := strings.Cut(rest, "\n")
		return strings.TrimSpace(name)
	}
	word, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	for _, r := range word {
		if r < 'A' || r > 'z' || r > 'Z' && r < 'a' {
			return names.Other
		}
	}
	if word == "" || len(word) > 20 {
		return names.Other
	}
	return strings.ToUpper(word)
}

// batchName returns BATCH and the names of the statements, without repeats.
func batchName(batch *pgx.Batch) string {
	name := "BATCH"
	var seen [maxBatchNames]string
	n := 0
next:
	for _, q := range batch.QueuedQueries {
		one := queryName(q.SQL)
		for _, s := range seen[:n] {
			if s == one {
				continue next
			}
		}
		if n == maxBatchNames {
			return name + " ..."
		}
		seen[n] = one
		n++
		name += " " + one
	}
	return name
}

// labelCache keeps the labels of each summary and outcome, of which there are as many
// as statements in the source and SQLSTATEs met: to make them anew costs more than
// to record the duration.
type labelCache struct {
	mu     sync.RWMutex
	labels map[labelKey][]metric.RecordOption
}

type labelKey struct{ summary, state, kind string }

func (c *labelCache) get(summary, state, kind string) []metric.RecordOption {
	key := labelKey{summary: summary, state: state, kind: kind}
	c.mu.RLock()
	found, ok := c.labels[key]
	c.mu.RUnlock()
	if ok {
		return found
	}
	attrs := []attribute.KeyValue{
		attribute.String(names.DBSystem, names.DBSystemValue),
		attribute.String(names.DBQuerySummary, summary),
	}
	if state != "" {
		attrs = append(attrs, attribute.String(names.DBStatusCode, state))
	}
	if kind != "" {
		attrs = append(attrs, attribute.String(names.ErrorType, kind))
	}
	found = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.labels == nil {
		c.labels = map[labelKey][]metric.RecordOption{}
	}
	c.labels[key] = found
	return found
}
