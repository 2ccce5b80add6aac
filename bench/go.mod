module github.com/recloser/recloser/bench

go 1.26

require github.com/recloser/recloser v0.0.0

replace github.com/recloser/recloser => ..
