package api_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
)

func TestDoctor(t *testing.T) {
	t.Parallel()
	w := withRBAC(t)
	token, _ := w.adminWith("root@example.com", w.role("watcher", "doctor:read"))
	require.Equal(t, 404, w.do("GET", "/admin/doctor", nil, bearer(token)).StatusCode, "the program examines nothing")

	parts := w.parts
	parts.Examine = func(context.Context) ([]byte, error) {
		return []byte(`{"ok":true,"faults":0,"warnings":1,"checks":[{"check":"database.search","status":"warning","message":"m","advice":"a"}]}`), nil
	}
	var err error
	w.server, err = api.New(parts, api.Options{CookieSecrets: []string{cookieSecret}, RBAC: true})
	require.NoError(t, err)
	w.serve()
	w.do("GET", "/admin/doctor", nil, bearer(token)).
		is(t, `{"report":{"ok":true,"faults":0,"warnings":1,"checks":[{"check":"database.search","status":"warning","message":"m","advice":"a"}]}}`)
	require.Equal(t, 401, w.do("GET", "/admin/doctor", nil).StatusCode)
	other, _ := w.adminWith("other@example.com", w.role("other", "event:read"))
	w.do("GET", "/admin/doctor", nil, bearer(other)).is(t, insufficient("doctor:read"))
}
