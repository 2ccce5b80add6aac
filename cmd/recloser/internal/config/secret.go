package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/recloser/recloser/internal/nearest"
)

// reference says where a secret is: in a variable of the environment, or in a file.
type reference struct{ env, file string }

// String is how the file has it.
func (r reference) String() string {
	if r.file == "" {
		return "{env: " + quote(r.env) + "}"
	}
	if strings.ContainsAny(r.file, ",[]{}") { // which mean something within braces
		return "{file: " + strconv.Quote(r.file) + "}"
	}
	return "{file: " + quote(r.file) + "}"
}

// aReference is how one is written.
const aReference = "put it into an environment variable and write {env: NAME}, or into a file of its own and write {file: PATH}"

// variableName is what may stand after env, so that no secret put there by
// mistake is shown.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reference reads how a secret is given. The message never has the value.
func (p *parser) reference(path string, f field) *reference {
	if isNull(f.node) {
		p.wrong(f.line, "%s has no value: give it one, or remove the line", path)
		return nil
	}
	if f.node.Kind != yaml.MappingNode {
		p.wrong(f.line, "%s: a secret does not belong in this file: %s", path, aReference)
		return nil
	}
	ref, n, bad := reference{}, 0, len(p.problems)
	for _, one := range p.fields(path, f.node) {
		n++
		here := path + "." + one.name
		switch {
		case one.name != "env" && one.name != "file" && isNull(one.node): // {hunter2}
			p.wrong(one.line, "%s: a secret does not belong in this file: %s", path, aReference)
		case one.name != "env" && one.name != "file":
			hint := ": write {env: NAME} or {file: PATH}"
			if near := nearest.Of(one.name, []string{"env", "file"}); near != "" {
				hint = "; did you mean " + path + "." + near + "?"
			}
			p.wrong(one.line, "there is no field %s%s", path+"."+clip(one.name), hint)
		case one.node.Kind != yaml.ScalarNode || isNull(one.node) || one.node.Value == "":
			p.wrong(one.line, "%s has no value: %s", here, aReference)
		case one.name == "env" && !variableName.MatchString(one.node.Value):
			p.wrong(one.line, "%s is not the name of an environment variable: it has letters, digits and _", here)
		case one.name == "env":
			ref.env = one.node.Value
		default:
			ref.file = one.node.Value
			if !filepath.IsAbs(ref.file) {
				ref.file = filepath.Join(p.dir, ref.file)
			}
		}
	}
	switch {
	case len(p.problems) > bad:
		return nil
	case n == 0:
		p.wrong(f.line, "%s is empty: write {env: NAME} or {file: PATH}", path)
		return nil
	case n > 1:
		p.wrong(f.line, "%s has both env and file: remove one", path)
		return nil
	}
	return &ref
}

// follow fetches what a reference leads to. What stands for a secret that is not
// fetched fits wherever one is expected.
func (c *Serve) follow(r *reference, environ []string) (text, warning string, err error) {
	if c.keyless {
		return fmt.Sprintf("https://unread.invalid/%x", r.String()), "", nil
	}
	return r.secret(environ)
}

// maxSecret is longer than any token.
const maxSecret = 64 << 10

// secret fetches what a reference leads to, with a warning if others can too.
func (r reference) secret(environ []string) (text, warning string, err error) {
	if r.env != "" {
		for _, entry := range environ {
			if name, text, _ := strings.Cut(entry, "="); name == r.env && text != "" {
				return text, "", nil
			}
		}
		return "", "", fmt.Errorf("the environment variable %s is not set: set it, or name another", r.env)
	}
	f, err := os.Open(r.file)
	if err != nil {
		return "", "", fmt.Errorf("the secret's file %s cannot be read: %w", r.file, unpathed(err))
	}
	defer f.Close()
	data := make([]byte, maxSecret+1)
	n, err := readFull(f, data)
	if err != nil {
		return "", "", fmt.Errorf("the secret's file %s cannot be read: %w", r.file, unpathed(err))
	}
	text = strings.TrimRight(string(data[:n]), "\r\n")
	if text == "" || n > maxSecret {
		return "", "", fmt.Errorf("the secret's file %s is empty, or larger than 64 KiB: it holds the secret and nothing else", r.file)
	}
	const everybody = 0o004
	if info, err := f.Stat(); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&everybody != 0 {
		warning = fmt.Sprintf("every user of this machine can read the secret in %s: run chmod o-r on it", r.file)
	}
	return text, warning, nil
}

// readFull fills data as far as r goes.
func readFull(r io.Reader, data []byte) (int, error) {
	n, err := io.ReadFull(r, data)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// unpathed is an error of the file system without the path, which the message has.
func unpathed(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
