package layers

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// forbidden names what makes a function's result depend on more than its
// arguments: per import path, the identifiers that may not be used. A "*" means
// all but those that begin with "New", which make a source from a given seed.
var forbidden = map[string][]string{
	"time":         {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
	"context":      {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
	"math/rand":    {"*"},
	"math/rand/v2": {"*"},
	"crypto/rand":  {"*"},
}

// typeNames are what the random packages export beside functions: using a type
// draws no number.
var typeNames = []string{"Rand", "Source", "Source64", "Zipf", "PCG", "ChaCha8"}

// CheckClock finds uses of the clock, timers, goroutines and global randomness
// in shipped files. A function may use them if it is the short form of another
// one in the same folder: N may where NAt exists with the same receiver (the
// goroutines excepted), and so may those named in exempt, as "dir.Func" or
// "dir.Type.Method".
//
// It reads names, not types, and follows no calls: an At form that calls a
// short form is left to the tests that drive it with instants of their own.
func CheckClock(t Tree, rule string, exempt ...string) []string {
	t = t.Shipped()
	declared := t.functions()
	var found []string
	for _, f := range t.Files {
		names := f.importNames()
		for _, decl := range f.ast.Decls {
			name := f.Dir + "." + declName(decl)
			short := declared[name+"At"] || slices.Contains(exempt, name)
			ast.Inspect(decl, func(n ast.Node) bool {
				if what := impure(n, names, short); what != "" {
					found = append(found, fmt.Sprintf("%s: %s in %s (%s)", f.at(n.Pos()), what, name, rule))
				}
				return true
			})
		}
	}
	return found
}

// functions returns the names of all functions and methods, as
// "dir.Func" and "dir.Type.Method".
func (t Tree) functions() map[string]bool {
	all := map[string]bool{}
	for _, f := range t.Files {
		for _, decl := range f.ast.Decls {
			if _, ok := decl.(*ast.FuncDecl); ok {
				all[f.Dir+"."+declName(decl)] = true
			}
		}
	}
	return all
}

func declName(decl ast.Decl) string {
	fn, ok := decl.(*ast.FuncDecl)
	if !ok {
		return "a declaration"
	}
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	return typeName(fn.Recv.List[0].Type) + "." + fn.Name.Name
}

// typeName returns T for T, *T, T[K] and *T[K].
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	}
	return "?"
}

// impure names what n does that a pure function may not, or returns "".
func impure(n ast.Node, names map[string]string, short bool) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "a goroutine is started"
	case *ast.SelectorExpr:
		x, ok := n.X.(*ast.Ident)
		if !ok || short {
			return ""
		}
		imported := names[x.Name]
		if banned(imported, n.Sel.Name) {
			return imported + "." + n.Sel.Name + " is used"
		}
	}
	return ""
}

func banned(imported, name string) bool {
	list := forbidden[imported]
	if slices.Contains(list, "*") {
		return !strings.HasPrefix(name, "New") && !slices.Contains(typeNames, name)
	}
	return slices.Contains(list, name)
}

// importNames maps the names by which the file calls its imports to their
// paths.
func (f File) importNames() map[string]string {
	names := map[string]string{}
	for i, spec := range f.ast.Imports {
		imported := f.Imports[i]
		if spec.Name != nil {
			names[spec.Name.Name] = imported
			continue
		}
		names[lastName(imported)] = imported
	}
	return names
}

// lastName is the package name that goes with an import path of the standard
// library: its last element, or the one before a major version.
func lastName(imported string) string {
	parts := strings.Split(imported, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9' {
		return parts[len(parts)-2]
	}
	return last
}

// CheckDotImports finds imports without a name of their own, which would hide
// from CheckClock whose function is called.
func CheckDotImports(t Tree, rule string) []string {
	var found []string
	for _, f := range t.Files {
		for _, spec := range f.ast.Imports {
			if spec.Name != nil && spec.Name.Name == "." {
				found = append(found, fmt.Sprintf("%s: dot import of %s (%s)", f.at(spec.Pos()), spec.Path.Value, rule))
			}
		}
	}
	return found
}

// CheckPackageNames finds packages that are named after nothing they do.
func CheckPackageNames(t Tree, rule string) []string {
	vague := []string{"util", "utils", "common", "types", "helper", "helpers", "misc", "shared", "base"}
	var found []string
	seen := map[string]bool{}
	for _, f := range t.Files {
		name := strings.TrimSuffix(f.Package, "_test")
		if slices.Contains(vague, name) && !seen[f.Dir] {
			seen[f.Dir] = true
			found = append(found, fmt.Sprintf("%s: a package named %q says nothing (%s)", f.Dir, name, rule))
		}
	}
	return found
}

// CheckNoInit finds init functions, in tests too.
func CheckNoInit(t Tree, rule string) []string {
	var found []string
	for _, f := range t.Files {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				found = append(found, fmt.Sprintf("%s: func init (%s)", f.at(fn.Pos()), rule))
			}
		}
	}
	return found
}
