package fault

import (
	"bytes"
	"encoding/json"
	"strings"
)

// walk visits the scalars, and the openings of objects and lists, of a JSON text
// in order with the path of keys that leads to each ("error.code"; "0" stands for
// the first element of a list, "n" for the others), down to a depth that errors
// do not exceed. A text that is cut off, broken or nested beyond reason is
// visited up to there. visit returns false to end the walk.
func walk(data []byte, visit func(path string, v json.Token) bool) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var at trail
	for {
		tok, err := dec.Token()
		if err != nil {
			return
		}
		switch t := tok.(type) {
		case json.Delim:
			if path, ok := at.path(); ok && opens(t) && !visit(path, t) {
				return
			}
			if at.delim(t) || len(at) > maxNest {
				return
			}
		default:
			if at.wantsKey() {
				at.key(t)
				continue
			}
			if path, ok := at.path(); ok && !visit(path, t) {
				return
			}
			at.done()
		}
	}
}

func opens(d json.Delim) bool { return d == '{' || d == '[' }

const (
	maxDepth = 8    // of what is visited
	maxNest  = 1000 // of what is stepped over
)

// trail is where a walk stands.
type trail []step

type step struct {
	list bool
	name string // of the current member; "" if a key is due
	n    int    // elements seen, in a list
}

func (t trail) wantsKey() bool {
	return len(t) > 0 && !t[len(t)-1].list && t[len(t)-1].name == ""
}

// key notes the name of the member whose value comes next. An empty name becomes
// one that nothing looks for.
func (t trail) key(tok json.Token) {
	name, _ := tok.(string)
	if name == "" || strings.ContainsAny(name, ".") {
		name = "?"
	}
	t[len(t)-1].name = name
}

// delim opens or closes an object or list, and reports the end of the text.
func (t *trail) delim(d json.Delim) (end bool) {
	if opens(d) {
		*t = append(*t, step{list: d == '['})
		return false
	}
	*t = (*t)[:len(*t)-1]
	return t.done()
}

// done notes that a value is complete, and reports the end of the text.
func (t trail) done() (end bool) {
	if len(t) == 0 {
		return true
	}
	top := &t[len(t)-1]
	top.name = ""
	top.n++
	return false
}

// path is the trail in one string; not ok: too deep to be of interest.
func (t trail) path() (string, bool) {
	if len(t) > maxDepth {
		return "", false
	}
	parts := make([]string, len(t))
	for i, s := range t {
		switch {
		case !s.list:
			parts[i] = s.name
		case s.n == 0:
			parts[i] = "0"
		default:
			parts[i] = "n"
		}
	}
	return strings.ToLower(strings.Join(parts, ".")), true
}
