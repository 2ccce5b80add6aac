module github.com/recloser/recloser/tools/mutants

go 1.26
