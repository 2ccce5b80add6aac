//go:build race

package gate

// everyRow is how many rows of the goodput table are played: one in so many, since
// they are slow under the race detector, and each is one goroutine's.
const everyRow = 10
