//go:build race

package breaker_test

// histories is how many the reference model checks; it is slow under the race
// detector.
const histories = 300
