package alert

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const mended = "generic+https://hooks.example.com/in/mended"

// handOver delivers a page to some targets, and, before all have taken it, replaces them
// by others. It returns the paths that were asked then, and what came of it.
func handOver(t *testing.T, first, then []string, answers ...http.HandlerFunc) (asked []string, err error) {
	t.Helper()
	s := &standIn{answers: answers}
	targets := func(texts []string) (all []*Target) {
		for _, text := range texts {
			all = append(all, target(t, text))
		}
		return all
	}
	old := NewDelivery(targets(first), DeliveryConfig{Transport: s})
	old.Deliver(down("k"))
	synctest.Wait()
	before := len(s.requests())
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	next := NewDelivery(targets(then), DeliveryConfig{Transport: s})
	err = old.HandOver(ctx, next)
	time.Sleep(time.Minute)
	if err := next.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, r := range s.requests()[before:] {
		path, _, _ := strings.Cut(strings.TrimPrefix(r.url, "https://hooks.example.com"), "?")
		asked = append(asked, path)
	}
	return asked, err
}

func TestTheMendedTargetGetsWhatTheBrokenOneDidNotTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, err := handOver(t, []string{webhook}, []string{mended}, fail(404, ""))
		if err != nil || !slices.Equal(asked, []string{"/in/mended"}) {
			t.Error(asked, err)
		}
	})
}

func TestWhatHangsIsHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, err := handOver(t, []string{webhook}, []string{mended}, hang)
		if err != nil || !slices.Equal(asked, []string{"/in/mended"}) {
			t.Error(asked, err)
		}
	})
}

func TestATargetThatStaysGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, err := handOver(t, []string{webhook}, []string{mended, webhook}, fail(500, ""))
		if err != nil || !slices.Equal(asked, []string{"/in/s3cr3t-path"}) {
			t.Error(asked, err)
		}
	})
}

func TestWhatWasTakenIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, err := handOver(t, []string{webhook}, []string{mended, webhook})
		if err != nil || len(asked) != 0 {
			t.Error(asked, err)
		}
	})
}

// Nor is it by two that had the same to tell.
func TestTwoTargetsThatAreGoneHaveOneHeir(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := "generic+https://hooks.example.com/in/other"
		asked, err := handOver(t, []string{webhook, other}, []string{mended}, fail(404, ""), fail(404, ""))
		if err != nil || !slices.Equal(asked, []string{"/in/mended"}) {
			t.Error(asked, err)
		}
	})
}

func TestWithoutAnHeirItIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, err := handOver(t, []string{webhook}, nil, fail(404, ""))
		if err == nil || !strings.Contains(err.Error(), "1 alerts") || len(asked) != 0 {
			t.Error(asked, err)
		}
	})
}

// The heir is who is new, not who has taken it already.
func TestWhoHasTakenItIsNoHeir(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := "generic+https://hooks.example.com/in/other"
		broken := func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "s3cr3t") {
				w.WriteHeader(http.StatusNotFound)
			}
		}
		asked, err := handOver(t, []string{webhook, other}, []string{other, mended}, broken, broken)
		if err != nil || !slices.Equal(asked, []string{"/in/mended"}) {
			t.Error(asked, err)
		}
	})
}
