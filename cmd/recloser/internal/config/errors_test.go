package config

import (
	"strings"
	"testing"
)

func TestBadValues(t *testing.T) {
	const (
		duration = "use a duration from 1ms to 24h, such as 30s or 1m30s"
		bytes    = "use a number of bytes, or of KiB, MiB or GiB, such as 4MiB, from 1 to 1GiB"
		listen   = "use HOST:PORT such as 127.0.0.1:8484, or :8484 for every interface"
		kinds    = "service, overload, timeout, rate_limit, quota or caller"
		url      = "use a URL such as https://api.openai.com/v1"
	)
	tests := []struct{ given, want string }{
		{"failure-threshold=0", `--failure-threshold is "0": use a whole number from 1 to 1000000, or off`},
		{"failure-threshold=five", `--failure-threshold is "five": use a whole number from 1 to 1000000, or off`},
		{"failure-threshold=", `--failure-threshold is "": use a whole number from 1 to 1000000, or off`},
		{"retries=-1", `--retries is "-1": use a whole number from 0 (none) to 100`},
		{"retries=101", `--retries is "101": use a whole number from 0 (none) to 100`},
		{"max-circuits=0", `--max-circuits is "0": use a whole number from 1 to 1000000`},
		{"reset-timeout=30", `--reset-timeout is "30": ` + duration},
		{"reset-timeout=off", `--reset-timeout is "off": ` + duration},
		{"reset-timeout=25h", `--reset-timeout is "25h": ` + duration},
		{"base-timeout=0", `--base-timeout is "0": ` + duration},
		{"probe-lease=1us", `--probe-lease is "1us": ` + duration},
		{"stall-after=-1s", `--stall-after is "-1s": ` + duration + ", or off"},
		{"idle-timeout=soon", `--idle-timeout is "soon": ` + duration + ", or off"},
		{"max-retry-wait=2h", `--max-retry-wait is "2h": use a duration from 1ms to 1h, such as 30s or 1m30s`},
		{"shutdown-grace=-1s", `--shutdown-grace is "-1s": use a duration from 0 (none) to 24h, such as 30s or 1m30s`},
		{"max-held-body=0", `--max-held-body is "0": ` + bytes},
		{"max-held-body=2GiB", `--max-held-body is "2GiB": ` + bytes},
		{"max-held-body=4MB", `--max-held-body is "4MB": ` + bytes},
		{"max-held-body=9999999999GiB", `--max-held-body is "9999999999GiB": ` + bytes},
		{"policy=classy", `--policy is "classy": use adaptive or classic; did you mean classic?`},
		{"history=x/", `--history is "x/": use the name of a file, such as /var/lib/recloser/recloser.db, auto or off`},
		{"mode=dry", `--mode is "dry": use normal, observe, forced-open or disabled`},
		{"count=calls", `--count is "calls": use attempt or call; did you mean call?`},
		{"retry-strategy=fixd", `--retry-strategy is "fixd": use full-jitter, equal-jitter, decorrelated-jitter, exponential, fixed or none; did you mean fixed?`},
		{"safe-to-repeat=al", `--safe-to-repeat is "al": use auto, all or none; did you mean all?`},
		{"log-format=xml", `--log-format is "xml": use auto, text or json`},
		{"log-level=loud", `--log-level is "loud": use debug, info, warn or error`},
		{"listen=8484", `--listen is "8484": ` + listen},
		{"listen=off", `--listen is "off": ` + listen},
		{"listen=127.0.0.1:http", `--listen is "127.0.0.1:http": the port is a number from 0 (any free one) to 65535; ` + listen},
		{"listen=127.0.0.1:65536", `--listen is "127.0.0.1:65536": the port is a number from 0 (any free one) to 65535; ` + listen},
		{"admin=nowhere", `--admin is "nowhere": use HOST:PORT such as 127.0.0.1:8485, or off`},
		{"upstream=api.openai.com/v1", `--upstream is "api.openai.com/v1": it does not begin with http:// or https://; ` + url},
		{"upstream=localhost:80", `--upstream is "localhost:80": it does not begin with http:// or https://; ` + url},
		{"upstream=ftp://host", `--upstream is "ftp://host": it does not begin with http:// or https://; ` + url},
		{"upstream=https://", `--upstream is "https://": it has no host; ` + url},
		{"upstream=https:///v1", `--upstream is "https:///v1": it has no host; ` + url},
		{"upstream=https://host:99999", `--upstream is "https://host:99999": its port is not from 1 to 65535; ` + url},
		{"upstream=https://a b", `--upstream is "https://a b": it is not a URL; ` + url},
		{"upstream=https://me:hunter2@host/v1", `--upstream is "https://***@host/v1": it has a user or password: clients bring their own Authorization; ` + url},
		{"upstream=https://me:hunter2%@host/v1", `--upstream is "https://***@host/v1": it is not a URL; ` + url},
		{"upstream=https://host/v1?key=hunter2", `--upstream is "https://host/v1?***": it has a query or fragment: clients bring their own query; ` + url},
		{"admin-token=hunter2 x", `--admin-token: use printable ASCII characters without spaces, as a header can carry them`},
		{"mode=" + strings.Repeat("x", 1000), `--mode is "` + strings.Repeat("x", 80) + `...": use normal, observe, forced-open or disabled`},
		{"client-token=", `--client-token: it is empty: give it a token, or leave it out`},
		{"client-token= ,\n", `--client-token: there is no token in it: use one, or several separated by commas or white space`},
		{"client-token=hunter2", `--client-token: token 1 of 1 is shorter than 16 characters: use a longer one that nobody can guess`},
		{"client-token=swordfish-swordfish,hunter2-hunter", `--client-token: token 2 of 2 is shorter than 16 characters: use a longer one that nobody can guess`},
		{"client-token=swordfish-swordf\u00efsh", `--client-token: token 1 of 1 has characters that a header cannot carry: use printable ASCII`},
		{"failure-rate=50", `--failure-rate is "50": use a number above 0 up to 1, such as 0.5, or off`},
		{"slow-rate=NaN", `--slow-rate is "NaN": use a number above 0 up to 1, such as 0.5, or off`},
		{"slow-rate=0.5", `--slow-rate is "0.5": it needs slow-after too: the duration, such as 30s, beyond which a call is slow`},
		{"failure-threshold=off", `--failure-threshold is "off": use a failure_rate or a slow_rate with it: nothing else would trip the circuit`},
		{"retry-budget=0", `--retry-budget is "0": use a number above 0 up to 1, such as 0.1, or off, which is no bound`},
		{"retry-budget=2", `--retry-budget is "2": use a number above 0 up to 1, such as 0.1, or off, which is no bound`},
		{"retry-budget-burst=0", `--retry-budget-burst is "0": use a whole number from 1 to 1000000`},
		{"max-in-flight=0", `--max-in-flight is "0": use a whole number from 1 to 1000000, or off`},
		{"max-queue-wait=off", `--max-queue-wait is "off": ` + duration},
		{"gate-max-waiting=-1", `--gate-max-waiting is "-1": use a whole number from 0 (none) to 1000000`},
		{"gate-first-guess=2m", `--gate-first-guess is "2m": use at most max_closed, which is 1m0s`},
		{"quota-retest=2h", `--quota-retest is "2h": use at most max_retest, which is 1h0m0s`},
		{"fallback-on=", `--fallback-on is "": use off, or a list of ` + kinds},
		{"fallback-on=timeout,cancelled", `--fallback-on is "timeout,cancelled": use off, or a list of ` + kinds},
		{"fallback-on=timeout, servce", `--fallback-on is "timeout, servce": use off, or a list of ` + kinds + `; did you mean service?`},
		{"fallback-on=quota,caller,quota", `--fallback-on is "quota,caller,quota": it has quota twice: remove one`},
		{"when-refused=queue", `--when-refused is "queue": use refuse or wait`},
		{"ramp=yes", `--ramp is "yes": use on or off`},
		{"gray-html=1", `--gray-html is "1": use on or off`},
		{"policy=adaptive failure-threshold=7", `--failure-threshold is "7": it belongs to the policy classic, and --policy is adaptive: leave one out`},
		{"policy=adaptive base-timeout=2s ramp=off", `--base-timeout is "2s": it belongs to the policy classic, and --policy is adaptive: leave one out
--ramp is "off": it belongs to the policy classic, and --policy is adaptive: leave one out`},
		{"policy=classic adaptive-odds=100", `--adaptive-odds is "100": it belongs to the policy adaptive, and --policy is classic: leave one out`},
		{"failure-rate=0.5 adaptive-odds=100", `--adaptive-odds is "100": it belongs to the policy adaptive, and --failure-rate selects the policy classic: leave one out`},
		{"adaptive-odds=9", `--adaptive-odds is "9": use a whole number from 10 to 1000000000000000`},
		{"adaptive-failure-cost=NaN", `--adaptive-failure-cost is "NaN": use a number from 0.001 to 1000`},
		{"adaptive-waiting-cost=-1", `--adaptive-waiting-cost is "-1": use a number from 1e-06 to 1000`},
		{"adaptive-quota-run=0", `--adaptive-quota-run is "0": use a whole number from 1 to 1000000, or off`},
		{"base-timeout=31s", `--base-timeout is "31s": use at most the reset timeout, which is 30s (default)`},
		{"admin=:8485", `--admin is ":8485": other machines can reach it there, so it needs a token: set RECLOSER_ADMIN_TOKEN, or use an address of this machine alone, such as 127.0.0.1:8485`},
		{"admin=127.0.0.1:8484", `--admin is "127.0.0.1:8484": it is the address of the proxy: use another port, or off`},
		{"stall-after=0s1", `--stall-after is "0s1": ` + duration + ", or off"},
		{"upstream=http://localhost:8484/v1", `--upstream is "http://localhost:8484/v1": it is the address of the proxy itself: use the URL of the API`},
	}
	for _, tt := range tests {
		flags := []string{tt.given}
		if strings.Contains(tt.given, "policy=") || strings.Contains(tt.given, "adaptive-") {
			flags = strings.Fields(tt.given)
		}
		_, err := load(flags, nil)
		if err == nil {
			t.Errorf("%s is taken", tt.given)
		} else if err.Error() != tt.want {
			t.Errorf("%s:\nhave %s\nwant %s", tt.given, err, tt.want)
		}
	}
}

