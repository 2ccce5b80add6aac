package fault

import "fmt"

// Kind is the class of what an exchange with the API meant. The zero value is
// Success.
type Kind uint8

const (
	// Success: the service answered as asked. An answer that was cut short on
	// purpose (finish reason "length" or "content_filter") is one too.
	Success Kind = iota
	// Service: the service, its edge or the way to it failed.
	Service
	// Overload: the service sheds load. It works, but has no capacity for this
	// call, or asks for a slower rise of the rate.
	Overload
	// Timeout: no answer, or no more of it, in the time allowed.
	Timeout
	// RateLimit: the caller's own allowance is used up and fills again by itself.
	RateLimit
	// Quota: money, a spending cap or a closed account. Only a person can help.
	Quota
	// Caller: the request, its key or its permissions are at fault.
	Caller
	// Cancelled: the caller went away.
	Cancelled
)

// The names are part of the metrics and of the command line's output: they do
// not change.
const (
	nameSuccess   = "success"
	nameService   = "service"
	nameOverload  = "overload"
	nameTimeout   = "timeout"
	nameRateLimit = "rate_limit"
	nameQuota     = "quota"
	nameCaller    = "caller"
	nameCancelled = "cancelled"
)

// String is the kind's name in lower case, e.g. "rate_limit". A value outside
// the constants gives "kind(N)".
func (k Kind) String() string {
	switch k {
	case Success:
		return nameSuccess
	case Service:
		return nameService
	case Overload:
		return nameOverload
	case Timeout:
		return nameTimeout
	case RateLimit:
		return nameRateLimit
	case Quota:
		return nameQuota
	case Caller:
		return nameCaller
	case Cancelled:
		return nameCancelled
	default:
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
}

// MarshalText writes the name of the kind. It fails for a value outside the
// constants.
func (k Kind) MarshalText() ([]byte, error) {
	if k > Cancelled {
		return nil, fmt.Errorf("fault: no such kind: %d", uint8(k))
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads what MarshalText writes and leaves k alone when it fails.
func (k *Kind) UnmarshalText(text []byte) error {
	for c := Success; c <= Cancelled; c++ {
		if c.String() == string(text) {
			*k = c
			return nil
		}
	}
	return fmt.Errorf("fault: no such kind: %.40q", text)
}
