package replay

// Pays reports whether an attempt with that chance is worth what it costs, so that the
// oracle would make it.
func (c Costs) Pays(x Chance) bool { return c.pays(x) }

// OfAttempt is what an attempt has lost that failed: load, money, and the wait for it.
func (c Costs) OfAttempt(r *Answer) float64 { return c.Failed + c.Waiting*r.Took.Seconds() }
