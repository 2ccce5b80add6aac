//go:build !race

package breaker_test

// histories is how many the reference model checks.
const histories = 3000
