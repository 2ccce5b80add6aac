package history

import (
	"net/url"
	"path/filepath"
	"strings"
)

// dsn names a database to the driver.
func dsn(path, vfs string, pragmas []string, more ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/...
	}
	q := url.Values{"_pragma": pragmas}
	if vfs != memoryVFS {
		q.Set("modeof", path) // the journal is as private as the file
	}
	if vfs != "" {
		q.Set("vfs", vfs)
	}
	for _, m := range more {
		name, value, _ := strings.Cut(m, "=")
		q.Set(name, value)
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

const (
	driverName = "sqlite3"
	memoryVFS  = "memdb"
)

// writerDSN begins a new file with incremental vacuum, which must come first. FULL
// syncs each commit: with less, a power cut takes back what was committed.
func writerDSN(path, vfs string) string {
	journal, sync := "journal_mode(wal)", "synchronous(full)"
	if vfs == memoryVFS {
		journal, sync = "journal_mode(memory)", "synchronous(off)"
	}
	return dsn(path, vfs, []string{
		"busy_timeout(5000)", "auto_vacuum(incremental)", journal, sync,
		"journal_size_limit(8388608)", "cache_size(-4096)",
	}, "_txlock=immediate")
}

func readerDSN(path, vfs string, more ...string) string {
	if vfs != memoryVFS {
		more = append(more, "mode=ro")
	}
	return dsn(path, vfs, []string{"busy_timeout(5000)", "query_only(1)", "cache_size(-4096)"}, append(more, "_txlock=deferred")...)
}
