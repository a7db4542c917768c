// Package mail tells people about events: it knows which events somebody gets a
// mail about, writes it, and hands it to a [Sender].
//
//	event ──► [Mailer] ──► [Message] ──► [SMTP]   a mail server
//	             │                  └──► [Inbox]  a page for development
//	        templates/
//
// A mail may be sent twice, because a connection can break after the server has
// taken it. Both copies have the same Message-ID, made from the id of the event.
// What can be mended by trying again is a plain error, what cannot is marked by
// [everlatch.Permanent]; when to try again is not decided here.
//
// # Templates
//
// A mail is two files, for the event auth.password_reset:
//
//	auth.password_reset.txt        "Subject: …", a blank line, the text (text/template)
//	auth.password_reset.html       what stands inside of layout.html (html/template)
//	auth.password_reset.user.txt   the same for one actor type; it goes before the others
//
// A folder of one's own may hold any of them; what it lacks is taken from the
// built-in ones, and its files go before those, also before more specific ones.
// The fields are those of view: .Event, .Data, .ActorType, .To, .Brand, .URL,
// .Link, .ExpiresIn and .At; the functions are date, oneline and, in HTML,
// button. All files are read, parsed and tried out when the [Mailer] is made.
//
// # What may not live here
//
// No Temporal, no store, no Echo and nothing that knows of a vault: the mailer is
// a function of an event whose secrets are resolved already. Nothing here keeps
// a mail, except the [Inbox], which leaves that to its [Box].
package mail
