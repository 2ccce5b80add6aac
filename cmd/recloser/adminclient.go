package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

// adminClient speaks with the admin listener of a proxy that runs.
type adminClient struct {
	admin, token text
}

// adminFlags adds the flags that say where it is. Without them it is where "recloser
// serve" would be, in the same environment.
func adminFlags(cmd *cobra.Command, s streams) *adminClient {
	c := &adminClient{admin: text{"http://127.0.0.1:8485", "URL"}, token: text{"", "TOKEN"}}
	for _, entry := range s.environ {
		switch name, value, _ := strings.Cut(entry, "="); {
		case value == "":
		case name == config.Variable("admin") && value != "off":
			c.admin.value = value
		case name == config.Variable("admin-token"):
			c.token.value = value
		}
	}
	token := c.token.value
	c.token.value = "" // help must not show it
	cmd.PersistentFlags().SortFlags = false
	cmd.PersistentFlags().Var(&c.admin, "admin", "the admin address of the proxy")
	cmd.PersistentFlags().Var(&c.token, "admin-token", "its token; better given as "+config.Variable("admin-token")+", which other users of the machine cannot see")
	c.token.value = token
	for _, name := range []string{"admin", "admin-token"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return c
}

// base is the root of all addresses: of a URL, or of HOST:PORT as recloser serve has it.
func (c *adminClient) base() (*url.URL, error) {
	given := c.admin.value
	if !strings.Contains(given, "://") {
		given = "http://" + given
	}
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, usageError{fmt.Errorf("--admin is %q: use a URL such as http://127.0.0.1:8485, or HOST:PORT", c.admin.value)}
	}
	if host := u.Hostname(); host == "" || net.ParseIP(host).IsUnspecified() { // where it listens, on every interface
		u.Host = net.JoinHostPort("127.0.0.1", u.Port())
	}
	return u, nil
}

// adminTime is how long an answer may take.
const adminTime = 15 * time.Second

// maxAnswer bounds what is read of one.
const maxAnswer = 64 << 20

// ask makes a request and returns the body of a good answer. The parts of the path are
// names as they are.
func (c *adminClient) ask(ctx context.Context, method string, body any, parts ...string) ([]byte, error) {
	u, err := c.base()
	if err != nil {
		return nil, err
	}
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(text)
	}
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(u.String(), "/")+"/api/"+strings.Join(parts, "/"), sent)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Recloser-Actor", "cli")
	if c.token.value != "" {
		req.Header.Set("Authorization", "Bearer "+c.token.value)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client().Do(req)
	if err != nil {
		return nil, fmt.Errorf("the proxy at %s does not answer: %w", c.admin.value, cause(err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the proxy at %s has not answered to the end: %w", c.admin.value, cause(err))
	}
	return answer, problem(resp.StatusCode, answer, c.token.value != "")
}

// client follows nothing: the token is for that address alone.
func client() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// cause leaves out the address, which is told anyway.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// problem is what an answer says that is not good.
func problem(status int, answer []byte, token bool) error {
	var said struct{ Error struct{ Message string } }
	_ = json.Unmarshal(answer, &said) // it may be anything
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusUnauthorized && token:
		return errors.New("the admin token is not the right one")
	case status == http.StatusUnauthorized:
		return fmt.Errorf("the proxy demands its admin token: set %s", config.Variable("admin-token"))
	case said.Error.Message != "":
		return errors.New(shown(said.Error.Message))
	}
	return fmt.Errorf("the answer has status %d: is that the admin address of a proxy?", status)
}
