// Package telemetry tells Prometheus and OpenTelemetry what happens, and is the only one
// that knows them.
//
// A Meter counts on the request path, each circuit in cells of its own, without a lock.
// Metrics answers scrapes from it, and from circuits and gates as they are at that
// moment. Names, types and labels of all metrics are in one table, which docs/metrics.md
// is written from.
//
// OTel makes spans and metrics by the conventions of HTTP and GenAI, and exports them as
// the environment of OpenTelemetry asks; without it there is none, and all its methods
// do nothing.
package telemetry
