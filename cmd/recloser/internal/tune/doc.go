// Package tune searches for the settings of circuits and gates that lose least on
// recorded traffic.
//
// Each trace is divided by time: candidates are found on its first part, and the best
// few of them are judged on the rest, which they have not seen. Policies are played as
// "recloser replay" plays them; what they lose more than an oracle, of 1000 requests,
// is their regret.
//
// One outage is one sample, however many calls it hits. So figures have intervals by
// the blocks of a trace, none of which ends within a trouble, and a gain that may be
// chance is no reason to leave the defaults.
package tune
