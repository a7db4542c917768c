// Package transfer is the format in which records move in and out of an installation:
// one JSON object a line, each with its type and version (docs/guides/move-to-everlatch.md).
//
// A file of `everlatch export` begins with a line of type [TypeExport] and ends with one
// of type [TypeEnd], which tells a complete file from one that was cut off. The store
// reads and writes the records themselves; this package knows lines.
package transfer
