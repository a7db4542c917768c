package devpages_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/devpages"
)

// called is one request that the API got.
type called struct {
	path, bearer, key string
	body              map[string]any
}

// service is an API that answers by path, with success where nothing is said.
type service struct {
	answers map[string]string
	calls   []called
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := called{path: r.URL.Path, bearer: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), key: r.Header.Get("X-Publishable-Api-Key")}
	text, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(text, &c.body)
	s.calls = append(s.calls, c)
	answer, found := s.answers[r.URL.Path]
	if !found {
		answer = `{"success":true}`
	}
	if strings.Contains(answer, "message") {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = io.WriteString(w, answer)
}

func pages(s *service) *devpages.Pages {
	return &devpages.Pages{API: s, Inbox: "/_dev/mail", PublishableKey: func(*http.Request) string { return "pk_1" }}
}

// open gets a page, send submits its form.
func open(p http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, http.NoBody))
	return w
}

func send(p http.Handler, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

// token has a payload that the pages read, and a signature that they do not.
func token(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

func TestFormsCallTheAPI(t *testing.T) {
	t.Parallel()

	reset := token(`{"provider":"mine","actor_type":"manager"}`)
	tests := map[string]struct {
		page string
		form url.Values
		want []called
	}{
		"sign in": {"/customer", url.Values{"email": {"a@b.example"}, "password": {"p"}}, []called{
			{"/auth/customer/emailpass", "", "pk_1", map[string]any{"email": "a@b.example", "password": "p"}},
		}},
		"request a reset": {"/user/reset-password", url.Values{"email": {"a@b.example"}}, []called{
			{"/auth/user/emailpass/reset-password", "", "pk_1", map[string]any{"identifier": "a@b.example"}},
		}},
		"reset": {"/customer/reset-password", url.Values{"token": {reset}, "password": {"new"}}, []called{
			{"/auth/manager/mine/update", reset, "pk_1", map[string]any{"password": "new"}},
		}},
		"confirm a registration": {"/customer/confirm-registration", url.Values{"token": {reset}, "password": {"new"}}, []called{
			{"/auth/manager/mine/register/confirm", "", "pk_1", map[string]any{"token": reset, "password": "new"}},
		}},
		"confirm": {"/customer/confirm-email", url.Values{"token": {"x"}, "email": {"a@b.example"}, "password": {"p"}}, []called{
			{"/auth/customer/emailpass", "", "pk_1", map[string]any{"email": "a@b.example", "password": "p"}},
			{"/store/customers/me/email/confirm", "signed-in", "pk_1", map[string]any{"token": "x"}},
		}},
		"verify": {"/customer/verify-email", url.Values{"code": {"c0de"}}, []called{
			{"/auth/verification/confirm", "", "pk_1", map[string]any{"code": "c0de"}},
		}},
		"undo": {"/user/undo-email", url.Values{"token": {"x"}}, []called{
			{"/admin/users/me/email/undo", "", "pk_1", map[string]any{"token": "x"}},
		}},
		"invite": {"/user/invite", url.Values{"token": {"x"}, "email": {"a@b.example"}, "password": {"p"}, "first_name": {"Ada"}}, []called{
			{"/auth/user/emailpass/register", "", "pk_1", map[string]any{"email": "a@b.example", "password": "p"}},
			{"/admin/invites/accept", "registered", "pk_1", map[string]any{"token": "x", "first_name": "Ada"}},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := &service{answers: map[string]string{
				"/auth/customer/emailpass": `{"token":"signed-in"}`, "/auth/user/emailpass/register": `{"token":"registered"}`,
			}}
			w := send(pages(s), devpages.Path+tt.page, tt.form)

			require.Equal(t, http.StatusOK, w.Code, w.Body.String())
			require.Contains(t, w.Body.String(), `role="status"`)
			require.NotContains(t, w.Body.String(), "<form", "it is done")
			require.Equal(t, tt.want, s.calls)
		})
	}
}

func TestAnInvitedPersonMayHaveALogin(t *testing.T) {
	t.Parallel()

	s := &service{answers: map[string]string{
		"/auth/user/emailpass/register": `{"message":"Identity with email already exists"}`,
		"/auth/user/emailpass":          `{"token":"signed-in"}`,
	}}
	w := send(pages(s), devpages.Path+"/user/invite", url.Values{"token": {"x"}, "email": {"a@b.example"}, "password": {"p"}})
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "signed-in", s.calls[2].bearer)

	s = &service{answers: map[string]string{
		"/auth/user/emailpass/register": `{"message":"Identity with email already exists"}`,
		"/auth/user/emailpass":          `{"message":"Invalid email or password"}`,
	}}
	w = send(pages(s), devpages.Path+"/user/invite", url.Values{"token": {"x"}, "email": {"a@b.example"}, "password": {"p"}})
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), "Identity with email already exists")
	require.Len(t, s.calls, 2, "no invite is accepted")
}

// A refused form is shown again with the reason and what was typed, without the
// password.
func TestARefusedFormStays(t *testing.T) {
	t.Parallel()

	s := &service{answers: map[string]string{"/auth/customer/emailpass": `{"message":"Invalid <email> or password"}`}}
	w := send(pages(s), devpages.Path+"/customer/confirm-email", url.Values{"token": {`"><b>`}, "email": {"a@b.example"}, "password": {"planted"}})

	require.Equal(t, http.StatusBadRequest, w.Code)
	body := w.Body.String()
	require.Contains(t, body, "Invalid &lt;email&gt; or password")
	require.Contains(t, body, `value="a@b.example"`)
	require.Contains(t, body, `name="token" value="&#34;&gt;&lt;b&gt;"`)
	require.NotContains(t, body, "planted")
	require.Len(t, s.calls, 1, "nothing is confirmed without a sign-in")
}

func TestPagesAreGuarded(t *testing.T) {
	t.Parallel()

	s := &service{}
	invite := token(`{"email":"ada@example.com"}`)
	w := open(pages(s), devpages.Path+"/user/invite?token="+invite)
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), `value="ada@example.com"`, "the invite says who is invited")
	require.Contains(t, w.Body.String(), `action="/_dev/pages/user/invite"`, "the form's address has no token")
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "same-origin", w.Header().Get("Referrer-Policy"))

	for _, path := range []string{"/", "/customer/other", "/customer/invite/x", "/customer/request-reset/x"} {
		require.Equal(t, http.StatusNotFound, open(pages(s), devpages.Path+path).Code, path)
	}
	foreign := send(pages(s), devpages.Path+"/customer/undo-email", url.Values{"token": {"x"}}, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, foreign.Code)
	put := httptest.NewRecorder()
	pages(s).ServeHTTP(put, httptest.NewRequest(http.MethodPut, devpages.Path+"/customer", http.NoBody))
	require.Equal(t, http.StatusMethodNotAllowed, put.Code)
	require.Empty(t, s.calls, "to open a link changes nothing")
}
