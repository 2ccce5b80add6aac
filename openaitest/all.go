package openaitest

import (
	"net/http"
	"strings"
)

// All puts several faults on one attempt. The first is nearest to the client:
// All{Gzip{}, Down{}} compresses the error of Down. A fault that answers by
// itself hides those after it.
//
// In a script: slow + cut 3.
type All []Fault

// Name joins the names of the faults by "+", leaving out healthy ones.
func (f All) Name() string {
	var names []string
	for _, one := range f {
		if one == nil {
			continue
		}
		if name := one.Name(); name != (Healthy{}).Name() {
			names = append(names, name)
		}
	}
	return orDefault(strings.Join(names, "+"), Healthy{}.Name())
}

func (f All) String() string {
	parts := make([]string, len(f))
	for i, one := range f {
		parts[i] = scriptOf(one)
	}
	return orDefault(strings.Join(parts, " + "), Healthy{}.String())
}

// Choose settles the choices of all of them, each with luck of its own.
func (f All) Choose(a Attempt) Fault {
	settled := make(chain, len(f))
	for i, one := range f {
		settled[i] = resolve(one, a.inside(i))
	}
	return settled
}

// Serve answers with all of them.
func (f All) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	serveChoice(f, w, r, next)
}

// chain is an All without anything left to choose.
type chain []Fault

func (c chain) Name() string { return All(c).Name() }

func (c chain) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if len(c) == 0 {
		next.ServeHTTP(w, r)
		return
	}
	c[0].Serve(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c[1:].Serve(w, r, next)
	}))
}
