package layers

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// CheckNoState finds package-level variables that hold state. Allowed are
//
//   - blank ones, which only make the compiler check an interface;
//   - embedded files (go:embed);
//   - sentinel errors and compiled patterns, that is calls of errors.New and
//     regexp.MustCompile;
//   - tables: composite literals, or pointers to one;
//
// as long as no shipped code of their package writes to them: assigns to
// them, to an element or a field, or takes the address of the whole (that of an
// element is taken to read it). All others must be named in exempt, as
// "dir.name".
//
// It reads names, not types: in a function that declares the name of a
// package-level variable for itself, all uses of the name count as its own.
func CheckNoState(t Tree, rule string, exempt ...string) []string {
	t = t.Shipped()
	written := map[string]bool{}
	for _, f := range t.Files {
		for name := range writes(f.ast) {
			written[f.Dir+"."+name] = true
		}
	}
	var found []string
	for _, f := range t.Files {
		for _, v := range packageVars(f.ast) {
			name := f.Dir + "." + v.name.Name
			switch {
			case v.name.Name == "_" || slices.Contains(exempt, name):
			case v.embedded:
			case !fixed(v.value):
				found = append(found, fmt.Sprintf("%s: package-level variable %s is neither a sentinel, nor a table (%s)", f.at(v.name.Pos()), name, rule))
			case written[name]:
				found = append(found, fmt.Sprintf("%s: package-level variable %s is written to (%s)", f.at(v.name.Pos()), name, rule))
			}
		}
	}
	return found
}

type packageVar struct {
	name     *ast.Ident
	value    ast.Expr // nil without an initial value of its own
	embedded bool
}

func packageVars(file *ast.File) []packageVar {
	var vars []packageVar
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, spec := range gen.Specs {
			vs, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			embedded := embeds(gen.Doc) || embeds(vs.Doc)
			for i, name := range vs.Names {
				v := packageVar{name: name, embedded: embedded}
				if len(vs.Values) == len(vs.Names) {
					v.value = vs.Values[i]
				}
				vars = append(vars, v)
			}
		}
	}
	return vars
}

func embeds(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	return slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// fixed tells values that are made once and have no reason to change.
func fixed(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.CompositeLit:
		return true
	case *ast.UnaryExpr:
		_, ok := v.X.(*ast.CompositeLit)
		return v.Op == token.AND && ok
	case *ast.CallExpr:
		sel, ok := v.Fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok {
			return false
		}
		return slices.Contains([]string{"errors.New", "regexp.MustCompile"}, x.Name+"."+sel.Sel.Name)
	}
	return false
}

// writes returns the names that the functions of the file assign to, in whole
// or in part, or take the address of.
func writes(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		own := locals(fn)
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			for _, e := range targets(n) {
				if id := root(e); id != nil && !own[id.Name] {
					names[id.Name] = true
				}
			}
			return true
		})
	}
	return names
}

// locals returns the names that a function declares: its receiver, parameters
// and results, and its variables.
func locals(fn *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(fn, func(n ast.Node) bool {
		for _, e := range declared(n) {
			if id, ok := e.(*ast.Ident); ok {
				names[id.Name] = true
			}
		}
		return true
	})
	return names
}

func declared(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE {
			return n.Lhs
		}
	case *ast.RangeStmt:
		if n.Tok == token.DEFINE {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.ValueSpec:
		return idents(n.Names)
	case *ast.Field:
		return idents(n.Names)
	}
	return nil
}

func idents(names []*ast.Ident) []ast.Expr {
	var out []ast.Expr
	for _, n := range names {
		out = append(out, n)
	}
	return out
}

// targets returns what the node itself writes to, or lets others write to.
func targets(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.UnaryExpr:
		if _, whole := n.X.(*ast.Ident); n.Op == token.AND && whole {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (id.Name == "delete" || id.Name == "clear") {
			return n.Args[:1]
		}
	}
	return nil
}

// root returns the variable that an expression is a part of: x for x, x.f,
// x[i], *x and (x).
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}
