package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"

	"github.com/rapport-crm/rapport/internal/rpc"
	"github.com/rapport-crm/rapport/internal/telemetry/names"
)

func (t *Telemetry) setupLogs(ctx context.Context, o Options, res *resource.Resource) error {
	handler, err := newLogHandler(o)
	if err != nil {
		return err
	}
	t.Logger = slog.New(handler)
	if !exports("LOGS") {
		return nil
	}
	exporter, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return err
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)), sdklog.WithResource(res))
	t.shutdown = append(t.shutdown, provider.Shutdown)
	// OpenTelemetry's records have the trace in fields of their own.
	bridge := levelled{idHandler{Handler: otelslog.NewHandler(names.Scope, otelslog.WithLoggerProvider(provider))}, level(o)}
	t.Logger = slog.New(slog.NewMultiHandler(handler, bridge))
	return nil
}

func level(o Options) slog.Leveler {
	if o.LogLevel == nil {
		return slog.LevelInfo
	}
	return o.LogLevel
}

func newLogHandler(o Options) (slog.Handler, error) {
	options := &slog.HandlerOptions{Level: level(o)}
	format := o.LogFormat
	if format == "" {
		format = "json"
		if terminal(o.Log) {
			format = "text"
		}
	}
	switch format {
	case "json":
		return idHandler{Handler: slog.NewJSONHandler(o.Log, options), trace: true}, nil
	case "text":
		return idHandler{Handler: slog.NewTextHandler(o.Log, options), trace: true}, nil
	}
	return nil, fmt.Errorf("log format %q is neither json nor text", format)
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// idHandler adds the ids of the running call to each record, so that a line leads to
// its trace and its request, and back.
type idHandler struct {
	slog.Handler

	trace bool
}

// Handle implements slog.Handler.
func (h idHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.trace {
		if span := trace.SpanContextFromContext(ctx); span.IsValid() {
			r.AddAttrs(
				slog.String(names.TraceID, span.TraceID().String()),
				slog.String(names.SpanID, span.SpanID().String()),
			)
		}
	}
	if id := rpc.CallFrom(ctx).RequestID; id != "" {
		r.AddAttrs(slog.String(names.RequestID, id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h idHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

// WithGroup implements slog.Handler.
func (h idHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}

// levelled gives a handler that takes every record a least level.
type levelled struct {
	slog.Handler

	level slog.Leveler
}

// Enabled implements slog.Handler.
func (h levelled) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level.Level() && h.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (h levelled) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

// WithGroup implements slog.Handler.
func (h levelled) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}
