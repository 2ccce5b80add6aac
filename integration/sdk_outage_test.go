package integration

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// Through an outage and out of it: the circuit opens, callers are refused at
// once and told for how long, one probe finds the service well, all is as
// before.
func TestSDKOutageAndRecovery(t *testing.T) {
	forEachSDK(t, func(t *testing.T, client sdk) {
		api := openaitest.Start(t, openaitest.Config{})
		serve := startServe(t, "--upstream", api.BaseURL,
			"--failure-threshold", "3", "--base-timeout", "2s", "--retry-base-delay", "20ms")
		ask := sdkCall{URL: serve.URL(), Op: opChat, Model: "m"}
		name := strings.TrimPrefix(api.URL, "http://") + "/m"

		api.Set(openaitest.Down{})
		if saw := client.call(t, ask); saw.Error == nil || saw.Error.Status != 503 || saw.Error.Code != "" {
			t.Fatalf("of a service that is down: %+v, error %+v", saw, saw.Error)
		}
		eventually(t, "the circuit is open", func() bool { return serve.circuit(t, name).State == "open" })
		if n := attemptsFor(t, api, "m"); n != 3 {
			t.Errorf("the outage was met by %d attempts, not by the circuit's threshold of 3", n)
		}

		for _, op := range []string{opChat, opChatStream} {
			checkRefusal(t, client.call(t, sdkCall{URL: serve.URL(), Op: op, Model: "m"}))
		}
		if n := attemptsFor(t, api, "m"); n != 3 {
			t.Errorf("%d attempts reached the service although the circuit is open", n-3)
		}
		other := client.call(t, sdkCall{URL: serve.URL(), Op: opChat, Model: "n"})
		if n := attemptsFor(t, api, "n"); n != 3 || other.Error == nil || other.Error.Code == "circuit_open" {
			t.Errorf("another model: %d attempts, error %+v", n, other.Error)
		}

		api.Set(nil)
		before := attemptsFor(t, api, "m")
		eventually(t, "calls work again", func() bool {
			saw := client.call(t, ask)
			if saw.Error != nil {
				checkRefusal(t, saw)
			}
			return saw.Error == nil
		})
		if n := attemptsFor(t, api, "m") - before; n != 1 {
			t.Errorf("%d attempts until the first success, not one probe", n)
		}
		eventually(t, "the circuit is closed", func() bool { return serve.circuit(t, name).State == "closed" })
		checkHealthy(t, opChatStream, client.call(t, sdkCall{URL: serve.URL(), Op: opChatStream, Model: "m"}))
		c := serve.circuit(t, name)
		if c.FailedCalls != 3 || c.RefusedCalls < 2 {
			t.Errorf("afterwards: %+v", c)
		}
	})
}

// checkRefusal demands the answer of an open circuit, after one request of the
// client, with the same time in its words and in both its headers.
func checkRefusal(t *testing.T, saw sighting) {
	t.Helper()
	got := saw.Error
	if got == nil {
		t.Fatal("the call was not refused")
	}
	if got.Status != 503 || got.Code != "circuit_open" || got.Type != "service_unavailable_error" || saw.Requests != 1 {
		t.Fatalf("%d requests, error %+v", saw.Requests, got)
	}
	seconds, err := strconv.Atoi(got.Header["retry-after"])
	millis, errMS := strconv.ParseFloat(got.Header["retry-after-ms"], 64)
	if err != nil || errMS != nil || seconds < 1 || seconds != int(math.Ceil(millis/1000)) {
		t.Errorf("Retry-After %q, retry-after-ms %q", got.Header["retry-after"], got.Header["retry-after-ms"])
	}
	unit := "seconds"
	if seconds == 1 {
		unit = "second"
	}
	want := fmt.Sprintf("AI service is temporarily unavailable. Please try again in %d %s.", seconds, unit)
	if got.Message != want || got.Header["recloser-message"] != want {
		t.Errorf("message %q, Recloser-Message %q, not %q", got.Message, got.Header["recloser-message"], want)
	}
	if got.Header["x-should-retry"] != "false" || got.Header["recloser-kind"] != "refused" ||
		got.Header["recloser-attempts"] != "0" || got.Header["content-type"] != "application/json" {
		t.Errorf("header %v", got.Header)
	}
}

