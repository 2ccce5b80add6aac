package telemetry

import (
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	genai "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/semconv/v1.41.0/genaiconv"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
)

// conventional are the names that the conventions' own packages have, of those that
// may be used here.
func conventional() []attribute.Key {
	return []attribute.Key{
		semconv.HTTPRequestMethodKey, semconv.HTTPRouteKey, semconv.HTTPResponseStatusCodeKey, semconv.HTTPRequestResendCountKey,
		semconv.URLSchemeKey, semconv.URLPathKey, semconv.URLFullKey, semconv.ServerAddressKey, semconv.ServerPortKey, semconv.ErrorTypeKey,
		attribute.Key("http.response.header.x-request-id"),
		genai.GenAIOperationNameKey, genai.GenAIProviderNameKey, genai.GenAIRequestModelKey, genai.GenAIRequestStreamKey,
		genai.GenAIResponseTimeToFirstChunkKey, genai.GenAIUsageInputTokensKey, genai.GenAIUsageOutputTokensKey, genai.GenAITokenTypeKey,
	}
}

// Each name of ours is one of the conventions, or says that it is our own.
func TestNamesAreThoseOfTheConventions(t *testing.T) {
	for _, key := range []attribute.Key{
		genAIOperation, genAIProvider, genAIModel, genAIStream, genAIFirstChunk, genAIInputTokens, genAIOutputTokens, genAITokenType, headerRequestID,
	} {
		if !slices.Contains(conventional(), key) {
			t.Errorf("%s is in no conventions", key)
		}
	}
	for ours, theirs := range map[string]string{
		metricGenAIDuration:   genaiconv.ClientOperationDuration{}.Name(),
		metricGenAIFirstChunk: genaiconv.ClientOperationTimeToFirstChunk{}.Name(),
		metricGenAITokens:     genaiconv.ClientTokenUsage{}.Name(),
		operationChat:         string(genaiconv.OperationNameChat),
		operationCompletion:   string(genaiconv.OperationNameTextCompletion),
		operationEmbeddings:   string(genaiconv.OperationNameEmbeddings),
	} {
		if ours != theirs {
			t.Errorf("%q is %q in the conventions", ours, theirs)
		}
	}
	known := []genaiconv.ProviderNameAttr{
		genaiconv.ProviderNameOpenAI, genaiconv.ProviderNameAzureAIOpenAI, genaiconv.ProviderNameAzureAIInference, genaiconv.ProviderNameAnthropic,
		genaiconv.ProviderNameDeepseek, genaiconv.ProviderNameGroq, genaiconv.ProviderNameMistralAI, genaiconv.ProviderNamePerplexity,
		genaiconv.ProviderNameXAI, genaiconv.ProviderNameCohere, genaiconv.ProviderNameGCPGemini, genaiconv.ProviderNameGCPVertexAI,
	}
	for _, p := range providers {
		if !slices.Contains(known, genaiconv.ProviderNameAttr(p.name)) {
			t.Errorf("%s is no provider of the conventions", p.name)
		}
	}
}

// checkNames demands that attributes are of the conventions, or our own.
func checkNames(t *testing.T, of string, attributes map[string]string) {
	t.Helper()
	for name := range attributes {
		if !strings.HasPrefix(name, "recloser.") && !slices.Contains(conventional(), attribute.Key(name)) {
			t.Errorf("%s has %s, which is in no conventions", of, name)
		}
	}
}

// units are those of the metrics that may come.
func units() map[string]string {
	return map[string]string{
		httpconv.ServerRequestDuration{}.Name():            "s",
		httpconv.ClientRequestDuration{}.Name():            "s",
		genaiconv.ClientOperationDuration{}.Name():         "s",
		genaiconv.ClientOperationTimeToFirstChunk{}.Name(): "s",
		genaiconv.ClientTokenUsage{}.Name():                genaiconv.ClientTokenUsage{}.Unit(),
		"recloser.circuit.state":                           "{circuit}",
		"recloser.refusals":                                "{call}",
		"recloser.gated":                                   "{refusal}",
		"recloser.retries":                                 "{retry}",
		"recloser.fallbacks":                               "{fallback}",
	}
}
