package mail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/mail"
)

// box stores mails in memory, or fails.
type box struct {
	mu   sync.Mutex
	kept []mail.Kept // newest first
	err  error
}

func (b *box) Keep(_ context.Context, id string, at time.Time, raw []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range b.kept {
		if k.ID == id {
			return b.err
		}
	}
	b.kept = append([]mail.Kept{{ID: id, At: at, Raw: raw}}, b.kept...)
	return b.err
}

func (b *box) Kept(_ context.Context, limit int) ([]mail.Kept, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.kept[:min(limit, len(b.kept))], b.err
}

func (b *box) MarkRead(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.kept {
		if b.kept[i].ID == id {
			b.kept[i].Read = true
		}
	}
	return b.err
}

func (b *box) Remove(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = slices.DeleteFunc(b.kept, func(k mail.Kept) bool { return k.ID == id })
	return b.err
}

func (b *box) Empty(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = nil
	return b.err
}

// inbox returns an inbox with some mails, which were sent one minute after the
// other.
func inbox(tb testing.TB, mails ...mail.Message) *mail.Inbox {
	tb.Helper()
	return inboxIn(tb, &box{}, mails...)
}

func inboxIn(tb testing.TB, b mail.Box, mails ...mail.Message) *mail.Inbox {
	tb.Helper()
	now := noon
	i := mail.NewInbox(b, func() time.Time { now = now.Add(time.Minute); return now }, slog.New(slog.DiscardHandler))
	for _, m := range mails {
		require.NoError(tb, i.Send(tb.Context(), m))
	}
	return i
}

func numbered(id string) mail.Message {
	m := message()
	m.ID, m.Subject = id, "Subject of "+id
	return m
}

