package integration

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focused says where the focus is: what the element is and says.
const focused = `((e) => e.localName + ' ' + (e.innerText || e.id).trim())(document.activeElement)`

// tabTo presses Tab until the focus is on an element that says something.
func (b *tab) tabTo(says string) {
	b.t.Helper()
	var seen []string
	for range 60 {
		b.press(kb.Tab)
		at := eval[string](b, focused)
		if strings.Contains(at, says) {
			if !eval[bool](b, "document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle !== 'none'") {
				b.t.Errorf("the focus on %q cannot be seen", at)
			}
			return
		}
		seen = append(seen, at)
	}
	b.t.Fatalf("Tab does not lead to %q, but to %q", says, seen)
}

// Everything can be done without a mouse.
func TestDashboardKeyboard(t *testing.T) {
	d := startDashboard(t)
	d.answered(t, "m")
	d.open("/")
	d.shows("m", "Closed")

	d.press(kb.Tab)
	if at := eval[string](d.tab, focused); at != "a Skip to the content" {
		t.Errorf("the first of all is %q", at)
	}
	d.press(kb.Enter)
	d.until("the focus is in the content", "document.activeElement.id === 'main'")
	d.press("/")
	d.until("the focus is in the filter", "document.activeElement.id === 'filter'")
	d.tabTo(d.host + "/\nm")
	d.press(kb.Enter)
	d.until("the circuit's page", "location.pathname.startsWith('/circuits/')")
	d.visible(".standing", "Closed")

	d.tabTo("Force open")
	d.press(kb.Enter)
	d.visible("#confirm-title", "Force "+d.host+"/m open?")
	if at := eval[string](d.tab, focused); at != "button Cancel" {
		t.Errorf("the dialog begins at %q", at)
	}
	for range 5 { // past its end is the browser's own, which here has nothing
		d.press(kb.Tab)
		if !eval[bool](d.tab, "document.activeElement === document.body || document.activeElement.closest('dialog') !== null") {
			t.Errorf("the dialog does not keep the focus: it is on %q", eval[string](d.tab, focused))
		}
	}
	d.press(kb.Escape)
	d.until("the dialog closes", "closings === 1")
	d.gone("dialog")
	d.until("the focus is where it was", focused+" === 'button Force open'")
	d.answered(t, "m")

	d.press(kb.Enter)
	d.visible("#confirm-title", "Force")
	d.tabTo("Force open")
	d.back()
	if at := eval[string](d.tab, focused); at != "button Cancel" {
		t.Errorf("Shift and Tab lead to %q", at)
	}
	d.tabTo("Force open")
	d.press(" ")
	d.gone("dialog")
	d.visible(".standing", "Forced open")
	d.refused(t, "m")
	d.until("the focus is where it was", focused+" === 'button Force open'")
	d.until("a screen reader is told", "document.getElementById('say').innerText.includes('forced-open')")
}

// violation is what axe finds.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target         []any
		FailureSummary string
	}
}

// axe demands that axe-core finds nothing.
func (b *tab) axe(what string) {
	b.t.Helper()
	path := needFile(b.t, "node/node_modules/axe-core/axe.min.js", "run make setup")
	script, err := os.ReadFile(path)
	b.must("read axe", err)
	b.act("load axe", chromedp.Evaluate[chromedp.Void](string(script)+";undefined"))
	found := eval[struct {
		Passes     int
		Violations []violation
	}](b, "axe.run().then((r) => ({ Passes: r.passes.length, Violations: r.violations }))")
	if found.Passes < 10 {
		b.t.Errorf("%s: only %d rules were of use", what, found.Passes)
	}
	for _, v := range found.Violations {
		for i, n := range v.Nodes {
			if i == 3 {
				b.t.Errorf("%s: and at %d more", what, len(v.Nodes)-i)
				break
			}
			b.t.Errorf("%s: %s (%s): %s: at %v: %s", what, v.ID, v.Impact, v.Help, n.Target, n.FailureSummary)
		}
	}
}

// accessible demands that axe finds nothing in any colours, at any width.
func (b *tab) accessible(what string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.colours(scheme)
		for _, px := range widths {
			b.width(px)
			b.axe(fmt.Sprintf("%s, %s, %d px", what, scheme, px))
		}
	}
}

// axe-core finds nothing on any page, whatever happens on it.
func TestDashboardAxe(t *testing.T) {
	d := startDashboard(t, "--base-timeout", "10m", "--reset-timeout", "20m")
	d.open("/")
	d.visible("h1", "No calls yet")
	d.accessible("empty overview")
	d.answered(t, "m")
	d.answered(t, "n")
	d.visible("h1", "All 3 circuits closed")
	d.accessible("calm overview")
	d.outage(t, "m")
	d.refused(t, "m")
	d.visible("h1", "1 circuit open")
	d.accessible("overview of an outage")
	d.button("Emergency bypass…")
	d.visible("#confirm-title", "Let every call through?")
	d.accessible("dialog")
	d.click("#confirm-go")
	d.visible("#banner", "Emergency bypass is on.")
	d.accessible("overview with the bypass")
	d.open(d.circuitPath("m"))
	d.visible(".standing", "Open")
	d.until("its figures", "document.querySelector('.past[aria-busy=false] figure canvas')")
	d.accessible("circuit's page")
	d.open("/report?last=30d")
	d.visible("h1", "")
	d.accessible("report")
}
