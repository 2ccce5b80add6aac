module github.com/recloser/recloser

go 1.26
