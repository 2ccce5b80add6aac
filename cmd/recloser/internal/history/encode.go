package history

import (
	"encoding/binary"
	"errors"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// The fields of counts in the file: they do not change. Those of kinds are followed
// by the ones of the further kinds.
const (
	fieldRefused = iota
	fieldRetries
	fieldFallbacks
	fieldByRetry
	fieldByFallback
	fieldInput
	fieldOutput
	fieldSaved
	fieldAttempts = 32
	fieldCalls    = 64
)

var errEncoding = errors.New("history: a row makes no sense")

// appendCounts writes what is not zero, as pairs of varints: field, number.
func appendCounts(b []byte, c *report.Counts) []byte {
	for _, f := range [...]struct {
		field uint64
		n     int64
	}{
		{fieldRefused, c.Refused}, {fieldRetries, c.Retries}, {fieldFallbacks, c.Fallbacks},
		{fieldByRetry, c.ByRetry}, {fieldByFallback, c.ByFallback},
		{fieldInput, c.InputTokens}, {fieldOutput, c.OutputTokens}, {fieldSaved, c.SavedTokens},
	} {
		b = appendField(b, f.field, f.n)
	}
	for k, n := range c.Attempts {
		b = appendField(b, uint64(fieldAttempts+k), n)
	}
	for k, n := range c.Calls {
		b = appendField(b, uint64(fieldCalls+k), n)
	}
	return b
}

func appendField(b []byte, field uint64, n int64) []byte {
	if n <= 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, field), uint64(n))
}

// readCounts adds what appendCounts wrote. Fields that it does not know it passes over.
func readCounts(b []byte, c *report.Counts) error {
	for len(b) > 0 {
		field, n := binary.Uvarint(b)
		if n <= 0 {
			return errEncoding
		}
		number, m := binary.Uvarint(b[n:])
		if m <= 0 {
			return errEncoding
		}
		b = b[n+m:]
		if to := countOf(c, field); to != nil {
			*to += int64(number)
		}
	}
	return nil
}

func countOf(c *report.Counts, field uint64) *int64 {
	switch {
	case field >= fieldCalls && field < fieldCalls+uint64(len(c.Calls)):
		return &c.Calls[field-fieldCalls]
	case field >= fieldAttempts && field < fieldAttempts+uint64(len(c.Attempts)):
		return &c.Attempts[field-fieldAttempts]
	}
	switch field {
	case fieldRefused:
		return &c.Refused
	case fieldRetries:
		return &c.Retries
	case fieldFallbacks:
		return &c.Fallbacks
	case fieldByRetry:
		return &c.ByRetry
	case fieldByFallback:
		return &c.ByFallback
	case fieldInput:
		return &c.InputTokens
	case fieldOutput:
		return &c.OutputTokens
	case fieldSaved:
		return &c.SavedTokens
	}
	return nil
}
