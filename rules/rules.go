// Package rules carries the rules that ship with Hinomi: Sigma files, the lists behind their
// placeholders (empty, for the operator to fill) and examples of what they find and what not.
package rules

import "embed"

// Files are the rules, the lists and the examples.
//
//go:embed *.yml *.txtar lists
var Files embed.FS
