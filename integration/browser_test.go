package integration

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tab is a page in a browser without a window. Whatever its page reports as an
// error, and whatever its security policy stops, fails the test.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string // where its addresses begin
}

// watchPage tells of violations of the policy where the test listens, which is on the
// console, and counts the dialogs that were closed.
const watchPage = `addEventListener('securitypolicyviolation', (e) =>
	console.error('securitypolicyviolation', e.violatedDirective, e.blockedURI, e.sourceFile, e.lineNumber));
window.closings = 0;
addEventListener('close', () => window.closings++, true);`

// startBrowser starts a browser of the test's own, and ends it with the test.
func startBrowser(t *testing.T, base string) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		missing(t, "chromium", "apt-get install chromium, or see your system's packages")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.NoSandbox, // root has none, and it sees only our own pages
		chromedp.Flag("disable-quic", true), chromedp.WindowSize(1280, 900))
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	return (&tab{t: t, ctx: ctx, base: base}).another()
}

// another opens one more tab in the same browser.
func (b *tab) another() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	other := &tab{b.t, ctx, b.base}
	// The first of all lives as long as the browser, so it may have no bound of its own.
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("the browser does not start: %v", err)
	}
	heard := make(chan struct{})
	go other.listen(heard)
	b.t.Cleanup(func() {
		cancel()
		<-heard
	})
	_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchPage})
	other.must("watch the page", err)
	return other
}

// listen fails the test for what goes wrong in the page until the tab is closed.
func (b *tab) listen(over chan<- struct{}) {
	defer close(over)
	for said, err := range chromedp.Console(b.ctx) {
		if err != nil {
			return
		}
		if said.URL != "" && !strings.HasPrefix(said.URL, b.base) {
			continue // somebody else's page
		}
		if said.IsException() || said.Type == chromedp.ConsoleError && said.Source != "network" {
			b.t.Errorf("the page reports: %s (%s:%d)", said, said.URL, said.Line+1)
		}
	}
}

func (b *tab) must(what string, err error) {
	b.t.Helper()
	if err == nil {
		return
	}
	if exception := new(chromedp.ExceptionError); errors.As(err, &exception) && exception.Exception != nil {
		b.t.Fatalf("%s: %v: %s", what, err, exception.Exception.Description)
	}
	b.t.Fatalf("%s: %v\nthe page says: %s", what, err, b.says())
}

// says is the text of the page, to show what there is when something is not.
func (b *tab) says() string {
	ctx, cancel := context.WithTimeout(b.ctx, time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(document.querySelector('dialog[open]')?.innerText ?? '') + document.body.innerText.slice(0, 1500)`))
	if err != nil {
		return err.Error()
	}
	return text
}

// act has the browser do something, within a bound.
func (b *tab) act(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	b.must(what, chromedp.Do(ctx, actions...))
}

// open goes to a path of the base, or to another address.
func (b *tab) open(path string) {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.base + path
	}
	b.act("open "+path, chromedp.Navigate(path))
}

// eval returns the value of an expression, or what its promise comes to.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	b.must(expression, err)
	return value
}

// until waits for an expression to be true. It survives that the page is left.
func (b *tab) until(what, expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if ok && err == nil {
			return
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.t.Fatalf("not within %v: %s (%s), last error %v\nthe page says:\n%s", patience, what, expression, last, b.says())
		}
	}
}

// text is what an element says; "" if there is none.
func (b *tab) text(css string) string {
	b.t.Helper()
	return eval[string](b, "document.querySelector("+quoteJS(css)+")?.innerText ?? ''")
}

// visible waits until an element that has the text can be seen.
func (b *tab) visible(css, text string) {
	b.t.Helper()
	b.until(css+" says "+text, "[...document.querySelectorAll("+quoteJS(css)+")].some((e) => e.checkVisibility() && e.innerText.includes("+quoteJS(text)+"))")
}

// gone waits until no such element can be seen.
func (b *tab) gone(css string) {
	b.t.Helper()
	b.until("no "+css, "![...document.querySelectorAll("+quoteJS(css)+")].some((e) => e.checkVisibility())")
}

// click clicks the middle of the first element of those that can be seen, with the
// mouse.
func (b *tab) click(css string) {
	b.t.Helper()
	b.visible(css, "")
	b.act("click "+css, chromedp.Click(chromedp.CSS(css), chromedp.NodeVisible))
}

// press presses keys one after the other, where the focus is.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		b.act("press "+key, chromedp.KeyEvent(key))
	}
}

// back presses Shift and Tab.
func (b *tab) back() {
	b.t.Helper()
	b.act("press Shift+Tab", chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(kb.ModifierShift)))
}

// painted waits until what has changed is laid out, observed and painted.
func (b *tab) painted() {
	b.t.Helper()
	eval[int](b, "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0, 0))))")
}

// widths are those at which pages are looked at.
var widths = []int64{360, 1280}

// width sets that of the page, and demands that everything fits in.
func (b *tab) width(px int64) {
	b.t.Helper()
	b.act("set the width", chromedp.EmulateViewport(px, 900))
	b.painted()
	if over := eval[int](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
		b.t.Errorf("%s is %d px too wide for %d px", eval[string](b, "location.pathname"), over, px)
	}
}

// colours sets what the page is told of the system's colours: light or dark.
func (b *tab) colours(scheme string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	b.must(scheme, err)
}
