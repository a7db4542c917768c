package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Box keeps the mails of an [Inbox]. Whoever implements it should encrypt: mails
// hold links that let people in.
type Box interface {
	// Keep keeps a mail. When there is one with this id already, it changes nothing.
	Keep(ctx context.Context, id string, at time.Time, raw []byte) error
	// Kept returns the newest mails, at most limit, newest first.
	Kept(ctx context.Context, limit int) ([]Kept, error)
	// Empty removes all mails.
	Empty(ctx context.Context) error
}

// Kept is a mail in a [Box].
type Kept struct {
	ID string
	At time.Time
	// Raw is what was given to Keep: the JSON of a [Message].
	Raw []byte
}

// entry is a mail as the pages of an [Inbox] have it.
type entry struct {
	Message
	// Links are the addresses that the mail asks to open, each once.
	Links     []string  `json:"links"`
	CreatedAt time.Time `json:"created_at"`
}

func (k Kept) entry() (entry, error) {
	e := entry{CreatedAt: k.At.UTC()}
	if err := json.Unmarshal(k.Raw, &e.Message); err != nil {
		return e, fmt.Errorf("mail %s: %w", k.ID, err)
	}
	return e, nil
}

var webLink = regexp.MustCompile(`https?://[^\s<>"'` + "`" + `]+`)

// linksOf finds the links of a mail: those of the text, then those that only its
// HTML has.
func linksOf(m Message) []string {
	links := []string{}
	for _, text := range []string{m.Text, html.UnescapeString(m.HTML)} {
		for _, found := range webLink.FindAllString(text, -1) {
			if found = strings.TrimRight(found, ".,;:!?)"); !slices.Contains(links, found) {
				links = append(links, found)
			}
		}
	}
	return links
}
