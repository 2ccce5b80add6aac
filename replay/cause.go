package replay

import (
	"strconv"

	"github.com/recloser/recloser/breaker"
)

// cause names a failure in the words of production.
func cause(r *Answer) string {
	switch {
	case r.Class == breaker.Hang:
		return "timeout"
	case r.Status != 0:
		return strconv.Itoa(r.Status)
	case r.Class == breaker.QuickFailure:
		return "no answer"
	}
	return ""
}
