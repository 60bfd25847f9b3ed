package bench

import "context"

// longPages compares what a page of 20 costs of a history of 20,000 entries with what the
// whole of one costs that has just 20: the processor time of the service and of PostgreSQL, one
// call in flight. Latency would have the client and the scheduler in it, which are the same for
// both and would bring the two nearer to each other.
func (b *bench) longPages(ctx context.Context, noise float64) (Case, error) {
	c := Case{Name: "timeline-20000:20/grpc/1", AtMost: 1.2}
	if err := b.tidy(ctx); err != nil {
		return c, err
	}
	short, long := b.candidate("short", b.first, "timeline-20", "grpc", 1), b.candidate("long", b.first, "timeline-20000", "grpc", 1)
	samples, err := b.rounds(ctx, []system{short, long})
	if err != nil {
		return c, err
	}
	failed := 0
	for _, s := range samples {
		failed += s.Errors
	}
	c.Samples, c.Ratios = samples, serverCosts(samples, "short", "long")
	c.Verdict = judgeMost(c.Ratios, c.AtMost, failed, noise)
	return c, nil
}
