package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/openaitest"
)

func TestDemoStartsAProxyOnFreePorts(t *testing.T) {
	api := openaitest.Start(t, openaitest.Config{Script: "down"})
	opened := make(chan string, 10)
	proxy, admin, stop, err := startProxy(t.Context(), api.BaseURL, func(tr breaker.Transition) {
		if tr.To == breaker.Open {
			opened <- tr.Name
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{proxy, admin} {
		if strings.HasSuffix(url, ":8484") || strings.HasSuffix(url, ":8485") {
			t.Errorf("%s is no free port", url)
		}
	}
	if status, answer := get(admin+"/readyz", "", nil); status != http.StatusOK {
		t.Errorf("/readyz: %d, %s", status, answer)
	}
	for range 5 {
		get(proxy+"/v1/chat/completions", `{"model":"m","messages":[{}]}`, nil)
	}
	if name := <-opened; !strings.HasPrefix(name, strings.TrimPrefix(api.URL, "http://")) {
		t.Errorf("opened %s", name)
	}
	stop()
	if status, _ := get(admin+"/healthz", "", nil); status != 0 {
		t.Errorf("it still answers: %d", status)
	}
}
