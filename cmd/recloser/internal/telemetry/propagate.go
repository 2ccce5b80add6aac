package telemetry

import (
	"context"

	"github.com/recloser/recloser/guard"
)

// inject passes the trace context of ctx on with the attempt that begins. A
// tracestate that did not fit its traceparent goes no further; baggage goes as it
// came.
func (o *OTel) inject(ctx context.Context, e *guard.Event) {
	c := attemptCarrier{event: *e}
	o.propagator.Inject(ctx, &c)
	if !c.state && e.Request.Header.Get("Tracestate") != "" {
		e.SetHeader("Tracestate", "")
	}
}

// attemptCarrier is a propagation.TextMapCarrier of an attempt that begins. It has its
// own event: a pointer, with a propagator in between, would have every event of every
// call allocated.
type attemptCarrier struct {
	event guard.Event
	state bool // it has got a tracestate
}

// Get returns a header's value.
func (c *attemptCarrier) Get(name string) string { return c.event.Request.Header.Get(name) }

// Set sets a header of this attempt alone.
func (c *attemptCarrier) Set(name, value string) {
	c.state = c.state || name == "tracestate"
	c.event.SetHeader(name, value)
}

// Keys is for propagators that look for names; there is none here.
func (*attemptCarrier) Keys() []string { return nil }
