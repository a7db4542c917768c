package pages_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
	"github.com/everlatch/everlatch/pages/pagestest"
)

// everyLanguage are the languages that are complete.
var everyLanguage = []string{"ar", "de", "en", "es", "fr", "ja", "pl"}

// world is a site in front of a fake API, and a browser that visits it.
type world struct {
	*pagestest.Browser

	api  *pagestest.API
	site *pages.Site
}

func newWorld(t *testing.T, change ...func(*pages.Options)) *world {
	t.Helper()
	w := &world{api: &pagestest.API{}}
	o := pages.Options{
		API: w.api, ActorTypes: []string{"customer", "user", "courier"}, Brand: "Shop",
		Now: func() time.Time { return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) }, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	w.site, err = pages.New(o)
	require.NoError(t, err)
	w.Browser = pagestest.NewBrowser(t, w.site)
	return w
}
