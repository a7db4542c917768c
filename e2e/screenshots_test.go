package e2e_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var screenshotsTo = flag.String("screenshots", "", "folder for the screenshots of the documentation")

// largestScreenshot is in bytes, because readers of the README load them all.
const largestScreenshot = 120_000

// TestScreenshots takes the pictures of docs/images: make screenshots.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	if *screenshotsTo == "" {
		t.Skip("without -screenshots")
	}
	to, err := filepath.Abs(*screenshotsTo)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(to, 0o750))
	h := startHostedPages(t, "pages: {brand: Acme}\n"+cheapHashes+`    - resolve: passkey
    - resolve: emailcode
    - resolve: google
      options: {client_id: acme, client_secret: secret, callback_url: "https://shop.example/callback"}
`)
	customers := h.call(t, "GET", "/admin/customers", nil, "Cookie", "connect.sid="+h.sessions["user"]).json(t)["customers"].([]any) //nolint:forcetypeassert // the test fails
	id := text(customers[0].(object), "id")                                                                                          //nolint:forcetypeassert // see above
	for name, page := range map[string]hostedPage{
		"sign-in": {path: "/ui/customer"},
		"account": {path: "/ui/customer/account/security", as: "customer"},
		"console": {path: "/console/people/customer/" + id, as: "user"},
		"landing": {path: "/"},
	} {
		for _, scheme := range []string{"light", "dark"} {
			o := h.order(page, setting{Script: true, Width: 1120, Scheme: scheme, Language: "en"})
			o.Picture = filepath.Join(to, strings.Join([]string{name, scheme}, "-")+".png")
			require.Empty(t, h.look(t, o)[0].Complaints, name)
			info, err := os.Stat(o.Picture)
			require.NoError(t, err)
			require.LessOrEqual(t, info.Size(), int64(largestScreenshot), name)
		}
	}
}
