//go:build !race

package gate

// everyRow is how many rows of the goodput table are played: all.
const everyRow = 1
