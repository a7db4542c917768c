package config

import (
	"errors"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
)

// Mail is about mails.
type Mail struct {
	From            string            `koanf:"from" default:"Everlatch <no-reply@localhost>" doc:"Sender of mails: Name <address>."`
	Brand           string            `koanf:"brand" default:"Everlatch" doc:"Name of the service in mails and dashboards."`
	ReportTo        string            `koanf:"report_to" doc:"Address that receives reports of dead letters; empty sends none."`
	Except          []string          `koanf:"except" default:"[]" doc:"Events that Everlatch sends no mail for, because you do, such as auth.password_reset."`
	Templates       string            `koanf:"templates" doc:"Folder with mail templates that replace the built-in ones, and messages/mail.de.toml, which replaces single messages or adds a language."`
	DefaultLanguage string            `koanf:"default_language" default:"en" doc:"Language of mails to recipients who have chosen none, where the request that causes the mail asks for none of those that exist: en, de, fr, es, pl, ja, ar, and those that mail.templates adds."`
	URLs            map[string]string `koanf:"urls" default:"{customer: \"http://localhost:8000\", user: \"http://localhost:9000/app\"}" doc:"Base URL of the links in mails, for each actor type. In dev, the default is a page of the dev service itself."`
	// AllowLocalhostLinks is looked at by [Config.Require] alone.
	AllowLocalhostLinks bool `koanf:"allow_localhost_links" default:"false" doc:"Whether a process other than dev may start when mail.smtp.address is set and links in mails lead to localhost, where the recipients have nothing. For a trial on one machine."`
	SMTP                SMTP `koanf:"smtp"`
}

// SMTP is the server that takes mails.
type SMTP struct {
	Address  string `koanf:"address" doc:"host:port of the mail server. Without one, dev keeps mails in its inbox at /_dev/mail, and other processes send no mails."`
	Hello    string `koanf:"hello" doc:"Name that the mail server is greeted with (EHLO): the qualified host name of this machine, such as auth.shop.example. By default the host name, or the domain of mail.from where the host name is not qualified."`
	Username string `koanf:"username" doc:"User name for the mail server; empty does not sign in."`
	Password Secret `koanf:"password" doc:"Password for the mail server."`
	Security string `koanf:"security" default:"auto" oneof:"auto,starttls,tls,none" doc:"How the connection is protected: starttls, tls (from the first byte), none, or auto: tls on port 465 and starttls elsewhere, which is optional for a server on this machine."`
	Proxy    URL    `koanf:"proxy" doc:"Proxy to reach the mail server through: http://host:port, which must allow CONNECT to the server's port, or socks5://host:port. HTTPS_PROXY is for calls by https, and is not used for mails."`
	Timeout  Span   `koanf:"timeout" default:"20s" min:"1s" doc:"How long sending one mail may take."`
}

func (m Mail) check() Problems {
	var out Problems
	if _, err := mail.ParseAddress(m.From); err != nil {
		out = append(out, Problem{"mail.from", "this is not an address, such as Shop <no-reply@shop.example>"})
	}
	if _, err := mail.ParseAddress(m.ReportTo); m.ReportTo != "" && err != nil {
		out = append(out, Problem{"mail.report_to", "this is not an address, such as operator@shop.example"})
	}
	for _, actor := range sortedKeys(m.URLs) {
		if _, err := webURL(m.URLs[actor]); err != nil {
			out = append(out, Problem{"mail.urls", actor + ": " + err.Error()})
		}
	}
	if m.SMTP.Address != "" {
		out = append(out, checkAddress("mail.smtp.address", m.SMTP.Address)...)
	}
	if m.SMTP.Hello != "" && !hostName.MatchString(m.SMTP.Hello) {
		out = append(out, Problem{"mail.smtp.hello", "this is not a host name, such as auth.shop.example"})
	}
	return out
}

// requireLinks reports links that lead the recipients of mails to their own
// machines. Without a mail server no mail is sent, and dev has its own pages.
func (m Mail) requireLinks() Problems {
	var out Problems
	if m.SMTP.Address == "" || m.AllowLocalhostLinks {
		return out
	}
	for _, actor := range sortedKeys(m.URLs) {
		if u, err := webURL(m.URLs[actor]); err == nil && thisMachine(u.Hostname()) {
			out = append(out, Problem{"mail.urls (EVERLATCH_MAIL_URLS)", actor + ": mails would link to " + m.URLs[actor] +
				", which recipients cannot reach; set the public URL, or mail.allow_localhost_links for a trial on this machine"})
		}
	}
	return out
}

// thisMachine says whether a host is the machine of the client who asks.
func thisMachine(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// hostName is what may follow EHLO: a name, or an address in brackets.
var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Za-z.:]+\])$`)

// webURL reads an absolute URL of the web. Its errors do not repeat the text,
// which may hold a token.
func webURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, errors.New("this is not a URL, such as https://shop.example")
	case u.User != nil:
		return nil, errors.New("a URL with a name or password is not accepted")
	}
	return u, nil
}
