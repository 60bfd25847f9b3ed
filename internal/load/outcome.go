package load

import "sync"

// Result is what a load did with a row.
type Result int

// The results. A row that is rejected has the error that says why.
const (
	Rejected Result = iota
	Created
	Updated
	Unchanged
)

// Outcome is what became of a row.
type Outcome struct {
	// Number is the row's.
	Number int64
	Result Result
	// Name is that of the record, where the service told it.
	Name string
	// Err says why the row was rejected.
	Err error
}

// Summary counts the outcomes. A row whose outcome got lost with a stream was written
// by it and counts as unchanged.
type Summary struct {
	Created, Updated, Unchanged, Rejected int64
}

// Rows returns how many outcomes there were.
func (s Summary) Rows() int64 { return s.Created + s.Updated + s.Unchanged + s.Rejected }

// Add counts one more row.
func (s *Summary) Add(r Result) {
	switch r {
	case Created:
		s.Created++
	case Updated:
		s.Updated++
	case Unchanged:
		s.Unchanged++
	default:
		s.Rejected++
	}
}

// tally counts the outcomes of a load and tells of them, of one at a time.
type tally struct {
	onOutcome func(Outcome)
	telling   sync.Mutex

	mu      sync.Mutex
	counted Summary
}

func (t *tally) count(o Outcome) {
	t.mu.Lock()
	t.counted.Add(o.Result)
	t.mu.Unlock()
	if t.onOutcome == nil {
		return
	}
	t.telling.Lock()
	defer t.telling.Unlock()
	t.onOutcome(o)
}

func (t *tally) summary() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counted
}
