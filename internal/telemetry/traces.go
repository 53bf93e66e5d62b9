// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"lachan/internal/logs"
)

// Traces sends a span for each request and each job to a collector.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// NewTraces sends to the collector at url, over OTLP/HTTP, in the background;
// one that does not answer holds nobody up. What names the machine is not
// asked for, and no span takes over an id that a caller sent.
func NewTraces(ctx context.Context, url, version string) (*Traces, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url), otlptracehttp.WithHeaders(map[string]string{"User-Agent": "lachan"}))
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	who := resource.NewSchemaless(attribute.String("service.name", "lachan"), attribute.String("service.version", version))
	p := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(who), sdk.WithSampler(sdk.AlwaysSample()))
	return &Traces{provider: p, tracer: p.Tracer("lachan")}, nil
}

// Close sends what waits, until ctx ends.
func (t *Traces) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// Observe makes a span of a request or a job (logs.Observe).
func (t *Traces) Observe(d logs.Done) {
	name, kind := d.Kind, trace.SpanKindConsumer
	attrs := []attribute.KeyValue{attribute.String("lachan.kind", d.Kind)}
	if d.Kind == "" {
		name, kind = routeOf(d), trace.SpanKindServer
		attrs = []attribute.KeyValue{
			attribute.String("http.route", routeOf(d)), attribute.String("http.request.method", methodOf(d)),
			attribute.Int("http.response.status_code", d.Status),
		}
	}
	_, span := t.tracer.Start(context.Background(), name, trace.WithTimestamp(d.Start), trace.WithSpanKind(kind), trace.WithAttributes(attrs...))
	if d.Failed {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(d.Start.Add(d.Took)))
}
