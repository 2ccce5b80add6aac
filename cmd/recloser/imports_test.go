package main

import (
	"os"
	"testing"

	"github.com/recloser/recloser/internal/layers"
)

// The rules that bind the binary alone; those of the library and of the whole
// repository are in the root module's imports_test.go.
const (
	siblings = "rule 4: under cmd/recloser/internal only app imports siblings, report aside"
	noClient = "the binary speaks HTTP itself: openai-go is for openaiguard and integration"
)

const internalPath = "github.com/recloser/recloser/cmd/recloser/internal"

func TestSiblingsDoNotKnowEachOther(t *testing.T) {
	tree, err := layers.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range layers.CheckSiblings(tree, siblings, "internal", internalPath, []string{"app"}, []string{"report"}) {
		t.Error(v)
	}
	for _, v := range layers.CheckImporters(tree, noClient, map[string][]string{
		"github.com/openai/openai-go":              nil,
		"github.com/recloser/recloser/openaiguard": nil,
	}) {
		t.Error(v)
	}
}
