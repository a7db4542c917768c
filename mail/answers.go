package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"

	"github.com/everlatch/everlatch"
)

// explain converts a failed SMTP conversation into the error that [Sender] documents.
func (s *SMTP) explain(ctx context.Context, m Message, f *failure) error {
	if f == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s: %w", f.stage, cause)
	}
	reason := s.redact(f.err.Error(), m)
	if answer, ok := errors.AsType[*textproto.Error](f.err); ok {
		reason = fmt.Sprintf("the server replied %d %s", answer.Code, s.redact(answer.Msg, m))
	}
	err := fmt.Errorf("%s: %s", f.stage, reason)
	if f.refusesMail() {
		return everlatch.Permanent(err)
	}
	return err
}

// refusesMail reports whether the server refuses this mail for good: its recipient
// or its content. All other refusals concern our side, and an operator can fix
// them: what was said before the mail was announced, the sender, the greeting
// (which many servers judge at the recipient only), the right to relay, and a
// demand for authentication.
func (f *failure) refusesMail() bool {
	if errors.Is(f.err, errNoSMTPUTF8) {
		return true
	}
	answer, ok := errors.AsType[*textproto.Error](f.err)
	if !ok || answer.Code < 500 || f.stage == stageConnect || f.stage == stageSender {
		return false
	}
	// RFC 3463: the second number says what the reply is about.
	if enhanced := enhancedCode.FindStringSubmatch(answer.Msg); enhanced != nil {
		switch subject, detail := enhanced[1], enhanced[2]; {
		case subject == "5": // the commands
			return false
		case subject == "1" && (detail == "7" || detail == "8"): // the sender's address
			return false
		case subject == "7": // policy: for a recipient, who may send; for content, what
			return f.stage == stageContent && answer.Code == 550
		}
		return true
	}
	switch answer.Code {
	case 500, 502, 503, 504, 521, 530, 534, 535, 538: // RFC 5321 and 4954: commands, service, authentication
		return false
	}
	return true
}

// enhancedCode starts a reply of a server with enhanced status codes.
var enhancedCode = regexp.MustCompile(`^5\.(\d{1,3})\.(\d{1,3})\b`)

const (
	redacted = "[…]"
	// maxAnswer and maxWord bound what an error repeats of a server's reply, in bytes.
	maxAnswer = 300
	maxWord   = 60
	// minSecret is the shortest word that is treated as a secret: shorter ones, such
	// as 5.1.1, are kept even if a token happens to contain them.
	minSecret = 6
	// maxQuote is how many consecutive words shared with the mail make a reply a quote.
	maxQuote = 4
)

// redact makes the text of an error safe to store. Servers quote what they
// refuse, so it removes everything that may be a part of the mail: links,
// addresses, tokens, and the whole text if it repeats a sentence.
func (s *SMTP) redact(text string, m Message) string {
	if s.opts.Password != "" {
		text = strings.ReplaceAll(text, s.opts.Password, redacted)
	}
	words := strings.Fields(oneLine(text))
	body := strings.Join(strings.Fields(m.Subject+" "+m.Text), " ")
	for i := 0; i+maxQuote <= len(words); i++ {
		if strings.Contains(body, strings.Join(words[i:i+maxQuote], " ")) {
			return redacted + " (the reply quotes the mail)"
		}
	}
	for i, word := range words {
		if isPrivate(word, body) {
			words[i] = redacted
		}
	}
	text = strings.Join(words, " ")
	if len(text) > maxAnswer {
		text = strings.ToValidUTF8(text[:maxAnswer], "") + "…"
	}
	return text
}

func isPrivate(word, body string) bool {
	if len(word) > maxWord || strings.ContainsAny(word, "@=") || strings.Contains(word, "://") {
		return true
	}
	core := strings.Trim(word, `<>()[]"'.,:;?!`)
	return len(core) >= minSecret && strings.ContainsAny(core, "0123456789") && strings.Contains(body, core)
}
