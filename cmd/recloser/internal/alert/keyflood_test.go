package alert

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A client that tries keys which it has made up sends no page for each.
func TestManyRefusedKeysAreOneTrouble(t *testing.T) {
	r := common()
	r.SLO = 0
	g := newRig(t, r)
	refuse := func(from, to int) {
		for range 8 {
			for i := from; i < to; i++ {
				g.answer(fmt.Sprintf("k%d", i), 401)
			}
			g.pass(10 * time.Second)
		}
	}
	refuse(0, 3)
	refuse(3, 60)
	refuse(60, 120)
	if n := len(g.pages); n != 4 || g.pages[3].Key != manyKeys || g.pages[3].Severity != Warning || !strings.Contains(g.pages[3].What, "60 keys") {
		t.Errorf("%d pages: %+v", n, g.pages[n-1])
	}
	g.pages = nil
	g.pass(time.Hour)
	g.sent("resolved warning key-refused", "resolved warning key-refused", "resolved warning key-refused", "resolved warning key-refused")
}
