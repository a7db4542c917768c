// Package storetest gives tests databases that are up to date. Migrations run
// once for each test binary; every test gets a copy of its own. It is not for
// production code.
package storetest
