package history

import (
	"net/url"
	"path/filepath"
	"strings"
)

// dsn names a database to the driver.
func dsn(path, vfs string, pragmas []string, more ...string) string {
	own := path
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/...
	}
	q := url.Values{"_pragma": pragmas}
	if vfs != memoryVFS {
		q.Set("modeof", own) // the journal is as private as the file
	}
	if vfs != "" {
		q.Set("vfs", vfs)
	}
	for _, m := range more {
		name, value, _ := strings.Cut(m, "=")
		q.Set(name, value)
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}).String()
}

const (
	driverName = "sqlite3"
	memoryVFS  = "memdb"
)

// writerDSN opens for writing. FULL syncs each commit: with less, a power cut takes
// back what was committed. Incremental vacuum must be chosen before anything else is
// written; chosen again, it would write to a file that may be damaged.
func writerDSN(path, vfs string, empty bool) string {
	pragmas := []string{"busy_timeout(5000)"}
	if empty {
		pragmas = append(pragmas, "auto_vacuum(incremental)")
	}
	if vfs == memoryVFS {
		pragmas = append(pragmas, "journal_mode(memory)", "synchronous(off)")
	} else {
		pragmas = append(pragmas, "journal_mode(wal)", "synchronous(full)", "journal_size_limit(8388608)")
	}
	return dsn(path, vfs, append(pragmas, "cache_size(-4096)"), "_txlock=immediate")
}

func readerDSN(path, vfs string, more ...string) string {
	if vfs != memoryVFS {
		more = append(more, "mode=ro")
	}
	return dsn(path, vfs, []string{"busy_timeout(5000)", "query_only(1)", "cache_size(-4096)"}, append(more, "_txlock=deferred")...)
}
