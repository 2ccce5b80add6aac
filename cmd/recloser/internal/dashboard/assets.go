package dashboard

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed web
var web embed.FS

// assets are the files of the page.
type assets struct {
	files fs.FS
	fixed map[string]asset // nil: read anew each time
}

type asset struct {
	body []byte
	etag string
}

// newAssets reads the files built in once, those elsewhere whenever they are asked for.
func newAssets(elsewhere fs.FS) assets {
	if elsewhere != nil {
		return assets{files: elsewhere}
	}
	files, err := fs.Sub(web, "web")
	if err != nil {
		return assets{files: web} // the name is valid
	}
	a := assets{files: files}
	fixed := make(map[string]asset)
	_ = fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, _ error) error { // nothing fails there
		if one, ok := a.read(name); ok {
			fixed[name] = one
		}
		return nil
	})
	a.fixed = fixed
	return a
}

func (a assets) read(name string) (asset, bool) {
	if a.fixed != nil {
		one, ok := a.fixed[name]
		return one, ok
	}
	if !fs.ValidPath(name) {
		return asset{}, false
	}
	body, err := fs.ReadFile(a.files, name)
	if err != nil {
		return asset{}, false
	}
	sum := sha256.Sum256(body)
	return asset{body, `"` + hex.EncodeToString(sum[:12]) + `"`}, true
}

// contentType does not ask the system: what it says differs.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".json", ".webmanifest":
		return "application/json"
	case ".woff2":
		return "font/woff2"
	case "", ".txt", ".md":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

func (d *Dashboard) asset(w http.ResponseWriter, r *http.Request) {
	d.serveFile(w, r, r.PathValue("path"))
}

// page is the one page that there is; its script reads the address.
func (d *Dashboard) page(w http.ResponseWriter, r *http.Request) { d.serveFile(w, r, "index.html") }

func (d *Dashboard) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	one, ok := d.assets.read(name)
	if !ok {
		writeError(w, http.StatusNotFound, "not_found", "There is no such file.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", one.etag)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(one.body))
}

// LoginPage is the page where the token is typed in; wrong: the last one was not it.
func (d *Dashboard) LoginPage(wrong bool) []byte {
	one, _ := d.assets.read("login.html")
	if !wrong {
		return one.body
	}
	return bytes.ReplaceAll(one.body, []byte("hidden data-wrong"), []byte("data-wrong"))
}
