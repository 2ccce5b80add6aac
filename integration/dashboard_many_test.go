package integration

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"
)

// many circuits, as many as there are without a setting.
const many = 1000

// watchFrames notes the time between frames, and tasks that hold them up.
const watchFrames = `window.frames = [];
window.tasks = [];
new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' });
{
	let last = performance.now();
	requestAnimationFrame(function frame(now) {
		frames.push(now - last);
		last = now;
		requestAnimationFrame(frame);
	});
}
0`

// scroll goes down the page and up again, a bit each frame.
const scroll = `new Promise((done) => {
	let step = 300;
	requestAnimationFrame(function frame() {
		scrollBy(0, step);
		if (step > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 1) step = -step;
		if (step < 0 && scrollY === 0) done(frames.length);
		else requestAnimationFrame(frame);
	});
})`

// smoothness is what watchFrames has seen.
type smoothness struct {
	Frames  int
	Longest float64 // ms
	P99     float64
	Tasks   int
	Task    float64 // the longest, ms
}

func (d *dashboard) smoothness() smoothness {
	d.t.Helper()
	return eval[smoothness](d.tab, `((f) => ({
		Frames: f.length, Longest: f.at(-1), P99: f[Math.floor(f.length * 0.99)],
		Tasks: tasks.length, Task: Math.max(0, ...tasks.splice(0)) }))(frames.splice(0).sort((a, b) => a - b))`)
}

// A thousand circuits, of which some call and some change while somebody scrolls.
func TestDashboardManyCircuits(t *testing.T) {
	d := startDashboard(t, "--max-circuits", "1100")
	models := make([]string, many)
	for i := range models {
		models[i] = fmt.Sprintf("model-%04d", i)
	}
	d.callAll(t, models)
	d.open("/")
	began := time.Now()
	d.visible("h1", "All 1,001 circuits closed")
	d.until("all rows", fmt.Sprintf("document.querySelectorAll('table.circuits tbody tr').length === %d", many+1))
	t.Logf("%d circuits are shown %v after the page was loaded", many, time.Since(began).Round(time.Millisecond))

	eval[int](d.tab, watchFrames)
	var traffic sync.WaitGroup
	over := make(chan struct{})
	traffic.Go(func() { d.traffic(t, models, over) })
	defer traffic.Wait()
	defer close(over)
	for try := 1; ; try++ { // others may need the processors for a moment
		worst := d.smooth(t)
		if worst < 200 {
			break
		}
		if try == 3 {
			t.Errorf("of three times a frame took %.0f ms at best", worst)
			break
		}
	}
	d.visible("h1", "circuits open")

	// What is shown in the end is so.
	d.until("the filter", "(document.getElementById('filter').focus(), true)")
	d.press("model-0999")
	d.until("one row", "document.querySelectorAll('table.circuits tbody tr').length === 1")
	d.shows("model-0999", "Closed")
}

// smooth scrolls, then looks on for a while, and returns the longest frame in ms.
func (d *dashboard) smooth(t *testing.T) float64 {
	t.Helper()
	eval[int](d.tab, "frames.length = tasks.length = 0")
	eval[int](d.tab, scroll)
	scrolled := d.smoothness()
	d.until("a while of live updates", "frames.length > 300")
	live := d.smoothness()
	t.Logf("scrolling %+v, live updates alone %+v (goal: no frame longer than 50 ms; here without a graphics card)", scrolled, live)
	return max(scrolled.Longest, live.Longest)
}

// callAll calls each model once, a few at a time.
func (d *dashboard) callAll(t *testing.T, models []string) {
	t.Helper()
	next := make(chan string)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for model := range next {
				if said := d.chat(t, model); said.Status != http.StatusOK {
					t.Errorf("a call to %s: %+v", model, said)
				}
			}
		})
	}
	for _, model := range models {
		next <- model
	}
	close(next)
	all.Wait()
}

// traffic calls one model after the other, fifty a second, and now and then forces a
// circuit open or lets it be.
func (d *dashboard) traffic(t *testing.T, models []string, over <-chan struct{}) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		d.chat(t, models[i*37%len(models)])
		if i%25 != 0 {
			continue
		}
		mode := []string{"forced-open", "forced-open", "normal"}[i/25%3]
		path := "/api/circuits/" + url.PathEscape(d.host+"/"+models[i/25%3*300]) + "/mode"
		if said := d.admin(t, http.MethodPost, path, `{"mode":"`+mode+`"}`, http.Header{"Content-Type": {"application/json"}}); said.Status != http.StatusOK {
			t.Errorf("set %s: %+v", mode, said)
		}
	}
}
