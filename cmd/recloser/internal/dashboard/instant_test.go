package dashboard

import (
	"encoding/json"
	"testing"
	"time"
)

func TestInstant(t *testing.T) {
	east := time.FixedZone("", 2*3600)
	for _, row := range []struct {
		t    time.Time
		want string
	}{
		{time.Time{}, `null`},
		{time.Date(2026, 1, 2, 1, 4, 5, 0, east), `"2026-01-01T23:04:05.000Z"`},
		{time.Date(2026, 1, 2, 3, 4, 5, 6_999_999, time.UTC), `"2026-01-02T03:04:05.006Z"`},
		{time.Date(2026, 1, 2, 3, 4, 5, 120_000_000, time.UTC), `"2026-01-02T03:04:05.120Z"`},
	} {
		if got, err := json.Marshal(instant(row.t)); err != nil || string(got) != row.want {
			t.Errorf("%s %v, want %s", got, err, row.want)
		}
	}
}
