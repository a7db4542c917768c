package app

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/internal/store"
)

// What follows is what handlers, activities and subscribers of a program read.
// A record that does not exist is [everlatch.CodeNotFound], a database that does
// not answer [everlatch.CodeUnavailable].

// Page is a part of a list. The zero value is all of it, in the order of the ids.
type Page struct {
	// Limit is how many are returned at most; 0 is no limit.
	Limit int
	// Offset is how many are skipped.
	Offset int
	// Order is a column, with "-" in front for descending order: "-created_at".
	Order string
}

func (p Page) stored() store.Page {
	return store.Page{Limit: p.Limit, Offset: p.Offset, Order: p.Order}
}

// Settings returns the configuration that New was given.
func (a *App) Settings() config.Config { return a.cfg }

// Customer returns a customer by id.
func (a *App) Customer(ctx context.Context, id string) (everlatch.Customer, error) {
	return a.store.Customer(ctx, id)
}

// Customers returns a page of the customers, and how many there are in all.
func (a *App) Customers(ctx context.Context, page Page) ([]everlatch.Customer, int, error) {
	return a.store.Customers(ctx, store.CustomerFilter{}, page.stored())
}

// User returns an administrator by id.
func (a *App) User(ctx context.Context, id string) (everlatch.User, error) {
	return a.store.User(ctx, id)
}

// eventsAtOnce is how many events are read with one statement.
const eventsAtOnce = 500

// EventsBetween returns the events of a name that were created at from or later
// and before until, newest first. They exist for as long as the setting
// events.retention says.
func (a *App) EventsBetween(ctx context.Context, name string, from, until time.Time) ([]everlatch.Event, error) {
	var out []everlatch.Event
	for offset := 0; ; offset += eventsAtOnce {
		page := store.Page{Limit: eventsAtOnce, Offset: offset, Order: "-created_at"}
		events, _, err := a.store.Events(ctx, store.EventFilter{Name: name}, page)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.CreatedAt.Before(from) {
				return out, nil
			}
			if e.CreatedAt.Before(until) {
				out = append(out, e)
			}
		}
		if len(events) < eventsAtOnce {
			return out, nil
		}
	}
}
