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

// Box stores the mails of an [Inbox]. Implementations should encrypt them: mails
// contain links that grant access.
type Box interface {
	// Keep stores a mail. It changes nothing if the id is already stored.
	Keep(ctx context.Context, id string, at time.Time, raw []byte) error
	// Kept returns the latest mails, at most limit, newest first.
	Kept(ctx context.Context, limit int) ([]Kept, error)
	// MarkRead notes that a mail was opened; a missing one is no error.
	MarkRead(ctx context.Context, id string) error
	// Remove removes a mail; a missing one is no error.
	Remove(ctx context.Context, id string) error
	// Empty removes all mails.
	Empty(ctx context.Context) error
}

// Kept is a mail in a [Box].
type Kept struct {
	ID string
	At time.Time
	// Read says that it was opened.
	Read bool
	// Raw is what was given to Keep: the JSON of a [Message].
	Raw []byte
}

// entry is a mail as the pages of an [Inbox] show it.
type entry struct {
	Message
	// Links are the mail's links, without duplicates.
	Links []string `json:"links"`
	// Unread says that it was not opened yet.
	Unread    bool      `json:"unread"`
	CreatedAt time.Time `json:"created_at"`
}

func (k Kept) entry() (entry, error) {
	e := entry{CreatedAt: k.At.UTC(), Unread: !k.Read}
	if err := json.Unmarshal(k.Raw, &e.Message); err != nil {
		return e, fmt.Errorf("mail %s: %w", k.ID, err)
	}
	return e, nil
}

// has reports whether each of some words, in lower case, is somewhere in the mail.
func (e entry) has(words []string) bool {
	text := strings.ToLower(strings.Join([]string{e.To, e.From, e.Subject, e.Event, e.Text}, "\n"))
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

var webLink = regexp.MustCompile(`https?://[^\s<>"'` + "`" + `]+`)

// linksOf finds the links of a mail: those of the text, then those that occur only
// in its HTML.
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
