// Package compose holds the library with which Docker Compose reads its files, pinned in a
// module of its own: it is none of Everlatch's dependencies.
package compose
