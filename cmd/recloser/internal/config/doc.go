// Package config reads the configuration of "recloser serve".
//
// [Options] is the one table: each option has a flag, a variable and a field of the
// configuration file, and one function reads its text wherever it is from. [Read]
// takes the first text that there is (flag, variable, file, default), and remembers
// where it came from ([Settings]). All that is wrong is told at once, each problem
// naming its place, its value, and what would be accepted.
//
// A file is walked as a tree of nodes beside the table (tree.go, override.go), since
// a decoder knows neither paths nor near names. An override's values are read by
// the same functions into an empty [Serve], from which they are taken. Targets are no
// options: they are read and checked by themselves (target.go, header.go), and their
// secrets are fetched when the whole is put together (resolve.go). What guard
// finds wrong with values that are right each by itself is worded in terms of
// settings (translate.go). The schema and the reference in docs are written by
// tests of this package: go test ./internal/config -run IsThatOfTheCode -update.
//
// In the public structs of guard and its siblings a zero means the default and a
// negative number none. On the command line 0 means zero and "off" means none;
// the options translate.
package config
