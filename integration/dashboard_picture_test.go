package integration

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/recloser/recloser/openaitest"
)

// maxPicture is how large the file of one may be.
const maxPicture = 150 << 10

// lastHour writes an hour of attempts that ends now into a history, as if the service
// had been api.openai.com: one outage that is over, some failures here and there.
func lastHour(t *testing.T, history string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	_ = w.Write([]string{"timestamp_s", "circuit", "model", "outcome", "latency_s", "request_tokens", "response_tokens", "status"})
	for at := 0.0; at < 3590; at += rng.ExpFloat64() * 0.5 {
		m := pictured[rng.IntN(len(pictured))]
		outcome, status := "ok", 200
		switch bad := rng.Float64(); {
		case m.name == "gpt-5" && at > 1620 && at < 1980 && bad < 0.9, bad < m.failing:
			outcome, status = "error", 503
		}
		latency := m.latency * (0.6 + rng.ExpFloat64()/2)
		_ = w.Write([]string{
			strconv.FormatFloat(at, 'f', 3, 64), "api.openai.com/" + m.name, m.name, outcome,
			strconv.FormatFloat(latency, 'f', 3, 64), "400", "120", strconv.Itoa(status),
		})
	}
	w.Flush()
	file := filepath.Join(t.TempDir(), "hour.csv")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), binary(t), "import", file, "--history", history).CombinedOutput(); err != nil {
		t.Fatalf("import: %v\n%s", err, out)
	}
	db, err := sql.Open("sqlite3", "file:"+history)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// What was imported was only observed, which would not be a picture of much.
	if _, err := db.ExecContext(t.Context(), "UPDATE events SET details = replace(details, char(31) || 'observe' || char(31), char(31) || 'normal' || char(31))"); err != nil {
		t.Fatal(err)
	}
}

// pictured are the models on the pictures.
var pictured = []struct {
	name    string
	latency float64
	failing float64
}{
	{"gpt-5", 1.4, 0.004}, {"gpt-5-mini", 0.7, 0.001}, {"o4-mini", 3.2, 0.03}, {"text-embedding-3-large", 0.12, 0},
}

// The pictures of the documentation are of what is there. With -update they are
// taken anew.
func TestDashboardPictures(t *testing.T) {
	api, err := openaitest.New(openaitest.Config{Latency: 150 * time.Millisecond, ChunkInterval: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	way := httptest.NewServer(api) // a proxy on the way out that is the service itself
	t.Cleanup(way.Close)
	history := filepath.Join(t.TempDir(), "history.db")
	lastHour(t, history)
	d := &dashboard{host: "api.openai.com", history: history}
	d.server = startServeIn(t, []string{"HTTP_PROXY=" + way.URL, "http_proxy=", "NO_PROXY=", "no_proxy="},
		"--upstream", "http://api.openai.com/v1", "--history", history, "--retries", "0", "--failure-threshold", "5",
		"--base-timeout", "40s", "--reset-timeout", "90s", "--max-in-flight", "50", "--alert-open-for", "1s")
	d.tab = startBrowser(t, "http://"+d.Admin)
	for range 8 {
		for _, m := range pictured {
			said := d.do(t, http.MethodPost, "/v1/chat/completions", "application/json", chatBody(m.name, true))
			if said.Status != http.StatusOK {
				t.Fatalf("%+v", said)
			}
		}
	}
	api.Set(openaitest.Only{Model: "gpt-5"})
	for range 12 {
		d.chat(t, "gpt-5")
	}
	d.refused(t, "gpt-5")

	d.open("/")
	d.shows("gpt-5", "Open")
	d.visible("#alert-count", "1")
	d.pictures(t, "overview")
	d.open(d.circuitPath("gpt-5") + "?last=1h")
	d.visible(".standing", "Open")
	d.until("its figures", "document.querySelector('.past[aria-busy=false] figure canvas')")
	d.pictures(t, "circuit")
	d.open("/alerts")
	d.visible(".card", "Critical")
	d.visible(".t-recent", "gpt-5 is down")
	d.pictures(t, "alerts")
}

// pictures takes those of a page, in all colours and widths.
func (d *dashboard) pictures(t *testing.T, name string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, size := range []struct {
			name string
			px   int64
		}{{"wide", 1280}, {"narrow", 360}} {
			d.colours(scheme)
			d.act("the whole page", chromedp.EmulateViewport(size.px, 720))
			d.painted()
			height := min(eval[int64](d.tab, "document.documentElement.scrollHeight"), 2400)
			d.act("the whole page", chromedp.EmulateViewport(size.px, height))
			d.painted()
			d.picture(t, fmt.Sprintf("%s-%s-%s.png", name, scheme, size.name))
		}
	}
}

func (d *dashboard) picture(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(d.ctx, patience)
	defer cancel()
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	d.must("a picture", err)
	path := filepath.Join("..", "docs", "dashboard", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, paletted(t, shot.Data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	switch info, err := os.Stat(path); {
	case err != nil:
		t.Errorf("%v: go test -run DashboardPictures -update here takes the pictures", err)
	case info.Size() > maxPicture:
		t.Errorf("%s has %d KiB", path, info.Size()>>10)
	}
}

// paletted returns a PNG in its 256 most frequent colours, which is a third of it and
// looks the same: a page has few.
func paletted(t *testing.T, data []byte) []byte {
	t.Helper()
	from, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	often := make(map[color.Color]int)
	bounds := from.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			often[from.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(often), func(a, b color.Color) int { return often[b] - often[a] })
	to := image.NewPaletted(bounds, colours[:min(len(colours), 256)])
	draw.Draw(to, bounds, from, bounds.Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, to); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
