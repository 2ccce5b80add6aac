package demo

import "io"

// output is stdout with a memory for its first error, after which it takes
// nothing more. One goroutine uses it.
type output struct {
	w    io.Writer
	err  error
	fail func() // told of the first error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	if err != nil {
		o.err = err
		o.fail()
	}
	return n, err
}
