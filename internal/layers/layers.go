// Package layers reads the Go files of a tree without building them and holds
// them against the rules of the house: which package may import which, and
// which code may look at a clock.
//
// The tables are in the tests that use it, one for each module
// (imports_test.go in the module's folder); this package knows no folder by
// name. It is for those tests only.
package layers

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// File is one Go source file of the tree.
type File struct {
	Path    string // slash-separated, from the root of the tree
	Dir     string // the folder of Path, "." for the root
	Test    bool   // a _test.go file
	Package string // the name in its package clause
	Imports []string

	fset *token.FileSet
	ast  *ast.File
}

// Tree is every Go file below one folder.
type Tree struct {
	Files []File
}

// Load parses all Go files of fsys. Folders that the go command ignores
// (testdata, vendor, names that begin with a dot or an underscore) and
// node_modules are left out.
func Load(fsys fs.FS) (Tree, error) {
	var t Tree
	fset := token.NewFileSet()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && ignored(d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") {
			return nil
		}
		f, err := load(fsys, fset, name)
		if err != nil {
			return err
		}
		t.Files = append(t.Files, f)
		return nil
	})
	return t, err
}

func ignored(dir string) bool {
	return dir == "testdata" || dir == "vendor" || dir == "node_modules" ||
		strings.HasPrefix(dir, ".") || strings.HasPrefix(dir, "_")
}

func load(fsys fs.FS, fset *token.FileSet, name string) (File, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return File{}, err
	}
	parsed, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return File{}, err
	}
	f := File{
		Path:    name,
		Dir:     path.Dir(name),
		Test:    strings.HasSuffix(name, "_test.go"),
		Package: parsed.Name.Name,
		fset:    fset,
		ast:     parsed,
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return File{}, fmt.Errorf("%s: %w", name, err)
		}
		f.Imports = append(f.Imports, imported)
	}
	return f, nil
}

// In returns the files of the folders and of all folders below them.
func (t Tree) In(dirs ...string) Tree {
	var out Tree
	for _, f := range t.Files {
		if under(f.Dir, dirs) {
			out.Files = append(out.Files, f)
		}
	}
	return out
}

// Without returns the files that In would not.
func (t Tree) Without(dirs ...string) Tree {
	var out Tree
	for _, f := range t.Files {
		if !under(f.Dir, dirs) {
			out.Files = append(out.Files, f)
		}
	}
	return out
}

// Shipped returns the files that are no tests.
func (t Tree) Shipped() Tree {
	var out Tree
	for _, f := range t.Files {
		if !f.Test {
			out.Files = append(out.Files, f)
		}
	}
	return out
}

// under tells whether p is one of the roots or below one.
func under(p string, roots []string) bool {
	for _, root := range roots {
		if root == "." || p == root || strings.HasPrefix(p, root+"/") {
			return true
		}
	}
	return false
}

func (f File) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.Path, f.fset.Position(pos).Line)
}