func get(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// listed returns the ids of a list in JSON.
func listed(tb testing.TB, w *httptest.ResponseRecorder) []string {
	tb.Helper()
	require.Equal(tb, http.StatusOK, w.Code, w.Body.String())
	require.Equal(tb, "application/json", w.Header().Get("Content-Type"))
	var body struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	require.NoError(tb, json.Unmarshal(w.Body.Bytes(), &body))
	ids := []string{}
	for _, m := range body.Messages {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestInboxAsJSON(t *testing.T) {
	t.Parallel()

	m := message()
	m.HTML = `<a href="https://shop.example/reset?token=planted-token">x</a> <a href="https://shop.example/?a=b&amp;c=d">y</a>`
	i := inbox(t, m)
	w := get(i, "GET", "/_dev/mail.json")
	require.JSONEq(t, `{"messages":[{
		"id":"evt_01","event":"auth.password_reset","from":"Shop <no-reply@shop.example>","to":"ada@example.com",
		"subject":"Hello","text":"Open https://shop.example/reset?token=planted-token\n",
		"html":"<a href=\"https://shop.example/reset?token=planted-token\">x</a> <a href=\"https://shop.example/?a=b&amp;c=d\">y</a>",
		"links":["https://shop.example/reset?token=planted-token","https://shop.example/?a=b&c=d"],
		"unread":true,"created_at":"2026-11-23T12:01:00Z"}]}`, w.Body.String())
	require.Equal(t, w.Body.String(), get(i, "GET", "/_dev/mail", "Accept", "application/json").Body.String())
	require.JSONEq(t, `{"messages":[]}`, get(inbox(t), "GET", "/_dev/mail.json").Body.String())
	require.Contains(t, get(i, "GET", "/_dev/mail/evt_01", "Accept", "application/json").Body.String(), `{"message":{"id":"evt_01"`)

	again := m
	again.Subject = "Changed"
	require.NoError(t, i.Send(t.Context(), again))
	require.Equal(t, w.Body.String(), get(i, "GET", "/_dev/mail.json").Body.String(), "a mail that is sent again is the same")
}

func TestInboxList(t *testing.T) {
	t.Parallel()

	other := numbered("evt_02")
	other.To = "Bob+shop@example.com"
	i := inbox(t, numbered("evt_01"), other, numbered("evt_03"))

	for target, want := range map[string][]string{
		"/_dev/mail.json":                                   {"evt_03", "evt_02", "evt_01"},
		"/_dev/mail.json?limit=2":                           {"evt_03", "evt_02"},
		"/_dev/mail.json?to=ADA@example.com":                {"evt_03", "evt_01"},
		"/_dev/mail.json?to=ada@example.com&limit=1":        {"evt_03"},
		"/_dev/mail.json?to=bob%2Bshop@example.com":         {"evt_02"},
		"/_dev/mail.json?to=eve@example.com":                {},
		"/_dev/mail.json?to=bob%2Bshop@example.com&limit=1": {"evt_02"},
	} {
		require.Equal(t, want, listed(t, get(i, "GET", target)), target)
	}
	for _, limit := range []string{"0", "-1", "x", "1001", "1e9"} {
		require.Equal(t, http.StatusBadRequest, get(i, "GET", "/_dev/mail.json?limit="+limit).Code)
	}

	page := get(i, "GET", "/_dev/mail?to=ada@example.com")
	require.Equal(t, "text/html; charset=utf-8", page.Header().Get("Content-Type"))
	require.Less(t, strings.Index(page.Body.String(), "evt_03"), strings.Index(page.Body.String(), "evt_01"))
	require.NotContains(t, page.Body.String(), "evt_02")
	require.Contains(t, page.Body.String(), `http-equiv="refresh"`)

	gone := get(i, "DELETE", "/_dev/mail")
	require.Equal(t, http.StatusNoContent, gone.Code)
	require.Empty(t, gone.Body.String())
	require.Contains(t, get(i, "GET", "/_dev/mail").Body.String(), "No mail yet.")
}

func TestInboxSearchesReadsAndDeletes(t *testing.T) {
	t.Parallel()

	other := numbered("evt_02")
	other.To, other.Text = "Bob+shop@example.com", "An unusual sentence"
	b := &box{}
	i := inboxIn(t, b, numbered("evt_01"), other, numbered("evt_03"))
	for query, want := range map[string][]string{
		"q=":                        {"evt_03", "evt_02", "evt_01"},
		"q=UNUSUAL":                 {"evt_02"},
		"q=unusual+bob":             {"evt_02"},
		"q=unusual+ada":             {},
		"q=subject+of":              {"evt_03", "evt_02", "evt_01"},
		"q=subject+of&limit=1":      {"evt_03"},
		"q=evt_03":                  {"evt_03"},
		"id=evt_01":                 {"evt_01"},
		"id=evt_01&q=unusual":       {},
		"id=evt_00":                 {},
		"q=unusual&to=eve@x.exampl": {},
	} {
		require.Equal(t, want, listed(t, get(i, "GET", "/_dev/mail.json?"+query)), query)
	}

	unread := func() int { return strings.Count(get(i, "GET", "/_dev/mail.json").Body.String(), `"unread":true`) }
	require.Equal(t, 3, unread(), "a list reads none")
	require.Equal(t, http.StatusNoContent, get(i, "POST", "/_dev/mail/evt_02/read").Code)
	require.Equal(t, http.StatusNoContent, get(i, "POST", "/_dev/mail/evt_02/read").Code, "twice")
	require.Equal(t, 2, unread())
	require.Equal(t, http.StatusOK, get(i, "GET", "/_dev/mail/evt_01").Code)
	require.Equal(t, 1, unread(), "its page was opened")
	i = mail.NewInbox(b, time.Now, slog.New(slog.DiscardHandler))
	require.Equal(t, 1, unread(), "another process knows which ones were opened")

	require.Equal(t, http.StatusNoContent, get(i, "DELETE", "/_dev/mail/evt_03").Code)
	require.Equal(t, http.StatusNoContent, get(i, "DELETE", "/_dev/mail/evt_03").Code, "twice")
	require.Equal(t, []string{"evt_02", "evt_01"}, listed(t, get(i, "GET", "/_dev/mail.json")))
	require.Zero(t, unread())
}

func TestInboxPagesOfOneMail(t *testing.T) {
	t.Parallel()

	m := message()
	m.HTML = "<!DOCTYPE html>\n<html><head><title>x</title></head><body><a href=\"https://shop.example/\">go</a></body></html>"
	i := inbox(t, m)
	page := get(i, "GET", "/_dev/mail/evt_01").Body.String()
	for _, want := range []string{
		`<iframe src="/_dev/mail/evt_01/html"`, `sandbox="allow-popups allow-popups-to-escape-sandbox"`,
		"<pre>Open https://shop.example/reset?token=planted-token", "ada@example.com", "auth.password_reset",
		`<a href="https://shop.example/reset?token=planted-token" target="_blank" rel="noopener noreferrer">`,
	} {
		require.Contains(t, page, want)
	}

	body := get(i, "GET", "/_dev/mail/evt_01/html")
	require.Equal(t, strings.Replace(m.HTML, "<head>", `<head><base target="_blank">`, 1), body.Body.String())
	require.Contains(t, body.Header().Get("Content-Security-Policy"), "default-src 'none'; style-src 'unsafe-inline'")
	require.Contains(t, body.Header().Get("Content-Security-Policy"), "sandbox allow-popups allow-popups-to-escape-sandbox")

	for target, method := range map[string]string{
		"/_dev/mail/evt_02": "GET", "/_dev/mail/evt_02/html": "GET", "/_dev/mail/": "GET", "/_dev/mail/evt_01/raw": "GET", "/": "GET",
	} {
		require.Equal(t, http.StatusNotFound, get(i, method, target).Code, target)
	}
	require.Equal(t, http.StatusMethodNotAllowed, get(i, "POST", "/_dev/mail").Code)

	m.HTML = ""
	require.NotContains(t, get(inbox(t, m), "GET", "/_dev/mail/evt_01").Body.String(), "<iframe")
}

// A mail may contain anything. The pages show it as text, and every response has a
// content security policy.
func TestInboxEscapes(t *testing.T) {
	t.Parallel()

	const evil = `"><script>alert(1)</script>`
	m := message()
	m.ID, m.Event, m.Subject, m.Text = "evt/../"+evil, evil, evil, evil+" https://x.example/"+evil
	m.From = `"` + `<script>` + `" <a@b.c>`
	m.HTML = evil
	i := inbox(t, m)
	id := "/_dev/mail/evt%2F..%2F%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E"
	for _, target := range []string{"/_dev/mail", id, "/_dev/mail?to=" + "%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E"} {
		w := get(i, "GET", target)
		require.Equal(t, http.StatusOK, w.Code, target)
		require.NotContains(t, w.Body.String(), "<script", target)
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-", target)
	}
	for _, target := range []string{"/_dev/mail", "/_dev/mail.json", id, id + "/html", "/_dev/mail/none", "/_dev/mail.json?limit=x"} {
		h := get(i, "GET", target).Header()
		require.Equal(t, "no-store", h.Get("Cache-Control"), target)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), target)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), target)
		policy := h.Get("Content-Security-Policy")
		require.True(t, strings.HasPrefix(policy, "default-src 'none'"), target)
		require.NotContains(t, policy, "script-src", target)
	}
}

func TestInboxRefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()

	m := message()
	m.Subject += "\r\nBcc: victim@example.com"
	err := inbox(t).Send(t.Context(), m)
	require.True(t, everlatch.IsPermanent(err))
}

func TestInboxWithBrokenBox(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer
	b := &box{err: errors.New("planted: the disk is full")}
	i := mail.NewInbox(b, clock, slog.New(slog.NewTextHandler(&log, nil)))
	err := i.Send(t.Context(), message())
	require.ErrorIs(t, err, b.err)
	require.False(t, everlatch.IsPermanent(err))
	for target, method := range map[string]string{"/_dev/mail.json": "GET", "/_dev/mail/evt_01": "GET", "/_dev/mail": "DELETE"} {
		w := get(i, method, target)
		require.Equal(t, http.StatusInternalServerError, w.Code)
		require.NotContains(t, w.Body.String(), "planted", "the error is logged, not shown")
	}
	require.Contains(t, log.String(), "the disk is full")

	b.err = nil
	require.NoError(t, i.Send(t.Context(), message()))
	require.NoError(t, b.Keep(t.Context(), "damaged", noon, []byte("{")))
	require.Equal(t, []string{"evt_01"}, listed(t, get(i, "GET", "/_dev/mail.json")), "the others are still shown")
	require.Contains(t, log.String(), "mail damaged")
}
