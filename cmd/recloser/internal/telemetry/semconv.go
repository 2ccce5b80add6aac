package telemetry

import "go.opentelemetry.io/otel/attribute"

// Names of the GenAI semantic conventions. They have left the core conventions with
// 1.42 and have no Go package since: these are those of 1.41.0 (as in
// go.opentelemetry.io/otel/semconv/v1.41.0 and its genaiconv, read 2026-11-26). HTTP's
// names are those of semconv/v1.43.0. As they are of two versions, no schema URL goes
// with them.
const (
	genAIOperation    = attribute.Key("gen_ai.operation.name")
	genAIProvider     = attribute.Key("gen_ai.provider.name")
	genAIModel        = attribute.Key("gen_ai.request.model")
	genAIStream       = attribute.Key("gen_ai.request.stream")
	genAIFirstChunk   = attribute.Key("gen_ai.response.time_to_first_chunk") // s
	genAIInputTokens  = attribute.Key("gen_ai.usage.input_tokens")
	genAIOutputTokens = attribute.Key("gen_ai.usage.output_tokens")
	genAITokenType    = attribute.Key("gen_ai.token.type") // of the metric: input, output

	metricGenAIDuration   = "gen_ai.client.operation.duration"
	metricGenAIFirstChunk = "gen_ai.client.operation.time_to_first_chunk"
	metricGenAITokens     = "gen_ai.client.token.usage"
)

// The operations that the GenAI conventions name, of those of OpenAI's API.
const (
	operationChat       = "chat" // responses too
	operationCompletion = "text_completion"
	operationEmbeddings = "embeddings"
)

// headerRequestID is the service's id of an exchange: HTTP's conventions make
// the name of an attribute of each header, whose value is a list.
const headerRequestID = attribute.Key("http.response.header.x-request-id")

// Names of our own. ARCHITECTURE.md has the words.
const (
	recloserCircuit  = attribute.Key("recloser.circuit")
	recloserTarget   = attribute.Key("recloser.target")
	recloserNext     = attribute.Key("recloser.next_target")
	recloserAttempt  = attribute.Key("recloser.attempt")  // its number, from 1
	recloserAttempts = attribute.Key("recloser.attempts") // of a call
	recloserProbe    = attribute.Key("recloser.probe")
	recloserKind     = attribute.Key("recloser.kind") // of fault, or refused
	recloserWait     = attribute.Key("recloser.wait") // s
	recloserState    = attribute.Key("recloser.circuit.state")

	eventRetry    = "recloser.retry"
	eventFallback = "recloser.fallback"
	eventGate     = "recloser.gate"
	eventRefused  = "recloser.refused"

	metricState     = "recloser.circuit.state"
	metricRefusals  = "recloser.refusals"
	metricGated     = "recloser.gated"
	metricRetries   = "recloser.retries"
	metricFallbacks = "recloser.fallbacks"
)

// scope is the name of the instrumentation.
const scope = "github.com/recloser/recloser"

// Buckets, as the conventions have them, in seconds and tokens.
var (
	httpBuckets  = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	genAIBuckets = []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92}
	tokenBuckets = []float64{1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864}
)
