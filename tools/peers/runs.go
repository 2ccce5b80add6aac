package main

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// prefix is of the names of the benchmarks that are compared.
const prefix = "Peer"

// benchmark is which figure is meant.
type benchmark struct {
	name, form, impl string
	cores            string
}

// sample is what the runs of one benchmark have measured.
type sample struct{ ns, bytes, allocs []float64 }

// runs is all that has been read.
type runs struct {
	samples map[benchmark]*sample
	cpu     string
}

func readRuns(paths []string) (*runs, error) {
	r := &runs{samples: map[benchmark]*sample{}}
	files := &benchfmt.Files{Paths: paths}
	for files.Scan() {
		result, ok := files.Result().(*benchfmt.Result)
		if !ok {
			continue // a line that is no benchmark
		}
		r.cpu = result.GetConfig("cpu")
		r.add(result)
	}
	if err := files.Err(); err != nil {
		return nil, err
	}
	if len(r.samples) == 0 {
		return nil, errors.New("no benchmark whose name begins with Benchmark" + prefix)
	}
	return r, nil
}

func (r *runs) add(result *benchfmt.Result) {
	base, parts := result.Name.Parts()
	name, ok := strings.CutPrefix(string(base), prefix)
	if !ok {
		return
	}
	b := benchmark{name: name, cores: "1"}
	for _, part := range parts {
		key, value, _ := strings.Cut(strings.TrimPrefix(string(part), "/"), "=")
		switch key {
		case "form":
			b.form = value
		case "impl":
			b.impl = value
		default: // -2
			b.cores = strings.TrimPrefix(key, "-")
		}
	}
	s := r.samples[b]
	if s == nil {
		s = &sample{}
		r.samples[b] = s
	}
	seconds, _ := result.Value("sec/op")
	bytes, _ := result.Value("B/op")
	allocs, _ := result.Value("allocs/op")
	s.ns = append(s.ns, seconds*1e9)
	s.bytes = append(s.bytes, bytes)
	s.allocs = append(s.allocs, allocs)
}

// ns is the median time of a benchmark, 0 if there was none.
func (r *runs) ns(b benchmark) float64 {
	if s := r.samples[b]; s != nil {
		return median(s.ns)
	}
	return 0
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
