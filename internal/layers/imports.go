package layers

import (
	"fmt"
	"strings"
)

// Rule says what the package in one folder, and those below it, may import.
type Rule struct {
	Name  string   // as design.md numbers and words it; printed with a violation
	Dir   string   // the folder that it binds, from the root of the tree
	Ours  []string // folders of the module that may be imported; Dir itself always may
	Tests []string // folders that its test files may import besides
	Never []string // import paths that may not be used, with all below them
}

// CheckImports holds the files of each rule's folder against that rule. The
// module's import path is what precedes the folders' names. A folder that no
// rule binds is a violation itself, so that a new package gets its row.
func CheckImports(t Tree, module string, rules []Rule) []string {
	var found []string
	for _, f := range t.Files {
		rule, ok := ruleFor(f.Dir, rules)
		if !ok {
			found = append(found, fmt.Sprintf("%s: no rule says what %s may import: add a row to the table", f.Path, f.Dir))
			continue
		}
		for _, imported := range f.Imports {
			if why := rule.refuses(f, module, imported); why != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s (%s)", f.Path, imported, why, rule.Name))
			}
		}
	}
	return found
}

func ruleFor(dir string, rules []Rule) (Rule, bool) {
	for _, r := range rules {
		if dir == r.Dir || r.Dir != "." && under(dir, []string{r.Dir}) {
			return r, true
		}
	}
	return Rule{}, false
}

func (r Rule) refuses(f File, module, imported string) string {
	if under(imported, r.Never) {
		return r.Dir + " may not use it"
	}
	if !under(imported, []string{module}) {
		return ""
	}
	folder := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
	if folder == "" {
		folder = "."
	}
	if folder == r.Dir || r.Dir != "." && under(folder, []string{r.Dir}) || under(folder, r.Ours) {
		return ""
	}
	if f.Test && under(folder, r.Tests) {
		return ""
	}
	return r.Dir + " may not import " + folder
}

// CheckStandardOnly finds imports that are neither of the standard library nor
// below one of the given import paths.
func CheckStandardOnly(t Tree, rule string, ours ...string) []string {
	var found []string
	for _, f := range t.Files {
		for _, imported := range f.Imports {
			if thirdParty(imported) && !under(imported, ours) {
				found = append(found, fmt.Sprintf("%s imports %s: neither ours nor the standard library's (%s)", f.Path, imported, rule))
			}
		}
	}
	return found
}

// thirdParty tells import paths that begin with a host name, as all do but
// those of the standard library.
func thirdParty(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

// CheckImporters finds files that import a library, or a folder of ours, and
// are not in one of the folders that may. The table maps the import path's
// beginning to these folders.
func CheckImporters(t Tree, rule string, table map[string][]string) []string {
	var found []string
	for _, f := range t.Files {
		for _, imported := range f.Imports {
			for library, folders := range table {
				if under(imported, []string{library}) && !under(f.Dir, folders) {
					found = append(found, fmt.Sprintf("%s imports %s: only [%s] may (%s)", f.Path, imported, strings.Join(folders, ", "), rule))
				}
			}
		}
	}
	return found
}

// CheckSiblings finds imports from one folder below parent into another one.
// The folders named in assemblers may import all, those named in shared may be
// imported by all. The import path of parent is given beside its folder.
func CheckSiblings(t Tree, rule, parent, parentPath string, assemblers, shared []string) []string {
	var found []string
	for _, f := range t.In(parent).Files {
		from := child(f.Dir, parent)
		for _, imported := range f.Imports {
			to := child(imported, parentPath)
			if to == "" || to == from || under(from, assemblers) || under(to, shared) {
				continue
			}
			found = append(found, fmt.Sprintf("%s imports %s: %s may not know its sibling %s (%s)", f.Path, imported, from, to, rule))
		}
	}
	return found
}

// child returns the name of the folder below parent in which p is, or "".
func child(p, parent string) string {
	rest, ok := strings.CutPrefix(p, parent+"/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// CheckNoRequire finds the lines of a go.mod that require something.
func CheckNoRequire(gomod []byte, rule string) []string {
	var found []string
	for i, line := range strings.Split(string(gomod), "\n") {
		if first, _, _ := strings.Cut(strings.TrimSpace(line), " "); first == "require" || first == "require(" {
			found = append(found, fmt.Sprintf("go.mod:%d: %q: the root module requires nothing (%s)", i+1, strings.TrimSpace(line), rule))
		}
	}
	return found
}
