// Package nearest finds what somebody who has mistyped a name probably meant.
package nearest

// Of returns the candidate that name was probably meant to be, or "".
func Of(name string, candidates []string) string {
	best, nearest := 1+max(1, len(name)/3), ""
	for _, c := range candidates {
		if d := distance(name, c); d < best {
			best, nearest = d, c
		}
	}
	return nearest
}

// distance is how many bytes have to be inserted, removed, replaced or swapped
// with their neighbour to make b of a.
func distance(a, b string) int {
	const longest = 64 // of what anybody could have meant
	if len(a) > longest || len(b) > longest {
		return len(a) + len(b)
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
