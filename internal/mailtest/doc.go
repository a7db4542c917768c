// Package mailtest is a mail server for tests: it runs in the test's process,
// keeps the mails it accepts, and misbehaves as scripted. go-smtp speaks the
// protocol.
//
//	server := mailtest.Start(t, mailtest.Options{})
//	server.Script(mailtest.HangAfterData, mailtest.DropAccepted) // the first two connections
//	… send to server.Address() …
//	mails := server.Accepted()
package mailtest
