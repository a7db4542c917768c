// Package standin is a small OpenID provider for trying things out: it stands in
// for Google and its like where there are no keys of theirs. It has a page on
// which people choose who they are, or say no.
//
// It is no provider for anybody else: there are no passwords.
package standin
