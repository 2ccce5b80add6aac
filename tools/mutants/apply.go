package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// overlay writes the mutated file and the go command's description of it to
// scratch, and returns the latter's path.
func (m *mutant) overlay(dir, scratch string) (string, error) {
	original, err := filepath.Abs(filepath.Join(dir, m.file))
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", fmt.Errorf("%q is found %d times in %s, not once", m.old, n, m.file)
	}
	mutated := filepath.Join(scratch, "mutated.go")
	changed := strings.Replace(string(text), m.old, m.new, 1)
	if err := os.WriteFile(mutated, []byte(changed), 0o600); err != nil {
		return "", err
	}
	description, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutated}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(scratch, "overlay.json")
	return path, os.WriteFile(path, description, 0o600)
}
