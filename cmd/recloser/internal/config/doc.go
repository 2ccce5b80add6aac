// Package config reads the configuration of "recloser serve".
//
// Every option has a name, and each [Layer] may give it a text: flags before the
// environment before the default. [Load] takes the first text that there is,
// reads it, and remembers where it came from ([Settings]). All that is wrong is
// told at once, each problem naming the flag or variable, its value, and what
// would be accepted.
//
// In the public structs of guard and its siblings a zero means the default and a
// negative number none. On the command line 0 means zero and "off" means none;
// the options translate.
package config