func TestGoodValues(t *testing.T) {
	for _, given := range [][]string{
		{"listen=:8484"}, {"listen=[::1]:0"}, {"listen=localhost:1"}, {"listen=127.0.0.1:0", "admin=127.0.0.1:0"},
		{"admin=:8485", "admin-token=x"}, {"admin=localhost:8485"}, {"admin=[::1]:8485"}, {"admin=off"},
		{"upstream=HTTPS://host/v1"}, {"upstream=hTTp://host/v1"}, {"upstream=http://127.0.0.1:8486"}, {"upstream=https://host/openai/v1/"}, {"upstream=http://localhost"},
		{"max-body=1048576"}, {"max-body=1 KiB"}, {"shutdown-grace=0"}, {"drain-delay=off"}, {"total-timeout=1h30m"},
	} {
		if _, err := load(given, nil); err != nil {
			t.Errorf("%v: %v", given, err)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := load([]string{"listen=x", "mode=x"}, []string{"RECLOSER_RETRIES=x", "RECLOSER_COUNT=x"})
	if err == nil {
		t.Fatal("no error")
	}
	const want = `--listen is "x": use HOST:PORT such as 127.0.0.1:8484, or :8484 for every interface
--mode is "x": use normal, observe, forced-open or disabled
RECLOSER_COUNT is "x": use attempt or call
RECLOSER_RETRIES is "x": use a whole number from 0 (none) to 100`
	if err.Error() != want {
		t.Errorf("have %s\nwant %s", err, want)
	}
}

func TestUnknownVariables(t *testing.T) {
	tests := []struct {
		variable string
		unknown  bool
		nearest  string
	}{
		{"RECLOSER_RETRIES=3", false, ""},
		{"RECLOSER_RETRYS=3", true, "RECLOSER_RETRIES"},
		{"RECLOSER_FAILURE_TRESHOLD=", true, "RECLOSER_FAILURE_THRESHOLD"},
		{"RECLOSER_SOMETHING_ELSE=1", true, ""},
		{"RECLOSER_=1", true, ""},
		{"RECLOSERX=1", false, ""},
		{"OPENAI_API_KEY=1", false, ""},
		{"RECLOSER_SERVICE_HOST=10.0.0.1", false, ""}, // Kubernetes, for a service called recloser
		{"RECLOSER_PORT=tcp://10.0.0.1:80", false, ""},
		{"RECLOSER_ADMIN_PORT_8485_TCP_ADDR=10.0.0.1", false, ""},
		{"RECLOSER_ACTIVE_HELP=0", false, ""}, // shell completion
	}
	for _, tt := range tests {
		found := (&Serve{}).Unknown([]string{"PATH=/bin", tt.variable})
		if (len(found) == 1) != tt.unknown {
			t.Errorf("%s: %v", tt.variable, found)
		} else if tt.unknown && found[0].Nearest != tt.nearest {
			t.Errorf("%s: nearest is %q", tt.variable, found[0].Nearest)
		}
	}
}

func TestUpstreamThatIsTheProxyItself(t *testing.T) {
	const self = "it is the address of the proxy itself: use the URL of the API"
	for _, tt := range []struct {
		listen, upstream string
		self             bool
	}{
		{":8484", "http://127.0.0.1:8484/v1", true},
		{":8484", "http://localhost:8484/v1", true},
		{":8484", "HTTP://[::1]:8484/v1", true},
		{":8484", "http://0.0.0.0:8484/v1", true},
		{"0.0.0.0:8484", "http://127.0.0.1:8484", true},
		{"[::]:8484", "http://127.0.0.1:8484", true},
		{"127.0.0.1:8484", "http://0.0.0.0:8484", true},
		{"127.0.0.1:8484", "http://[::]:8484", true},
		{"10.0.0.1:8484", "http://10.0.0.1:8484", true},
		{"recloser.example:8484", "http://Recloser.example:8484", true},
		{":80", "http://localhost/v1", true},
		{"[::1]:80", "http://[::1]/v1", true},
		{":8484", "http://127.0.0.1:8486/v1", false},
		{":8484", "http://api.example:8484/v1", false},
		{"10.0.0.1:8484", "http://127.0.0.1:8484", false},
		{"127.0.0.1:8484", "http://10.0.0.1:8484", false},
		{"127.0.0.1:0", "http://127.0.0.1:8484", false},
		{":8484", "https://127.0.0.1:8484/v1", false},
	} {
		_, err := load([]string{"listen=" + tt.listen, "upstream=" + tt.upstream}, nil)
		if noticed := err != nil && strings.HasSuffix(err.Error(), self); noticed != tt.self {
			t.Errorf("%s on %s: %v", tt.upstream, tt.listen, err)
		}
	}
}

func TestPathMeant(t *testing.T) {
	for upstream, want := range map[string]string{
		"https://api.openai.com":        "https://api.openai.com/v1",
		"https://api.openai.com/":       "https://api.openai.com/v1",
		"HTTPS://API.OpenAI.com:443":    "https://API.OpenAI.com:443/v1",
		"https://eu.api.openai.com":     "https://eu.api.openai.com/v1",
		"https://api.openai.com/v1":     "",
		"https://api.openai.com/other":  "",
		"https://notapi.openai.com":     "",
		"https://api.openai.com.evil":   "",
		"http://127.0.0.1:8486":         "",
		"https://api.deepseek.com":      "",
		"https://xapi.openai.com/":      "",
		"https://openrouter.ai/api/v1/": "",
	} {
		c, err := load([]string{"upstream=" + upstream}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.PathMeant(); got != want {
			t.Errorf("%s: %q, want %q", upstream, got, want)
		}
	}
}
