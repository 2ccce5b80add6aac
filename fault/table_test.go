package fault_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

func TestTableIsInOrder(t *testing.T) {
	names := map[string]bool{}
	for r := range fault.Table() {
		if r.Name == "" || names[r.Name] {
			t.Errorf("name %q is empty or twice there", r.Name)
		}
		names[r.Name] = true
		if !strings.HasSuffix(r.Why, ".") || strings.Count(r.Why, "%") > 0 {
			t.Errorf("%s: why is no sentence: %q", r.Name, r.Why)
		}
		if !slices.Contains([]string{"doc", "src", "run", "rep", "adv", "gen"}, r.Source) {
			t.Errorf("%s: source %q", r.Name, r.Source)
		}
		if r.Min > r.Max || r.Text != strings.ToLower(r.Text) || strings.Contains("|"+r.Text+"|", "||") && r.Text != "" {
			t.Errorf("%s: bounds %d to %d, text %q", r.Name, r.Min, r.Max, r.Text)
		}
	}
	if len(names) < 60 {
		t.Errorf("%d rows", len(names))
	}
}

// No row stands behind one that takes all of its answers: the first of its
// codes, types, texts or statuses leads to it.
func TestEveryRowIsReached(t *testing.T) {
	for r := range fault.Table() {
		if r.Unreached || slices.Contains(ownCodes, r.Codes) {
			if e := fault.Named(r.Codes, nil); e.Why != r.Why || e.Kind != r.Kind || e.Code != r.Codes {
				t.Errorf("%s: Named gives %v", r.Name, e)
			}
			continue
		}
		if r.Kind == fault.Success || r.Name == "anything else" {
			continue // see TestFromEvent
		}
		if e := fault.Classify(sample(r)); e == nil || e.Why != r.Why || e.Kind != r.Kind {
			t.Errorf("%s: an example of it is taken for %v: %s", r.Name, e, e.Why)
		}
	}
}

var ownCodes = []string{
	fault.CodeCancelled, fault.CodeDeadline, fault.CodeDNS, fault.CodeRefused, fault.CodeUnreachable, fault.CodeConnectTimeout,
	fault.CodeTLS, fault.CodeTLSTimeout, fault.CodeReset, fault.CodeClosed, fault.CodeLost, fault.CodeRefusedStream, fault.CodeTruncated,
	fault.CodeMalformed, fault.CodeHeadersTimeout, fault.CodeContentTimeout, fault.CodeIdleTimeout, fault.CodeReadTimeout,
	fault.CodeTotalTimeout, fault.CodeHTML, fault.CodeEmpty, fault.CodeEmptyContent, fault.CodeBadRequest, fault.CodeTransport,
	fault.CodeRedirect, fault.CodeKeyRefused, fault.CodeGateClosed, fault.CodeKeyParked, fault.CodeTooManyCalls,
}

func TestNamed(t *testing.T) {
	for _, code := range ownCodes {
		if e := fault.Named(code, nil); e.Code != code || e.Why == "" || e.Err != nil || e.Status != 0 {
			t.Errorf("%s: %+v", code, e)
		}
	}
	cause := errors.New("sk-1")
	if e := fault.Named("brand_new", cause); e.Code != fault.CodeTransport || !errors.Is(e, cause) || strings.Contains(e.Error(), "sk-") {
		t.Errorf("an unknown code: %v", e)
	}
}

// A message beside an answer is not an error's.
func TestMessageBesideAnAnswer(t *testing.T) {
	body := []byte(`{"text":"what was said","message":"rate limit exceeded, please slow down"}`)
	if f := fault.Classify(200, nil, body, time.Now()); f != nil {
		t.Errorf("got %v", f)
	}
}
