package openaitest

import "net/http"

// Quota answers 429 insufficient_quota: the money is spent, and waiting does not
// help. There is no Retry-After.
//
// In a script: quota, quota code=project_spend_limit_exceeded.
type Quota struct {
	// Code is the error's code. Empty: "insufficient_quota", as is the type in
	// any case. Newer ones are credit_balance_exhausted and
	// organization_spend_limit_exceeded, with their like.
	Code string
	// Status is the HTTP status. Zero: 429; some endpoints say 400 or 403.
	Status int
}

// Name is "quota".
func (Quota) Name() string { return "quota" }

func (f Quota) String() string {
	return say("quota").count(f.Status).text("code", f.Code).String()
}

// Serve sends the refusal.
func (f Quota) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	APIError{
		Status:  orDefault(f.Status, http.StatusTooManyRequests),
		Type:    "insufficient_quota",
		Code:    orDefault(f.Code, "insufficient_quota"),
		Message: "The quota of this organization is used up. Check its plan and billing.",
	}.Serve(w, r, next)
}
