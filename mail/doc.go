// Package mail notifies recipients about events: it knows which events have a
// mail, renders it, and hands it to a [Sender].
//
//	event ──► [Mailer] ──► [Message] ──► [SMTP]   a mail server
//	             │                  └──► [Inbox]  a page for development
//	        templates/
//
// A mail may be sent twice, because a connection can break after the server has
// accepted it. Both copies have the same Message-ID, derived from the event's id.
// An error that a retry may fix is a plain error; one that no retry can fix is
// marked with [everlatch.Permanent]. The caller decides when to retry.
//
// # Languages
//
// A mail is written in the language of its recipient; messages/mail.de.toml has the German
// messages. [Languages] are those that there are; [everlatch.Event.Language] names one, and
// the fallback is for recipients whose language is not known.
//
// # Templates
//
// A mail is two files, for the event auth.password_reset:
//
//	auth.password_reset.txt         "Subject: …", a blank line, the text (text/template)
//	auth.password_reset.html        the content of layout.html (html/template)
//	auth.password_reset.user.txt    the same for one actor type; it takes precedence
//	auth.password_reset.de.txt      the same in one language only
//	auth.password_reset.user.de.txt
//
// [Options.Templates] names a folder that may hold any of them, and messages/mail.de.toml,
// whose messages replace single ones or add a language. Its files take
// precedence over all built-in ones, even more specific ones; what it lacks is
// taken from the built-in ones. A file of the folder that has no language in its name and
// calls no message is in the default language, for every recipient: so are its dates.
//
// The fields are those of view: .Event, .Data, .ActorType, .To, .Brand, .URL,
// .Link, .Code, .ExpiresIn, .At, .Until, .Language, .Direction and .Start. The functions are
// t and rich, which write a message as text and as HTML ({{t "mail.hello" .}}), date, moment,
// oneline, way and device, and in HTML, button. [New] reads, parses and renders every file
// of the folder once in every language, to report mistakes.
//
// # What may not live here
//
// No Temporal, no store, no Echo and no vault: the mailer is a function of an
// event whose secrets are already resolved. Nothing here stores a mail, except
// the [Inbox], which delegates that to its [Box].
package mail
