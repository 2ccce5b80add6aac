//go:build !race

package gate_test

// everyRow is how many rows of the goodput table are played: all.
const everyRow = 1
