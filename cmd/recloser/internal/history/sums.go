package history

import (
	"fmt"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/internal/sketch"
)

// sums are the figures of a cell.
type sums struct {
	report.Counts
	latency, content sketch.Sketch
}

func (s *sums) merge(other *sums) {
	s.Add(&other.Counts)
	s.latency.Merge(&other.latency)
	s.content.Merge(&other.content)
}

// reset makes it empty and keeps its memory.
func (s *sums) reset() {
	s.Counts = report.Counts{}
	s.latency.Reset()
	s.content.Reset()
}

// blobs are the columns of a row.
type blobs struct{ counts, latency, content []byte }

// write replaces b by the columns of s.
func (b *blobs) write(s *sums) error {
	b.counts = appendCounts(notNil(b.counts), &s.Counts)
	var err error
	if b.latency, err = s.latency.AppendBinary(notNil(b.latency)); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if b.content, err = s.content.AppendBinary(notNil(b.content)); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// notNil empties a slice; nil would be NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return make([]byte, 0, 64)
	}
	return b[:0]
}

// read replaces s by what the columns say.
func (b *blobs) read(s *sums) error {
	s.reset()
	if err := readCounts(b.counts, &s.Counts); err != nil {
		return err
	}
	if err := s.latency.UnmarshalBinary(b.latency); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := s.content.UnmarshalBinary(b.content); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}
