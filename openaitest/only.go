package openaitest

import "net/http"

// Only makes those attempts fail that match every field that is set, such as
// those for one model. With none set it is every attempt.
//
// In a script: only model=gpt-4o (down), only endpoint=embeddings client=app.
type Only struct {
	Model    string
	Endpoint string // as in Attempt, such as "chat/completions"
	Client   string // the label, see Config.ClientHeader
	// Fault is what happens to them. Nil: Down.
	Fault Fault
}

// Name is "only". Counts has the names of what was chosen instead.
func (Only) Name() string { return "only" }

func (f Only) String() string {
	return say("only").text("model", f.Model).text("endpoint", f.Endpoint).
		text("client", f.Client).group(f.Fault).String()
}

// Choose returns the fault or Healthy.
func (f Only) Choose(a Attempt) Fault {
	if !matches(f.Model, a.Model) || !matches(f.Endpoint, a.Endpoint) || !matches(f.Client, a.Client) {
		return Healthy{}
	}
	return orDown(f.Fault)
}

func matches(want, got string) bool { return want == "" || want == got }

// Serve answers with what it chooses.
func (f Only) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	serveChoice(f, w, r, next)
}
