package replay

import (
	"fmt"
	"testing"
)

func TestExpM(t *testing.T) {
	for _, c := range Columns(1000, 12, 0) {
		if c.Name == "metastable" || c.Name == "long-calls" {
			cells, _ := c.Fill(SpecCosts(), ours(false)[:1])
			cells2, _ := Column{c.Name, false, seeds(3000, 12), c.Make}.Fill(SpecCosts(), ours(false)[:1])
			fmt.Println(c.Name, cells[0].Regret, cells2[0].Regret)
		}
	}
}
