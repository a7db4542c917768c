package app_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
)

func manager(change func(t *everlatch.ActorType)) app.Option {
	t := everlatch.ActorType{Name: "manager", Fields: []everlatch.Field{{Name: "name", Kind: everlatch.FieldString}}}
	if change != nil {
		change(&t)
	}
	return app.WithActorType(t)
}

func TestOwnActorType(t *testing.T) {
	t.Parallel()

	var a *app.App
	url := run(t, settings(t), app.WithParts(app.API), manager(nil),
		app.WithOwnRoutes(func(this *app.App, s *api.Server) error {
			a = this
			s.Echo().GET("/ready-to-read", func(c echo.Context) error {
				return c.JSON(http.StatusOK, this.Flows() != nil && this.Settings().Database.URL != "")
			})
			return nil
		}))

	require.Equal(t, http.StatusUnauthorized, request(t, http.MethodPost, url+"/manager", `{}`).status)
	require.Equal(t, http.StatusUnauthorized, request(t, http.MethodGet, url+"/manager/me", "").status)
	require.Equal(t, http.StatusUnauthorized, request(t, http.MethodGet, url+"/admin/managers", "").status)
	require.Equal(t, "true\n", request(t, http.MethodGet, url+"/ready-to-read", "").body)
	require.NotNil(t, a)
}

func TestActorTypesAreChecked(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		opts []app.Option
		want string
	}{
		"a mistake":        {[]app.Option{manager(func(t *everlatch.ActorType) { t.Name = "customer" })}, "the name is taken"},
		"a page":           {[]app.Option{manager(func(t *everlatch.ActorType) { t.Name = "ui" })}, "the name is taken: pages of Everlatch are at /ui"},
		"twice":            {[]app.Option{manager(nil), manager(nil)}, `actor type "manager" is added twice`},
		"the same prefix":  {[]app.Option{manager(nil), manager(func(t *everlatch.ActorType) { t.Name = "manacle" })}, `the same prefix "mana_"`},
		"a path in use":    {[]app.Option{app.WithMigrations(), manager(func(t *everlatch.ActorType) { t.Name = "health" })}, "the path /health is taken"},
		"routes that fail": {[]app.Option{app.WithMigrations(), app.WithOwnRoutes(func(*app.App, *api.Server) error { return errors.New("no such list") })}, "no such list"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := app.New(t.Context(), settings(t), tt.opts...)

			require.ErrorContains(t, err, tt.want)
		})
	}
}
