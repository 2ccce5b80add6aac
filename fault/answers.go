package fault

// last is an upper bound above every status.
const last = 1 << 30

// vagueCodes are codes that say no more than that there was an error. With one
// of them, as with none and with a mere number, the message is read for a hint.
const vagueCodes = "error unknown unknown_error bad_request invalid_request invalid_request_error " +
	"invalid_argument internal_error internal_server_error server_error api_error upstream_error provider_error " +
	"bad_response bad_response_status_code do_request_failed openai_error one_api_error new_api_error " +
	"too_many_requests toomanyrequests ratelimitreached service_unavailable " +
	"forbidden access_denied accessdenied unauthorized permission_denied permissiondenied rejected failed failure fail " +
	"invalid_response bad_gateway upstream_failed system_error internalservererror internal"

// vagueTypes are types that say no more than that there was an error.
const vagueTypes = "error none null api_error upstream_error provider_error one_api_error new_api_error openai_error unknown_error " +
	"invalid_response_error runtime_error proxy_error gateway_error forbidden permission_error auth_error precondition_failed"

// callerTypes are types that blame the request and say no more. What follows in
// the message is often a piece of the request.
const callerTypes = "invalid_request_error badrequesterror bad_request_error invalid_request"

// answers are the rows for what a service says, tried from the top:
//
//	money, by code                       wins over every status
//	the request, the key, by code        below 500 only
//	phrases that nobody writes by chance  whatever the code
//	load, limits, failures, by code
//	types that blame the request         at 400
//	words in names that no row lists
//	words in the message                 where the code says nothing
//	the status
//
// It is never written to. A 5xx is the service's own failure: rows that blame the
// caller end below it, as do mere numbers, which mean something else at every
// server.
var answers = [...]Row{
	// Money wins over every status.
	{Name: "quota: project cap", Codes: "project_spend_limit_exceeded", Types: "project_spend_limit_exceeded",
		Kind: Quota, NotDone: true, Source: "doc",
		Why: "The spend limit of this project is reached; somebody has to raise it."},
	{Name: "quota: organisation",
		Codes: "credit_balance_exhausted organization_spend_limit_exceeded organization_usage_limit_exceeded insufficient_quota",
		Types: "credit_balance_exhausted organization_spend_limit_exceeded organization_usage_limit_exceeded insufficient_quota",
		Kind:  Quota, NotDone: true, Source: "doc",
		Why: "The organisation's credit or spend limit is used up; somebody has to pay or raise it."},
	{Name: "quota: billing", Codes: "billing_hard_limit_reached billing_not_active access_terminated",
		Types: "billing_hard_limit_reached billing_not_active access_terminated",
		Kind:  Quota, NotDone: true, Source: "rep",
		Why: "A hard spend cap is reached, or the account's billing is not active."},
	{Name: "quota: other servers",
		Codes: "exceeded_current_quota_error insufficient_balance insufficient_credits insufficient_user_quota " +
			"pre_consume_token_quota_failed arrearage accountoverdueerror account_overdue billing_error payment_required " +
			"insufficient_funds balance_not_enough credits_exhausted token_quota_exhausted budget_exceeded " +
			"setlimitexceeded accountoverdue prepaidbilloverdue postpaidbilloverdue allocationquota.freetieronly " +
			"insufficient_balance_error not_enough_balance creditserror free_quota_exceeded quota_exceeded",
		Types: "exceeded_current_quota_error insufficient_balance insufficient_credits insufficient_user_quota " +
			"billing_error payment_required budget_exceeded insufficient_balance_error creditserror",
		Kind: Quota, NotDone: true, Source: "gen",
		Why: "The account's balance at this provider is used up."},
	{Name: "quota: numbers", Min: 400, Max: 499, Codes: "1113 30001 30011 1008 1309", Kind: Quota, NotDone: true, Source: "gen",
		Why: "The account's balance at this provider is used up."},

	// Codes that blame the request, the key or the caller's rights.
	{Name: "429 request too large", Min: 400, Max: 499, Codes: "rate_limit_exceeded tokens_limit_reached", Types: "tokens requests input-tokens",
		Text: "request too large", Kind: Caller, NotDone: true, Source: "rep",
		Why: "This one request is larger than the limit a minute; waiting cannot make it fit."},
	{Name: "conversation_locked", Min: 400, Max: 499, Codes: "conversation_locked", Kind: Caller, NotDone: true, Repeat: Retry, Source: "rep",
		Why: "Another request is working on the same conversation; it is free again in a few seconds."},
	{Name: "policy", Min: 400, Max: 499, Codes: "cyber_policy bio_policy moderation_blocked content_filter content_policy_violation " +
		"image_content_policy_violation responsibleaipolicyviolation",
		Kind: Caller, NotDone: true, Source: "src",
		Why: "The content was refused by the service's policy."},
	{Name: "content_filter_error", Codes: "content_filter_error", Max: 399, Min: 200, Kind: Success, Source: "doc",
		Why: "The filter failed, not the call."},
	{Name: "bad request", Min: 400, Max: 499, Codes: "context_length_exceeded invalid_value invalid_prompt invalid_type unsupported_value " +
		"unsupported_parameter unknown_parameter missing_required_parameter string_above_max_length " +
		"integer_above_max_value invalid_json data_residency_mismatch unsupported_file " +
		"invalid_image invalid_image_format invalid_base64_image invalid_image_url image_too_large image_too_small " +
		"image_parse_error invalid_image_mode image_file_too_large unsupported_image_media_type empty_image_file " +
		"failed_to_download_image image_file_not_found " +
		"previous_response_not_found websocket_connection_limit_reached websocket_stream_limit_reached " +
		"badrequesterror badrequest invalidparameter string_too_long request_too_large exceed_context_size_error",
		Types: "image_generation_user_error exceed_context_size_error request_too_large",
		Kind:  Caller, NotDone: true, Source: "doc",
		Why: "The request is not acceptable as it is."},
	{Name: "key or membership", Min: 400, Max: 499, Codes: "invalid_api_key account_deactivated incorrect_api_key invalid_authentication " +
		"invalid_authentication_error ip_not_authorized missing_scope missing_scopes invalid_organization " +
		"authentication_error invalidapikey organization_restricted",
		Types: "request_forbidden authentication_error invalid_authentication_error",
		Kind:  Caller, NotDone: true, Source: "doc",
		Why: "The key, its rights or its membership do not allow this."},
	{Name: "caller: numbers", Min: 400, Max: 499, Codes: "1004 1210 1211 1212 1213 1214 1220 1261 1301 1311 2013 20012 20015", Kind: Caller, NotDone: true, Source: "gen",
		Why: "The request, the key or the model is not acceptable as it is."},
	{Name: "connector", Min: 400, Max: 499, Types: "external_connector_error", Kind: Caller, NotDone: true, Source: "rep",
		Why: "A tool server that the request names could not be reached."},
	{Name: "region", Min: 400, Max: 499, Codes: "unsupported_country_region_territory", Kind: Caller, NotDone: true, Source: "rep",
		Why: "The service does not answer calls from this country or region."},
	{Name: "no such model", Min: 400, Max: 499,
		Codes: "model_not_found deploymentnotfound not_found resourcenotfound operationnotsupported",
		Types: "not_found_error", Kind: Caller, NotDone: true, Source: "rep",
		Why: "There is no such model, deployment or object, or this key may not use it."},

	// Phrases that nobody writes by chance, whatever the code.
	{Name: "413", Min: 413, Max: 413, Kind: Caller, NotDone: true, Source: "rep",
		Why: "The body is too large."},
	{Name: "text: request too large", Min: 400, Max: 500, Text: tooLargeLoud, Loud: true,
		Kind: Caller, NotDone: true, Source: "rep",
		Why: "The request is larger than the model or the limit allows."},
	{Name: "terminated: plan", Types: "access_terminated_error", Text: "usage limit|quota|billing", Kind: Quota, NotDone: true, Source: "rep",
		Why: "The plan's allowance is used up until the next billing cycle."},
	{Name: "Google: no allowance", Codes: "resource_exhausted", Types: "resource_exhausted", Text: "limit: 0",
		Kind: Quota, NotDone: true, Source: "rep",
		Why: "The plan has no allowance for this model at all; somebody has to enable billing."},
	{Name: "Google: allowance of a while", Codes: "resource_exhausted", Types: "resource_exhausted",
		Text: "perminute|per minute|per_minute|perday|per day|per_day|retry in|quota exceeded for",
		Kind: RateLimit, NotDone: true, Source: "rep",
		Why: "The plan's allowance of a minute or a day is used up and fills again by itself."},
	{Name: "credit_limit that is a rate", Codes: "credit_limit", Types: "credit_limit", Text: "rate limit",
		Kind: RateLimit, NotDone: true, Source: "rep",
		Why: "The allowance of this key is used up and fills again by itself."},
	{Name: "text: quota", Min: 400, Max: last, Text: moneyLoud, Loud: true, Kind: Quota, NotDone: true, Source: "rep",
		Why: "By its text, the money or credit of this account is used up."},

	// The service sheds load.
	{Name: "slow_down", Codes: "slow_down", Kind: Overload, NotDone: true, Source: "doc",
		Why: "Traffic rose too fast although it is below the limits; send less, then raise it slowly."},
	{Name: "server_is_overloaded", Codes: "server_is_overloaded", Kind: Overload, NotDone: true, Source: "doc",
		Why: "The model has no capacity at the moment."},
	{Name: "flex: resource unavailable", Codes: "resource_unavailable", Kind: Overload, NotDone: true, Source: "doc",
		Why: "There is no capacity in the flex tier at the moment; another tier may have some."},
	{Name: "overload: other servers", Codes: "overloaded overloaded_error engine_overloaded_error engine_overloaded " +
		"serveroverloaded over_capacity capacity_exceeded service_tier_capacity_exceeded no_capacity nocapacity model_overloaded " +
		"modelserving_overloaded requestbursttoofast queue_exceeded modelnotreadyexception insufficient_system_resource",
		Types: "overloaded_error engine_overloaded_error overloaded service_tier_capacity_exceeded service_unavailable_error",
		Kind:  Overload, NotDone: true, Source: "gen",
		Why: "The service has no capacity at the moment."},
	{Name: "overload: numbers", Min: 400, Max: 499, Codes: "1305 1312 3505 50505 50603 336100", Kind: Overload, NotDone: true, Source: "gen",
		Why: "The service has no capacity at the moment."},
	// Statuses that say enough: words in the message are the request's.
	{Name: "404", Min: 404, Max: 404, Kind: Caller, NotDone: true, Source: "rep",
		Why: "There is no such model, object or path."},
	{Name: "415", Min: 415, Max: 415, Kind: Caller, NotDone: true, Source: "src",
		Why: "The service cannot read this sort of body."},
	{Name: "422", Min: 422, Max: 422, Kind: Caller, NotDone: true, Source: "src",
		Why: "The service can read the request, but not carry it out."},
	{Name: "text: overload", Min: 400, Max: last, Text: loadLoud, Loud: true, Kind: Overload, NotDone: true, Source: "doc",
		Why: "By its text, the service has no capacity at the moment; the caller's own limits are not the reason."},

	// The caller's allowance.
	{Name: "429 rate_limit_exceeded", Codes: "rate_limit_exceeded", Types: "requests tokens images input-tokens",
		Kind: RateLimit, NotDone: true, Source: "doc",
		Why: "The requests or tokens that this key may use in a minute or a day are used up."},
	{Name: "rate limit: other servers", Codes: "rate_limit_reached_error rate_limit_reached rate_limit_error rate_limit " +
		"ratelimitexceeded throttling throttlingexception throttling.ratequota throttling.allocationquota " +
		"ratelimitexceeded.endpointtpmexceeded ratelimitexceeded.endpointrpmexceeded " +
		"resource_exhausted tokens_limit_reached token_quota_exceeded request_quota_exceeded rate_limited limit_requests limit_burst_rate " +
		"limitexceeded requestlimitexceeded quota_violation model_rate_limit usage_limit_reached",
		Types: "rate_limit_reached_error rate_limit_error rate_limit ratelimiterror resource_exhausted throttlingexception rate_limited " +
			"limit_requests limit_burst_rate model_rate_limit usage_limit_reached throttling_error",
		Kind: RateLimit, NotDone: true, Source: "gen",
		Why: "The allowance of this key is used up and fills again by itself."},
	{Name: "rate limit: numbers", Min: 400, Max: 499, Codes: "1302 1303 1304 1308 1310 1300 1002 1039 2056 11202 11203 11201 336501 336502 336503 449", Kind: RateLimit, NotDone: true, Source: "gen",
		Why: "The allowance of this key is used up and fills again by itself."},

	// The service failed.
	{Name: "cf_gateway_timeout", Codes: "cf_gateway_timeout", Types: "cf_gateway_timeout", Kind: Timeout, Source: "rep",
		Why: "The API did not answer its edge in time; the call probably still runs and is billed."},
	{Name: "cf_bad_gateway", Codes: "cf_bad_gateway", Types: "cf_bad_gateway", Kind: Service, Source: "rep",
		Why: "The edge could not get an answer from the API."},
	{Name: "vector_store_timeout", Codes: "vector_store_timeout", Kind: Service, Source: "src",
		Why: "The file search behind the model did not answer in time."},

	{Name: "service: other servers", Codes: "internalserverexception modelerrorexception modelstreamerrorexception serviceunavailableexception",
		Kind: Service, Source: "doc",
		Why: "The service failed."},
	{Name: "timeout: other servers", Codes: "request_timeout requesttimeout gateway_timeout deadline_exceeded modeltimeoutexception timeout upstream_timeout",
		Types: "timeout_error timeout deadline_exceeded gateway_timeout request_timeout", Kind: Timeout, Source: "doc",
		Why: "The service ran out of time; the call may still run."},
	{Name: "cancelled at the service", Codes: "cancelled canceled client_closed_request request_cancelled request_canceled",
		Types: "cancelled canceled", Kind: Cancelled, Source: "rep",
		Why: "The call was cancelled before it was complete."},

	{Name: "429 of a failing service", Min: 429, Max: 429, Text: "the server had an error", Loud: true, Kind: Service, Source: "rep",
		Why: "By its text, the service failed, whatever the status."},
	{Name: "400 that is a relay's", Min: 400, Max: 400, Text: "upstream request failed|upstream error:|internal server error|bad gateway|内部错误|上游错误", Loud: true,
		Kind: Service, Source: "rep",
		Why: "By its text, it is the service behind a relay that failed."},
	// A type that blames the request: its message may repeat what the caller wrote,
	// and from here on is not heard.
	{Name: "type: caller", Min: 400, Max: 400, Codes: callerTypes, Types: callerTypes,
		Kind: Caller, NotDone: true, Source: "doc",
		Why: "The request is not acceptable as it is."},

	// Words in names that no row lists: servers invent new ones all the time.
	{Name: "word: quota", Words: "insufficientquota insufficientbalance insufficientcredit insufficientfund insufficientuserquota balance credit billing " +
		"arrear overdue unpaid payment budget spendlimit spendinglimit spendcap quotaexhaust quotaexceed quotareach freequota freetier packexhaust " +
		"resourcepack notpurchased subscriptionexpired planexpired trialexpired quotanotenough outofquota tokenstatusexhausted",
		Kind: Quota, NotDone: true, Source: "adv",
		Why: "By its name, the error tells that money, credit or a plan is used up."},
	{Name: "word: caller", Min: 400, Max: 499, Words: "invalid unsupported notsupported notfound missing notallowed forbidden unauthorized denied permission " +
		"authentication autherror contentfilter contentpolicy policyviolation sensitive moderation safety inspection toolong toolarge " +
		"contextlength contextwindow badrequest validation valueerror malformed unprocessable notopen notexist unknownmodel restricted " +
		"deactivated tooluse promptblocked unknownparameter extraforbidden",
		Kind: Caller, NotDone: true, Source: "adv",
		Why: "By its name, the error blames the request, the key or its rights."},
	{Name: "word: overload", Words: "overload overcapacity nocapacity atcapacity capacityexceeded capacityexhausted insufficientcapacity outofcapacity " +
		"serverbusy systembusy servicebusy modelbusy toobusy queuefull resourceunavailable peakload notready",
		Kind: Overload, NotDone: true, Source: "adv",
		Why: "By its name, the error tells that the service has no capacity."},
	{Name: "word: rate limit", Words: "ratelimit throttl toomanyrequest toomanytoken concurren limitrequests limittokens limitburst burstrate requestlimit " +
		"qps rpmlimit tpmlimit rpmexceeded tpmexceeded flowlimit usagelimit limitexceeded ratequota inflightbatchsize",
		Kind: RateLimit, NotDone: true, Source: "adv",
		Why: "By its name, the error tells that the allowance of this key is used up for a while."},
	{Name: "word: timeout", Words: "timeout timedout deadlineexceeded timeexceeded", Kind: Timeout, Source: "adv",
		Why: "By its name, the error tells that time ran out."},

	// Statuses that say enough for any words that are still to come.
	{Name: "401", Min: 401, Max: 401, Kind: Caller, NotDone: true, Source: "doc",
		Why: "The key is missing, wrong or no longer valid; every call with it fails."},
	{Name: "402", Min: 402, Max: 402, Kind: Quota, NotDone: true, Source: "gen",
		Why: "The service wants to be paid first."},

	// Words in the message, where the code says nothing.
	{Name: "hint: request too large", Min: 400, Max: 429, Text: tooLarge, Kind: Caller, NotDone: true, Source: "rep",
		Why: "The request is larger than the model or the limit allows."},
	{Name: "hint: flex", Min: 429, Max: 429, Text: "resource unavailable", Kind: Overload, NotDone: true, Source: "doc",
		Why: "There is no capacity in the flex tier at the moment; another tier may have some."},
	{Name: "hint: overload", Min: 429, Max: last, Text: loadWeak, Kind: Overload, NotDone: true, Source: "rep",
		Why: "By its text, the service has no capacity at the moment."},
	{Name: "hint: switched off", Min: 403, Max: 403, Text: "rate limit of 0|is disabled|has been disabled|was disabled",
		Kind: Caller, NotDone: true, Source: "rep",
		Why: "The key, the project or the endpoint is switched off."},
	{Name: "hint: rate limit", Min: 400, Max: 499, Untyped: true, Text: rateText, Kind: RateLimit, NotDone: true, Source: "rep",
		Why: "By its text, the allowance of this key is used up and fills again by itself."},
	{Name: "hint: rate limit behind a 5xx", Min: 500, Max: 599, Text: rateLoud, Kind: RateLimit, NotDone: true, Source: "rep",
		Why: "By its text, a limit behind the service is used up and fills again by itself."},
	{Name: "hint: quota", Min: 400, Max: 499, Text: moneyWeak, Kind: Quota, NotDone: true, Source: "rep",
		Why: "By its text, an allowance or a plan has come to its end."},
	{Name: "503 Envoy could not connect", Min: 500, Max: 503,
		Text: "reset reason: connection failure|reset reason: remote connection failure|reset reason: overflow",
		Kind: Service, NotDone: true, Source: "rep",
		Why: "Inside the service, one part could not connect to another."},
	{Name: "503 Envoy", Min: 500, Max: 503, Text: "upstream connect error|no healthy upstream|upstream request timeout",
		Kind: Service, Source: "rep",
		Why: "Inside the service, one part lost the connection to another."},

	{Name: "hint: no channel", Min: 400, Max: 599, Text: "无可用渠道|no available channel|无可用的渠道", Kind: Service, NotDone: true, Source: "rep",
		Why: "The relay has no upstream that it could pass this model's calls to."},
	{Name: "hint: timeout", Min: 500, Max: 503, Text: outOfTime, Kind: Timeout, Source: "rep",
		Why: "By its text, time ran out behind the service; the call may still run."},

	// Types and codes that say little: they decide only where there is no status.
	{Name: "type or code: rate limit", Min: 429, Max: 429, Codes: "too_many_requests toomanyrequests ratelimitreached",
		Kind: RateLimit, NotDone: true, Source: "doc",
		Why: "The allowance of this key is used up and fills again by itself."},
	{Name: "type or code: key", Min: 403, Max: 403, Codes: "forbidden access_denied accessdenied unauthorized permission_denied permissiondenied",
		Types: "permission_error auth_error forbidden", Kind: Caller, NotDone: true, Source: "doc",
		Why: "The key or its rights do not allow this."},
	{Name: "type or code: service", Min: 500, Max: 501, Codes: "server_error internal_error internal_server_error api_error",
		Types: "server_error internal_server_error internalservererror api_error",
		Kind:  Service, Source: "doc",
		Why: "The service failed."},

	// The status, where nothing better is known.
	{Name: "400", Min: 400, Max: 400, Kind: Caller, NotDone: true, Source: "doc",
		Why: "The request is not acceptable as it is."},
	{Name: "403 edge block", Min: 403, Max: 403, HTML: true, Kind: Caller, NotDone: true, Source: "rep",
		Why: "The edge in front of the API blocks our address."},
	{Name: "403", Min: 403, Max: 403, Kind: Caller, NotDone: true, Source: "rep",
		Why: "The key, the project or the region does not allow this."},
	{Name: "408", Min: 408, Max: 408, Kind: Timeout, Source: "doc",
		Why: "The request took too long at the service."},
	{Name: "409", Min: 409, Max: 409, Kind: Caller, Repeat: Retry, Source: "src",
		Why: "The request is in conflict with another one; this often passes."},
	{Name: "424", Min: 424, Max: 424, Kind: Service, Source: "gen",
		Why: "Something that the service depends on failed."},
	{Name: "425", Min: 425, Max: 425, Kind: Caller, NotDone: true, Source: "run",
		Why: "The service does not accept this request that early."},
	{Name: "429", Min: 429, Max: 429, Kind: RateLimit, NotDone: true, Source: "doc",
		Why: "The allowance of this key is used up and fills again by itself."},
	{Name: "499", Min: 499, Max: 499, Kind: Cancelled, Source: "gen",
		Why: "The caller went away, as the service saw it."},
	{Name: "other 4xx", Min: 400, Max: 499, Kind: Caller, NotDone: true, Source: "adv",
		Why: "The service refused the request."},
	{Name: "502", Min: 502, Max: 502, Kind: Service, Source: "rep",
		Why: "The edge could not get an answer from the API."},
	{Name: "503", Min: 503, Max: 503, Kind: Service, Source: "rep",
		Why: "The service is not available at the moment."},
	{Name: "504", Min: 504, Max: 504, Kind: Timeout, Source: "rep",
		Why: "The service did not answer its own gateway in time; the call may still run."},
	{Name: "520", Min: 520, Max: 520, Kind: Service, Source: "rep",
		Why: "The edge got nonsense or a broken connection from the API."},
	{Name: "521, 522, 523", Min: 521, Max: 523, Kind: Service, NotDone: true, Source: "gen",
		Why: "The edge could not connect to the API."},
	{Name: "524", Min: 524, Max: 524, Kind: Timeout, Source: "rep",
		Why: "The API was silent for too long; the call probably still runs and is billed. Stream long calls."},
	{Name: "525, 526", Min: 525, Max: 526, Kind: Service, NotDone: true, Source: "gen",
		Why: "The edge could not set up TLS to the API."},
	{Name: "529", Min: 529, Max: 529, Kind: Overload, NotDone: true, Source: "gen",
		Why: "The service has no capacity at the moment."},
	{Name: "530", Min: 530, Max: 530, Kind: Service, NotDone: true, Source: "gen",
		Why: "The edge in front of the API failed by itself."},
	{Name: "other 5xx", Min: 500, Max: last, Kind: Service, Source: "run",
		Why: "The service failed."},
	{Name: "anything else", Kind: Service, Source: "adv",
		Why: "The service reported a failure that is not known here."},
}
