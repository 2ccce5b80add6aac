package report

// notes say how the figures are made.
func (b *Backtest) notes() []string {
	c := b.Costs
	all := []string{
		"The oracle knows how likely the service is to answer at each moment, though not the luck of a single attempt, and sends where that pays. " +
			"Regret is how many requests of 1000 a policy has lost more than the oracle: the one number to compare by, less is better.",
		"What is lost is counted in requests: one that is never answered is 1, a failed attempt " + trimmed(c.Failed) +
			", a second waited for a failed attempt " + trimmed(c.Waiting) + ".",
		"\"Noticed\" is the first refusal in an outage, and \"back\" the first attempt after its end that is answered. " +
			"\"Load\" is attempts for each request in the half minute after an outage: above 1, those who come back add to the load.",
	}
	if b.Table != nil {
		return append(all, "Scenarios are made up: traffic, answer times and faults are drawn by the seed, and the ends of outages move with it, so that no timer fits them by accident. "+
			"The luck of an attempt depends on its request and number alone, so that all policies meet the same.")
	}
	for i := range b.Cards {
		if b.Cards[i].Trace != nil {
			return append(all, traceNotes()...)
		}
	}
	return all
}

func traceNotes() []string {
	return []string{
		"What is on record is taken as it is: an attempt that a policy lets through when it was made ends as it did. " +
			"An attempt that was not made then is guessed: it is answered with the chance that the 16 attempts around it at the same model had, none of them further off than 10 minutes, and then ends like one of them. " +
			"At best and at worst are the ends of the 90 % interval of that chance (Wilson).",
		"Retry-After is not on record: after a 429 policies know only that it came.",
		"Where there were 429s, what one attempt does not use is there for another: the service gives the answers that it gave in the trace and that a policy did not use, for a minute after; at best for ten, at worst not at all. " +
			"So a policy may lose less than the oracle, which looks no further than the next attempt. " +
			"What else refusing does for a service is not credited: where the load itself kept it down, calls would have fared better than the record says. Only \"recloser simulate\" closes that loop.",
		"An outage of a trace is five failures in a row or more at one model, from the first of them to the next answer; a 429 is none, since the service works. " +
			"A brownout is a time in which a part of the attempts fails again and again: not worth opening a circuit for.",
	}
}
