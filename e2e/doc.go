// Package e2e tests the real program over HTTP: its processes are started, killed
// and started again. It contains only tests.
//
// Scripts for Node.js are in folders whose lock files pin their packages: browser
// has a certified OpenID provider and Chromium, sdk the Medusa JS SDK, dashboard
// the Medusa admin dashboard, medusa a Medusa server to move from.
package e2e
