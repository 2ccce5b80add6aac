// Package sum is what the tests of mutants break.
package sum

// Of adds up positive numbers.
func Of(numbers []int) int {
	total := 0
	for _, n := range numbers {
		if n < 0 {
			continue // nobody tests this
		}
		total += n
	}
	return total
}
