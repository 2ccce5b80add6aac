// Package sketch holds distributions of durations that can be added up.
package sketch

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
	"time"
)

// precision is the number of linear buckets an octave, as a power of two.
const precision = 5

// RelativeError bounds how far a quantile is from a value that was added, as a
// part of it.
const RelativeError = 1.0 / (2 << precision)

// Sketch counts durations in buckets: 32 of the same width for each power of two
// of nanoseconds, so that the middle of one is at most RelativeError away from what
// was added. Sketches that were made anywhere can be merged without a loss. The
// zero value is empty; a Sketch is not safe for concurrent use.
//
// The buckets are those of HdrHistogram, whose index is the leading bits of the
// value.
type Sketch struct {
	first  int      // the bucket of counts[0]
	counts []uint64 // without empty ones at its ends
	total  uint64
}

// bucket is where a duration is counted. What is not positive is in the first.
func bucket(d time.Duration) int {
	n := uint64(max(d, 0))
	shift := bits.Len64(n) - precision - 1
	if shift <= 0 {
		return int(n) //nolint:gosec // less than 64
	}
	return shift<<precision + int(n>>shift) //nolint:gosec // less than 64
}

// middle is the duration that a bucket stands for.
func middle(b int) time.Duration {
	shift := b>>precision - 1
	if shift <= 0 {
		return time.Duration(b)
	}
	low := uint64(b-shift<<precision) << shift //nolint:gosec // not negative
	return time.Duration(min(low+uint64(1)<<shift/2, math.MaxInt64))
}

// Add counts a duration.
func (s *Sketch) Add(d time.Duration) { s.add(bucket(d), 1) }

func (s *Sketch) add(b int, n uint64) {
	if n == 0 {
		return
	}
	s.reach(b, b)
	s.counts[b-s.first] += n
	s.total += n
}

// reach makes room for the buckets from low to high.
func (s *Sketch) reach(low, high int) {
	switch {
	case len(s.counts) == 0:
		s.first = low
	case low < s.first:
		s.counts = slices.Insert(s.counts, 0, make([]uint64, s.first-low)...)
		s.first = low
	}
	if missing := high - s.first + 1 - len(s.counts); missing > 0 {
		s.counts = append(s.counts, make([]uint64, missing)...)
	}
}

// Merge adds what another sketch has.
func (s *Sketch) Merge(other *Sketch) {
	if len(other.counts) == 0 {
		return
	}
	s.reach(other.first, other.first+len(other.counts)-1)
	for i, n := range other.counts {
		s.counts[other.first-s.first+i] += n
	}
	s.total += other.total
}

// Count is how many durations were added.
func (s *Sketch) Count() int64 { return int64(min(s.total, math.MaxInt64)) } //nolint:gosec // bounded

// Reset empties the sketch and keeps its memory.
func (s *Sketch) Reset() {
	clear(s.counts)
	s.counts, s.total = s.counts[:0], 0
}

// Quantile is the duration that a part q of all does not exceed, within
// RelativeError; 0 of an empty sketch. q is from 0 to 1.
func (s *Sketch) Quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(min(max(q, 0), 1) * float64(s.total)))
	rank = max(rank, 1)
	for i, n := range s.counts {
		if rank <= n {
			return middle(s.first + i)
		}
		rank -= n
	}
	return 0
}

// AppendBinary appends the sketch in a form that UnmarshalBinary reads: about a
// byte for each bucket in use.
func (s *Sketch) AppendBinary(b []byte) ([]byte, error) {
	counts := s.counts
	first := s.first
	for len(counts) > 0 && counts[0] == 0 {
		counts, first = counts[1:], first+1
	}
	for len(counts) > 0 && counts[len(counts)-1] == 0 {
		counts = counts[:len(counts)-1]
	}
	if len(counts) == 0 {
		return b, nil
	}
	b = binary.AppendUvarint(b, uint64(first)) //nolint:gosec // not negative
	for i := 0; i < len(counts); i++ {
		if counts[i] > 0 {
			b = binary.AppendUvarint(b, counts[i])
			continue
		}
		empty := 1 // a run of empty buckets is a zero and its length
		for counts[i+empty] == 0 {
			empty++
		}
		b = binary.AppendUvarint(append(b, 0), uint64(empty)) //nolint:gosec // not negative
		i += empty - 1
	}
	return b, nil
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (s *Sketch) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// errEncoding is of a text that AppendBinary did not write.
var errEncoding = errors.New("sketch: this is no sketch")

// lastBucket is that of the longest duration.
const lastBucket = (63-precision)<<precision + 1<<precision

// UnmarshalBinary replaces the sketch by one that was written. After an error it is
// empty.
func (s *Sketch) UnmarshalBinary(b []byte) error {
	s.Reset()
	if len(b) == 0 {
		return nil
	}
	first, n := binary.Uvarint(b)
	if n <= 0 || first > lastBucket {
		return errEncoding
	}
	s.first = int(first)
	for b = b[n:]; len(b) > 0; {
		count, n := binary.Uvarint(b)
		if n <= 0 || s.first+len(s.counts) > lastBucket || s.total > math.MaxUint64-count {
			s.Reset()
			return errEncoding
		}
		b = b[n:]
		if count > 0 {
			s.counts = append(s.counts, count)
			s.total += count
			continue
		}
		empty, n := binary.Uvarint(b)
		if n <= 0 || empty == 0 || empty > lastBucket {
			s.Reset()
			return errEncoding
		}
		b, s.counts = b[n:], append(s.counts, make([]uint64, empty)...)
	}
	return nil
}
