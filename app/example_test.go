package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

// A service with an actor type and a route of its own. Most programs hand the
// same options to cli.Main instead, which also gives them every command.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://:memory:", "http.address": "127.0.0.1:0", "http.drain_delay": 0, "temporal.address": "127.0.0.1:7233",
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := cfg.Generate(""); err != nil { // secrets for one run
		fmt.Println(err)
		return
	}
	a, err := app.New(ctx, cfg,
		app.WithMigrations(),
		app.WithParts(app.API), // a worker runs elsewhere
		app.WithActorType(everlatch.ActorType{
			Name:   "vendor",
			Fields: []everlatch.Field{{Name: "name", Kind: everlatch.FieldString, Required: true}},
		}),
		app.WithRoutes(func(s *api.Server) {
			s.Echo().GET("/hello", func(c echo.Context) error { return c.String(http.StatusOK, "Hello, vendors") })
		}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = a.Close() }()
	if err := a.Listen(ctx); err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()

	fmt.Println(get(ctx, "http://"+a.Address()+"/hello"))
	fmt.Println(get(ctx, "http://"+a.Address()+"/vendor/me"))

	stop()
	fmt.Println(<-done)
	// Output:
	// 200 Hello, vendors
	// 401 {"message":"Unauthorized"}
	// <nil>
}

func get(ctx context.Context, url string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err.Error()
	}
	res, err := (&http.Client{}).Do(req)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(res.StatusCode, " ", string(body))
}
