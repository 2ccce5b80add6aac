package replay

// FigureOf is the mean of values, one of each seed, and its standard error.
func FigureOf(values []float64) Figure { return figure(values) }