// One call of a client with its defaults through a proxy with its defaults
// reaches an upstream that is dead at most three times, not nine.
func TestSDKDeadUpstream(t *testing.T) {
	forEachSDK(t, func(t *testing.T, client sdk) {
		api := openaitest.Start(t, openaitest.Config{})
		for name, fault := range map[string]openaitest.Fault{
			"down": openaitest.Down{}, "html": openaitest.HTML{Status: 502}, "reset": openaitest.Reset{},
		} {
			t.Run(name, func(t *testing.T) {
				serve := startServe(t, "--upstream", api.BaseURL)
				api.Set(fault)
				saw := client.call(t, sdkCall{URL: serve.URL(), Op: opChat, Model: name})
				if n := attemptsFor(t, api, name); n != 3 || saw.Requests != 1 || saw.Error == nil {
					t.Errorf("%d attempts, %d requests of the client, error %+v", n, saw.Requests, saw.Error)
				}
			})
		}
		t.Run("without retries of the proxy", func(t *testing.T) { // then the client may have its own
			api.Set(openaitest.Down{})
			serve := startServe(t, "--upstream", api.BaseURL, "--retries", "0")
			saw := client.call(t, sdkCall{URL: serve.URL(), Op: opChat, Model: "m"})
			if n := attemptsFor(t, api, "m"); n != 3 || saw.Requests != 3 || saw.Error == nil {
				t.Errorf("%d attempts, %d requests of the client, error %+v", n, saw.Requests, saw.Error)
			}
		})
		t.Run("refused", func(t *testing.T) {
			dead := fmt.Sprintf("127.0.0.1:%d", freePort(t))
			serve := startServe(t, "--upstream", "http://"+dead+"/v1")
			saw := client.call(t, sdkCall{URL: serve.URL(), Op: opChat, Model: "m"})
			if saw.Error == nil || saw.Error.Status != 502 || saw.Error.Message != "Our AI service is temporarily unavailable. We're working on it." {
				t.Errorf("%+v", saw.Error)
			}
			if host := serve.circuit(t, dead); host.TotalCalls != 3 || host.FailedCalls != 3 || saw.Requests != 1 {
				t.Errorf("%d requests of the client, the upstream's circuit %+v", saw.Requests, host)
			}
		})
	})
}

// A service that hangs: a client with a deadline of its own is not held up by
// the proxy's patience and counts for nothing, a deadline of the proxy counts.
func TestSDKHang(t *testing.T) {
	forEachSDK(t, func(t *testing.T, client sdk) {
		api := openaitest.Start(t, openaitest.Config{Fault: openaitest.Hang{}})
		name := strings.TrimPrefix(api.URL, "http://") + "/m"

		t.Run("deadline of the client", func(t *testing.T) {
			serve := startServe(t, "--upstream", api.BaseURL)
			saw := client.call(t, sdkCall{URL: serve.URL(), Op: opChat, Model: "m", TimeoutMS: 200})
			requests := 1
			if _, node := client.(*nodeSDK); node {
				requests = 3 // it repeats what took it too long
			}
			if saw.Error == nil || saw.Error.Status != 0 || saw.Requests != requests {
				t.Errorf("%d requests of the client, error %+v", saw.Requests, saw.Error)
			}
			idle(t, api) // the attempts have ended with their clients
			want := circuit{Name: name, State: "closed", TotalCalls: int64(requests)}
			eventually(t, "calls, but no failed ones", func() bool { return serve.circuit(t, name) == want })
		})
		t.Run("deadline of the proxy", func(t *testing.T) {
			serve := startServe(t, "--upstream", api.BaseURL, "--headers-timeout", "200ms", "--retry-base-delay", "20ms")
			saw := client.call(t, sdkCall{URL: serve.URL(), Op: opChat, Model: "m"})
			got := saw.Error
			if got == nil || got.Status != 504 || got.Message != "Our AI service is temporarily unavailable. We're working on it." ||
				got.Header["recloser-kind"] != "timeout" || saw.Requests != 1 {
				t.Errorf("%d requests of the client, error %+v", saw.Requests, got)
			}
			if c := serve.circuit(t, name); c.FailedCalls != 3 || c.TotalCalls != 3 {
				t.Errorf("%+v", c)
			}
		})
		t.Run("silence in a stream", func(t *testing.T) {
			api := openaitest.Start(t, openaitest.Config{Fault: openaitest.Stall{After: 4}})
			serve := startServe(t, "--upstream", api.BaseURL, "--idle-timeout", "200ms")
			saw := client.call(t, sdkCall{URL: serve.URL(), Op: opChatStream, Model: "m"})
			if saw.Error == nil || saw.Pieces == 0 || saw.Requests != 1 {
				t.Errorf("%d requests of the client, %d pieces, error %+v", saw.Requests, saw.Pieces, saw.Error)
			}
			want := circuit{Name: strings.TrimPrefix(api.URL, "http://") + "/m", State: "closed", TotalCalls: 1, FailedCalls: 1}
			eventually(t, "one call, a failure", func() bool { return serve.circuit(t, want.Name) == want })
		})
	})
}
