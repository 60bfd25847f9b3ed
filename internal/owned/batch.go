package owned

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	rapportv1 "github.com/rapport-crm/rapport/gen/rapport/v1"
	"github.com/rapport-crm/rapport/internal/aip"
	"github.com/rapport-crm/rapport/internal/apierr"
	"github.com/rapport-crm/rapport/internal/mutation"
)

// BatchRequest is a batch's.
type BatchRequest interface {
	CreateRequest
	GetReturnPartialSuccess() bool
}

// Entry is one create of a batch.
type Entry[M Message] struct {
	Request CreateRequest
	// ID is the caller's, or empty for one of ours.
	ID    string
	Value M
}

// Entries returns the creates of a batch; id and value are the getters of what a create is of.
func Entries[M Message, Q CreateRequest](requests []Q, id func(Q) string, value func(Q) M) []Entry[M] {
	entries := make([]Entry[M], len(requests))
	for i, r := range requests {
		entries[i] = Entry[M]{Request: r, ID: id(r), Value: value(r)}
	}
	return entries
}

// child is a parsed entry, and what a run finds out about it.
type child[M Message, P any] struct {
	index  int
	owner  owner
	id     uuid.UUID
	given  bool // the id is the caller's
	value  M
	req    CreateRequest
	row    P
	refers []named
	looked int // its number among those that Look was asked about
	err    error
}

// Failed are the requests of a batch that could not be done, by their index.
type Failed = map[int32]*statuspb.Status

// BatchCreate makes records of the request's parent or, where that is customers/-, of the
// customers that the entries name: all or none or, where the request asks for it, all that
// can be made. An error says with which entry it has to do, and its paths lead there. The
// answer is made of the records, in their order, and of what failed.
func BatchCreate[M Message, R any, P Row[R, M], B proto.Message](
	ctx context.Context, r *Resource[M, R, P], req BatchRequest, entries []Entry[M], answer func([]M, Failed) B,
) (B, error) {
	var none B
	claim, err := mutation.NewClaim(ctx, req)
	if err != nil {
		return none, err
	}
	parsed, refused := make([]child[M, P], 0, len(entries)), failures{partial: req.GetReturnPartialSuccess()}
	for i, e := range entries {
		c, err := r.parseEntry(claim, req, e)
		if err == nil {
			c.index = i
			parsed = append(parsed, c)
		} else if err := refused.add(i, err); err != nil {
			return none, err
		}
	}
	return mutation.Run(ctx, r.Mutations, claim, func(ctx context.Context, tx *mutation.Tx) (B, error) {
		failed := refused.clone()
		out, err := r.createAll(ctx, tx, slices.Clone(parsed), &failed)
		if err != nil {
			return none, err
		}
		return answer(out, failed.all), nil
	})
}

// failures are the entries of a batch that cannot be done.
type failures struct {
	partial bool
	all     Failed
}

// add notes what is wrong with an entry, or returns the error for the whole batch where
// that is made of all or none, or where it is not the entry's.
func (f *failures) add(index int, err error) error {
	at := apierr.AtIndex(err, "requests", index)
	if !f.partial || apierr.Info(at) == nil || apierr.Cause(at) != nil {
		return at
	}
	if f.all == nil {
		f.all = Failed{}
	}
	f.all[int32(index)] = status.Convert(at).Proto() //nolint:gosec // a batch has 1,000 entries at most
	return nil
}

func (f *failures) clone() failures { return failures{f.partial, maps.Clone(f.all)} }

// parseEntry parses and normalises one create of a batch.
func (r *Resource[M, R, P]) parseEntry(claim *mutation.Claim, batch BatchRequest, e Entry[M]) (c child[M, P], err error) {
	parent, own := batch.GetParent(), e.Request.GetParent()
	if batch.GetReturnPartialSuccess() {
		if err := r.Validate(e.Request); err != nil {
			return c, err
		}
	}
	switch {
	case e.Request.GetRequestId() != "":
		return c, apierr.InvalidField("request_id", "must be empty: the batch has one")
	case e.Request.GetValidateOnly():
		return c, apierr.InvalidField("validate_only", "must be unset: the batch has one")
	case aip.IsAnyCustomer(parent) && own != "":
		parent = own
	case own != "" && own != parent:
		return c, apierr.InvalidField("parent", "must be that of the batch, or empty; or that of the batch customers/-")
	}
	if c.owner, err = parseOwner(e.Request, parent); err != nil {
		return c, err
	}
	if c.id, err = r.newID(claim, e.ID); err != nil {
		return c, err
	}
	c.given, c.value, c.req = e.ID != "", e.Value, e.Request
	aip.ClearUnsettable(c.value)
	return c, r.normalise(c.value)
}

// createAll makes the records that can be made, and notes for the others why not.
func (r *Resource[M, R, P]) createAll(ctx context.Context, tx *mutation.Tx, children []child[M, P], failed *failures) ([]M, error) {
	there, err := r.look(ctx, tx, children)
	if err != nil {
		return nil, err
	}
	made := make([]Moved[M, P], 0, len(children))
	for i := range children {
		c := &children[i]
		m, err := r.birth(tx, there, c)
		if err == nil {
			made = append(made, m)
			err = r.insert(ctx, tx, r.refusedOf(c, m.After.GetName()), m)
		} else if !errors.Is(err, mutation.ErrRaced) {
			err = failed.add(c.index, err)
		}
		if err != nil {
			return nil, err
		}
	}
	r.follow(tx, made)
	out := make([]M, len(made))
	for i, m := range made {
		out[i] = m.After
	}
	return out, nil
}

// birth fills the row of an entry, or says why it cannot be made.
func (r *Resource[M, R, P]) birth(tx *mutation.Tx, there *there, c *child[M, P]) (m Moved[M, P], err error) {
	if c.err != nil {
		return m, c.err
	}
	if _, err := there.owners.find(c.owner); err != nil {
		return m, err
	}
	customer := c.owner.customer
	// First what is there already: whoever sends a batch again need not mind that what its
	// records name is gone by now.
	at, key := place{customer, c.id}, keyed{customer, externalID(c.value)}
	switch name := r.Collection.Name(customer, c.id); {
	case there.ids[at]:
		return m, r.exists(name)
	case there.keys[key]:
		return m, r.externalIDInUse(name)
	}
	for _, n := range c.refers {
		if !there.named[r.sql.Named[n.reference]][place{customer, n.id}] {
			return m, r.References[n.reference].missing()
		}
	}
	if there.refuses != nil {
		if err := there.refuses(c.looked); err != nil {
			return m, err
		}
	}
	m, err = r.begin(tx, c.row, customer, c.id, c.value)
	if err == nil {
		// A second one of the batch finds it taken.
		there.ids[at], there.keys[key] = true, key.key != (externalKey{})
	}
	return m, err
}

// refusedOf says what to answer where PostgreSQL refuses an entry's record. What was looked for
// was not there a moment ago: it is another call's work, and the next run sees it.
func (r *Resource[M, R, P]) refusedOf(c *child[M, P], name string) mutation.Refusal {
	return func(e *pgconn.PgError) error {
		err := r.refused(name)(e)
		switch reason := apierr.Reason(err); {
		case reason == r.Exists, reason == rapportv1.ErrorReason_EXTERNAL_ID_IN_USE, err != nil && r.Look != nil:
			return mutation.ErrRaced
		}
		return apierr.AtIndex(err, "requests", c.index)
	}
}
