package replay

import "time"

const second, minute = time.Second, time.Minute

// Scenarios are the made-up worlds of the scorecard, the random ones aside; see
// [Random].
func Scenarios() []Scenario {
	down := func(from, to time.Duration) Phase { return Phase{From: from, To: to, Fail: 1} }
	part := func(from, to time.Duration, fail float64) Phase { return Phase{From: from, To: to, Fail: fail} }
	return []Scenario{
		{Name: "healthy", About: "2 s of 50 % errors every 2 min", Phases: every(2*minute, 2*minute, 9, part(0, 2*second, 0.5))},
		{Name: "outage", About: "down for 10 min", Phases: []Phase{down(3*minute, 13*minute)}},
		{Name: "short-outages", About: "down for 20 s, six times", Phases: every(minute, 3*minute, 6, down(0, 20*second))},
		{Name: "brownout30", About: "30 % errors for 10 min", Phases: []Phase{part(3*minute, 13*minute, 0.3)}},
		{Name: "grey95", About: "95 % errors for 10 min", Phases: []Phase{part(3*minute, 13*minute, 0.95)}},
		{Name: "stall", About: "nothing is answered before the deadline for 5 min", Phases: []Phase{{From: 3 * minute, To: 8 * minute, Hang: 1}}},
		{
			Name: "long-calls", About: "answers of 10 s; down for 3 min and twice for less", Median: 10 * second, Deadline: minute,
			Phases: []Phase{down(3*minute, 6*minute), down(10*minute, 10*minute+30*second), down(15*minute, 16*minute)},
		},
		{
			Name: "rate-limit", About: "5 attempts a second and no more for 10 min",
			Phases: []Phase{{From: 3 * minute, To: 13 * minute, Limit: 5}},
		},
		{Name: "one-model", About: "one of 4 models is down for 10 min", Phases: []Phase{{From: 3 * minute, To: 13 * minute, Fail: 1, Model: 1}}},
		{
			Name: "one-model/keyed", About: "the same, with a circuit for each model for everyone", Keyed: true,
			Phases: []Phase{{From: 3 * minute, To: 13 * minute, Fail: 1, Model: 1}},
		},
		{Name: "flapping", About: "down for 20 s, up for 20 s, 15 times", Phases: every(3*minute, 40*second, 15, down(0, 20*second))},
		{
			Name: "metastable", About: "down for 2 min, then cold, and kept down by those who come back", Deadline: 10 * second,
			Phases: []Phase{down(3*minute, 5*minute)},
			Crowd:  &Crowd{Workers: 20, Queue: 300, Median: 1200 * time.Millisecond, Sigma: 0.4, Cold: 5, Warm: 400},
		},
		{
			Name: "low-traffic", About: "a request in 5 s; down for 10 min and for 1 min", Rate: 0.2, Replicas: 1, Length: time.Hour,
			Phases: []Phase{down(10*minute, 20*minute), down(35*minute, 36*minute)},
		},
		{
			Name: "bursty", About: "requests come in bursts; down for 3 min, 30 % errors for 3 min", Burst: 3,
			Phases: []Phase{down(3*minute, 6*minute), part(10*minute, 13*minute, 0.3)},
		},
		{Name: "one-bad-node", About: "one of 4 replicas reaches nothing for 10 min", Phases: []Phase{{From: 3 * minute, To: 13 * minute, Fail: 1, Replica: 1}}},
		{
			Name: "fleet16-diurnal", About: "16 replicas, a load that swings; down three times", Replicas: 16, Wave: 0.8,
			Phases: []Phase{down(2*minute, 5*minute), down(10*minute, 11*minute), down(16*minute, 18*minute)},
		},
	}
}

// every repeats a phase so many times.
func every(first, period time.Duration, times int, p Phase) []Phase {
	all := make([]Phase, times)
	for i := range all {
		all[i] = p
		all[i].From += first + time.Duration(i)*period
		all[i].To += first + time.Duration(i)*period
	}
	return all
}
