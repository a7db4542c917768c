//go:build linux

package crash_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/everlatch/everlatch/internal/mailtest"
)

// postbox sorts the mails of a server by recipient.
type postbox struct {
	server *mailtest.Server

	mu    sync.Mutex
	read  int
	links map[string][]*url.URL
}

func newPostbox(server *mailtest.Server) *postbox {
	return &postbox{server: server, links: map[string][]*url.URL{}}
}

var linkText = regexp.MustCompile(`https?://\S+`)

// sort files what has arrived since the last time.
func (b *postbox) sort() {
	b.mu.Lock()
	defer b.mu.Unlock()
	mails := b.server.Accepted()
	for _, m := range mails[b.read:] {
		for _, text := range linkText.FindAllString(m.Text, -1) {
			if u, err := url.Parse(text); err == nil {
				b.links[m.To] = append(b.links[m.To], u)
			}
		}
	}
	b.read = len(mails)
}

// run sorts until ctx ends.
func (b *postbox) run(ctx context.Context) {
	for ctx.Err() == nil {
		b.sort()
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// token waits for a mail with a link to a page, and returns the token of the link.
func (b *postbox) token(ctx context.Context, to, page string) (token string, err error) {
	err = await(ctx, patience, fmt.Sprintf("a mail to %s with a link to %s", to, page), func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, link := range b.links[to] {
			if found := link.Query().Get("token"); found != "" && link.Path == page {
				token = found
			}
		}
		return token != ""
	})
	return token, err
}
