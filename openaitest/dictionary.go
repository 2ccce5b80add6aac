package openaitest

// dictionary lists the words of scripts, in the order of a help page.
func dictionary() []entry {
	return append(answers(), append(streams(), choices()...)...)
}

// answers are the faults that act on the answer as a whole.
func answers() []entry {
	return []entry{
		{"healthy", "the service answers as it should", nil, false,
			func(values) Fault { return Healthy{} }},
		{"down", "a server error (503)", []param{status()}, false,
			func(v values) Fault { return Down{v.count("status")} }},
		{"overloaded", "503 server_is_overloaded; with 429, slow_down", []param{status(), duration("retry-after")}, false,
			func(v values) Fault { return Overloaded{v.count("status"), v.durations["retry-after"]} }},
		{"rate-limited", "429 rate_limit_exceeded; bare: without headers", []param{duration("retry-after"), flag("millis"), flag("tokens"), flag("bare")}, false,
			func(v values) Fault {
				return RateLimited{v.durations["retry-after"], v.on("millis"), v.on("tokens"), v.on("bare")}
			}},
		{"limited", "429 for what exceeds R requests per second, or its tokens per minute", limits(), false,
			func(v values) Fault {
				return &Limited{
					Rate: v.numbers["r"], Burst: v.count("burst"),
					TokensPerMinute: v.count("tokens"), TokenBurst: v.count("token-burst"),
					Millis: v.on("millis"), NoRetryAfter: v.on("no-retry-after"), Bare: v.on("bare"),
				}
			}},
		{"quota", "429 insufficient_quota", []param{status(), text("code")}, false,
			func(v values) Fault { return Quota{Code: v.texts["code"], Status: v.count("status")} }},
		{"error", "any status, with the API's error object", []param{needed(status()), text("type"), text("code")}, false,
			func(v values) Fault {
				return APIError{Status: v.count("status"), Type: v.texts["type"], Code: v.texts["code"]}
			}},
		{"html", "a page of the edge instead of JSON (200)", []param{anyStatus()}, false,
			func(v values) Fault { return HTML{v.count("status")} }},
		{"hang", "no answer until the client leaves", []param{duration("limit")}, false,
			func(v values) Fault { return Hang{v.durations["limit"]} }},
		{"slow", "late headers (1s), or late events", []param{duration("headers"), duration("chunk")}, false,
			func(v values) Fault { return Slow{v.durations["headers"], v.durations["chunk"]} }},
		{"reset", "the connection is reset before an answer; clean: closed", []param{flag("clean")}, false,
			func(v values) Fault { return Reset{v.on("clean")} }},
		{"garbage", "bytes that are not HTTP", nil, false,
			func(values) Fault { return Garbage{} }},
		{"truncated", "a body shorter than its announced length", nil, false,
			func(values) Fault { return Truncated{} }},
		{"gzip", "compresses the answer of the fault after it", []param{flag("always")}, false,
			func(v values) Fault { return Gzip{v.on("always")} }},
	}
}

// streams are the faults that act inside a stream.
func streams() []entry {
	return []entry{
		{"cut", "a stream ends after so many events", []param{after(), flag("reset"), flag("partial")}, false,
			func(v values) Fault { return Cut{v.count("after"), v.on("reset"), v.on("partial")} }},
		{"stall", "a stream falls silent after so many events", []param{after(), duration("limit"), duration("keepalive")}, false,
			func(v values) Fault {
				return Stall{v.count("after"), v.durations["limit"], v.durations["keepalive"]}
			}},
		{"error-event", "a stream reports an error after so many events", []param{after(), text("type"), text("code"), text("form", "flat", "failed", "both")}, false,
			func(v values) Fault {
				e := APIError{Type: v.texts["type"], Code: v.texts["code"]}
				return ErrorEvent{v.count("after"), e, ErrorForm(v.texts["form"])}
			}},
		{"broken-event", "one event of a stream is not JSON", []param{after()}, false,
			func(v values) Fault { return BrokenEvent{v.count("after")} }},
		{"empty-stream", "200 and a body of no bytes", nil, false,
			func(values) Fault { return EmptyStream{} }},
	}
}

// choices are the faults that stand for others.
func choices() []entry {
	return []entry{
		{"flaky", "each attempt fails with probability P", []param{{name: "p", kind: aNumber, need: true, hi: 1}}, true,
			func(v values) Fault { return Flaky{v.numbers["p"], v.group} }},
		{"first", "the first N attempts fail", []param{{name: "n", kind: aCount, need: true, hi: maxScriptCount}}, true,
			func(v values) Fault { return First{v.count("n"), v.group} }},
		{"only", "attempts fail that match", []param{text("model"), text("endpoint"), text("client")}, true,
			func(v values) Fault {
				return Only{v.texts["model"], v.texts["endpoint"], v.texts["client"], v.group}
			}},
	}
}

func limits() []param {
	return []param{
		{name: "r", kind: aNumber, lo: minRate, hi: maxRate},
		named("burst", maxScriptCount), named("tokens", maxTokens), named("token-burst", maxTokens),
		flag("millis"), flag("no-retry-after"), flag("bare"),
	}
}

func needed(p param) param {
	p.need = true
	return p
}
