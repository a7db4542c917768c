// Package mailtest is a mail server for tests: it runs in the process of the
// test, keeps what it is given, and misbehaves when it is told to.
//
//	server := mailtest.Start(t, mailtest.Options{})
//	server.Script(mailtest.HangAfterData, mailtest.DropAccepted) // the first two connections
//	… send to server.Address() …
//	mails := server.Accepted()
package mailtest
