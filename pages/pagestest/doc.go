// Package pagestest helps to test pages without the service: a fake of the API that answers
// what a test says, and a browser that keeps cookies, reads forms and sends them.
package pagestest
