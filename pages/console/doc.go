// Package console is the console at /console, with which administrators run a service: people
// and their sign-ins, flows, events, schedules, health. It is an area of package pages and a client
// of the API like any other page, so it can do nothing that the administrator may not do
// by HTTP, and shows nothing that the API refuses.
//
// The console adds one rule of its own. Before what cannot be undone it asks for a recent
// second factor, or for a recent sign-in where the administrator has none. The API does not
// ask for it, because other clients of it, such as Medusa's dashboard, couldn't answer.
package console
