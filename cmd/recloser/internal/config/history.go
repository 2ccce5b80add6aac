package config

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// historyAuto stands for the file of the user's state directory.
const historyAuto = "auto"

// historyFile reads where the history is.
func historyFile() option {
	return option{Option{Kind: Text, Arg: "FILE", OrOff: true}, func(c *Serve, text string) error {
		switch {
		case text == off:
			c.History, c.HistoryGiven = "", true
		case text == historyAuto:
			c.History, c.HistoryGiven = DefaultHistory(), false
		case strings.ContainsAny(text, "?\x00") || strings.HasSuffix(text, string(filepath.Separator)):
			return errors.New("use the name of a file, such as /var/lib/recloser/recloser.db, auto or off")
		default:
			c.History, c.HistoryGiven = text, true
		}
		return nil
	}}
}

// DefaultHistory returns recloser.db in the directory where programs of this user
// keep their state, or "" if there is none.
func DefaultHistory() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" || !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		switch {
		case err != nil:
			return ""
		case runtime.GOOS == "windows":
			dir = filepath.Join(home, "AppData", "Local")
		case runtime.GOOS == "darwin":
			dir = filepath.Join(home, "Library", "Application Support")
		default:
			dir = filepath.Join(home, ".local", "state")
		}
	}
	return filepath.Join(dir, "recloser", "recloser.db")
}
