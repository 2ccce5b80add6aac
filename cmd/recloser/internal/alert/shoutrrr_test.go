package alert

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// mailbox is a mail server for one message, which it returns once it has all of it.
func mailbox(t *testing.T) (address string, message func() string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	got := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		got <- converse(conn)
	}()
	return listener.Addr().String(), func() string { return <-got }
}

// converse is the server's side of SMTP.
func converse(conn net.Conn) string {
	lines := bufio.NewScanner(conn)
	say := func(text string) { fmt.Fprintf(conn, "%s\r\n", text) }
	var message strings.Builder
	for say("220 here"); lines.Scan(); {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "DATA"):
			say("354 go on")
			for lines.Scan() && lines.Text() != "." {
				message.WriteString(lines.Text() + "\n")
			}
			say("250 taken")
		case strings.HasPrefix(line, "QUIT"):
			say("221 bye")
			return message.String()
		default:
			message.WriteString(line + "\n")
			say("250 ok")
		}
	}
	return message.String()
}

func TestEMail(t *testing.T) {
	address, message := mailbox(t)
	p := down("k")
	p.Title += "\r\nBcc: everybody — all"
	to := target(t, "smtp://"+address+"/?from=recloser@example.com&to=ops@example.com&auth=none")
	if err := Send(t.Context(), to, p); err != nil {
		t.Fatal(err)
	}
	got := message()
	for _, part := range []string{
		"MAIL FROM:<recloser@example.com>", "RCPT TO:<ops@example.com>",
		"Subject: =?utf-8?q?CRITICAL:_api.openai.com/gpt-5_is_down_Bcc:_everybody",
		"\n\nThe circuit has been open for 1m0s.\nWhy: 5 of 5 attempts failed.\nUsers: They read <an error> & wait.\nNext: Look at the status page.\nhttps://recloser.example.com/#c=1\n",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in\n%s", part, got)
		}
	}
	if strings.Contains(got, "\nBcc:") {
		t.Error("a title became a header")
	}
}

func TestDiscordIsAskedOnce(t *testing.T) {
	s := &standIn{answers: slices.Repeat([]http.HandlerFunc{limit("17")}, 10)}
	err := sendOver(t.Context(), target(t, discordHook), down("k"), s)
	if err == nil || err.Error() != "answered 429 Too Many Requests" || err.(*sendError).after != 17*time.Second || len(s.requests()) != 1 {
		t.Errorf("%v, %d requests", err, len(s.requests()))
	}
}

func TestNtfy(t *testing.T) {
	var got request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = request{url: r.URL.Path, header: r.Header, body: string(body)}
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	to := target(t, "ntfy://"+server.Listener.Addr().String()+"/secret-topic?scheme=http")
	if err := Send(t.Context(), to, down("k")); err != nil {
		t.Fatal(err)
	}
	if got.url != "/secret-topic" || got.header.Get("Title") != "CRITICAL: api.openai.com/gpt-5 is down" || !strings.HasPrefix(got.body, "The circuit") {
		t.Errorf("%+v", got)
	}
}

// zulip is a service of the library that uses http.DefaultTransport, without a context.
const zulip = "zulip://bot%40example.com:hunter2@zulip.example.com/?stream=ops"

// replaceDefault puts a transport in place of the one that such services use.
func replaceDefault(t *testing.T, transport http.RoundTripper) {
	t.Helper()
	usual := http.DefaultTransport
	http.DefaultTransport = transport // there is no other way
	t.Cleanup(func() { http.DefaultTransport = usual })
}

// The library dereferences an answer that there is not, if it cannot connect.
func TestPanicsOfTheLibraryAreErrors(t *testing.T) {
	replaceDefault(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("hunter2") }))
	err := Send(t.Context(), target(t, zulip), down("k"))
	if err == nil || !strings.HasPrefix(err.Error(), "the library failed") || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// Attempts that cannot be broken off hold nobody up, and there are never many.
func TestHangingAttemptsAreBounded(t *testing.T) {
	release, s := make(chan struct{}), &standIn{}
	replaceDefault(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		<-release
		return s.RoundTrip(r)
	}))
	synctest.Test(t, func(t *testing.T) {
		release = make(chan struct{}) // within the bubble
		d := deliver(t, zulip, s, DeliveryConfig{})
		d.Deliver(down("k"))
		time.Sleep(5 * time.Minute)
		if status := d.Status()[0]; status.Failed < 6 || status.LastError != "4 earlier attempts hang" {
			t.Errorf("%+v", status)
		}
		close(release)
		time.Sleep(2 * time.Minute)
		if status := end(t, d); status.Sent != 1 || len(s.requests()) != hanging+1 {
			t.Errorf("%+v, %d requests", status, len(s.requests()))
		}
	})
}
