package window

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Times is the distribution of recent answer times, in two buckets an octave
// from a millisecond to a quarter of an hour. Its methods are safe for
// concurrent use. The zero value is empty.
type Times struct {
	buckets [2 * octaves]atomic.Uint32
	count   atomic.Uint32
}

const (
	octaves = 20
	enough  = 512 // answers, before older ones lose half their weight
)

// Add takes an answer time in.
func (t *Times) Add(d time.Duration) {
	t.buckets[bucket(d)].Add(1)
	if t.count.Add(1) == enough {
		t.halve()
	}
}

// halve is called by the one whose answer was the 512th. What others add
// meanwhile may be halved too, or not.
func (t *Times) halve() {
	var left uint32
	for i := range t.buckets {
		n := t.buckets[i].Load()
		t.buckets[i].Add(-(n - n/2))
		left += n / 2
	}
	t.count.Add(left - enough)
}

func bucket(d time.Duration) int {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 1 {
		return 0
	}
	octave := bits.Len64(uint64(ms)) - 1
	i := 2 * octave
	if ms >= math.Ldexp(math.Sqrt2, octave) {
		i++
	}
	return min(i, 2*octaves-1)
}

// middle is the geometric middle of a bucket.
func middle(i int) time.Duration {
	const low, high = 1.189207115002721, 1.681792830507429 // fourth roots of 2 and of 8
	root := low
	if i%2 == 1 {
		root = high
	}
	return time.Duration(root * float64(uint64(1)<<(i/2)) * float64(time.Millisecond))
}

// Count returns how many answers the distribution holds.
func (t *Times) Count() int {
	n := 0
	for i := range t.buckets {
		n += int(t.buckets[i].Load())
	}
	return n
}

// Quantile returns the answer time that a share q of the answers did not
// exceed, within a quarter of it; 0 if there is none.
func (t *Times) Quantile(q float64) time.Duration {
	need := max(int(math.Ceil(q*float64(t.Count()))), 1)
	for i := range t.buckets {
		if need -= int(t.buckets[i].Load()); need <= 0 {
			return middle(i)
		}
	}
	return 0
}

// Mean returns the mean answer time, within a fifth of it; 0 if there is none.
func (t *Times) Mean() time.Duration {
	var sum, n float64
	for i := range t.buckets {
		if k := float64(t.buckets[i].Load()); k > 0 {
			sum += k * float64(middle(i))
			n += k
		}
	}
	if n == 0 {
		return 0
	}
	return time.Duration(sum / n)
}

// Buckets returns the distribution, to be kept.
func (t *Times) Buckets() []uint32 {
	buckets := make([]uint32, len(t.buckets))
	for i := range t.buckets {
		buckets[i] = t.buckets[i].Load()
	}
	return buckets
}

// SetBuckets makes what Buckets returned the distribution. What does not fit, or
// would count for more than the newest answers may, is left out.
func (t *Times) SetBuckets(buckets []uint32) {
	var count uint32
	for i := range min(len(buckets), len(t.buckets)) {
		n := min(buckets[i], enough-1-count)
		t.buckets[i].Store(n)
		count += n
	}
	t.count.Store(count)
}
