package peers

import (
	"os"
	"testing"

	"github.com/zeromicro/go-zero/core/logx"
)

// TestMain runs the tests, or one try of TestWrongs that may not come back.
func TestMain(m *testing.M) {
	logx.Disable() // go-zero's, which prints statistics every minute
	if name := os.Getenv(tryVariable); name != "" {
		try(name)
		return
	}
	os.Exit(m.Run())
}
