package api

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

const (
	peoplePage = 10
	// mostPeople bounds how many of a kind one answer has.
	mostPeople = 50
	// shortestSearch is in characters: a shorter word finds a large part of everyone, and no
	// index helps to find it.
	shortestSearch = 3
)

var peopleFilters = query.Schema{
	query.Search,
	{Name: "limit", Kind: query.Count},
}

// kindOfPeople is a kind of record that people are found in.
type kindOfPeople struct {
	name string
	need everlatch.Permission
	// list appends at most so many records to an answer, and returns how many there are in all.
	list func(c echo.Context, b []byte, q string, limit int) ([]byte, int, error)
}

// findPeople searches every kind of account and the identities at once, each as its own list
// does, where the caller may read it.
func (s *Server) findPeople(c echo.Context) error {
	in, err := query.Read(c.Request().URL.RawQuery, peopleFilters)
	if err != nil {
		return err
	}
	q := strings.TrimSpace(in.Plain("q"))
	if q == "" {
		return query.Missing("q")
	}
	if longest := longestWord(q); longest < shortestSearch {
		return errSearchShort
	}
	limit := in.Count("limit", peoplePage)
	if limit < 1 || limit > mostPeople {
		return errPeopleLimit
	}
	b, hidden, readable := []byte(`{"people":{`), []string{}, 0
	for _, kind := range s.kindsOfPeople() {
		if s.opts.RBAC && !callOf(c).auth.Access().Allows(kind.need) {
			hidden = append(hidden, kind.need.Resource)
			continue
		}
		if readable++; readable > 1 {
			b = append(b, ',')
		}
		b = append(wire.AppendText(b, kind.name), `:{"items":`...)
		var count int
		if b, count, err = kind.list(c, b, q, limit); err != nil {
			return err
		}
		b = append(wire.AppendInt(append(b, `,"count":`...), count), '}')
	}
	if readable == 0 {
		return demand(callOf(c).auth.Access(), can("auth_identity:read"))
	}
	b = wire.AppendInt(append(b, `},"limit":`...), limit)
	b = wire.AppendJSON(append(b, `,"not_permitted":`...), hidden)
	return writeJSON(c, append(b, '}'))
}

// longestWord is in characters.
func longestWord(q string) int {
	longest := 0
	for word := range strings.FieldsSeq(q) {
		longest = max(longest, utf8.RuneCountInString(word))
	}
	return longest
}

// kindsOfPeople are the kinds in the order of the answer; custom actor types come last but one.
func (s *Server) kindsOfPeople() []kindOfPeople {
	kinds := []kindOfPeople{
		{"customers", can("customer:read")[0], s.findCustomers},
		{"users", can("user:read")[0], s.findUsers},
	}
	for _, name := range slices.Sorted(maps.Keys(s.actors)) {
		t := s.actors[name]
		kinds = append(kinds, kindOfPeople{t.Plural, can(t.Name + ":read")[0], s.findActors(t)})
	}
	return append(kinds, kindOfPeople{"auth_identities", can("auth_identity:read")[0], s.findIdentities})
}

func (s *Server) findCustomers(c echo.Context, b []byte, q string, limit int) ([]byte, int, error) {
	found, count, err := s.deps.Store.Customers(lookups(c), store.CustomersLike(q), store.Page{Limit: limit})
	return adminCustomerTable.AppendAll(b, found, adminCustomerShape.Defaults()), count, err
}

func (s *Server) findUsers(c echo.Context, b []byte, q string, limit int) ([]byte, int, error) {
	found, count, err := s.deps.Store.Users(lookups(c), store.UsersLike(q, store.Page{Limit: limit}))
	return userTable.AppendAll(b, found, userShape.Defaults()), count, err
}

func (s *Server) findActors(t *actorType) func(c echo.Context, b []byte, q string, limit int) ([]byte, int, error) {
	return func(c echo.Context, b []byte, q string, limit int) ([]byte, int, error) {
		f := everlatch.ActorQuery{Q: q, Limit: limit}
		if store.IsRecordID(q) {
			f.Q, f.IDs = "", []string{q}
		}
		found, count, err := t.Store.List(lookups(c), f)
		return t.table.AppendAll(b, found, t.shape.Defaults()), count, err
	}
}

// findIdentities finds an identity by its own id too, and by that of an account.
func (s *Server) findIdentities(c echo.Context, b []byte, q string, limit int) ([]byte, int, error) {
	found, count, err := s.deps.Store.AuthIdentities(lookups(c), store.IdentitiesLike(q), store.Page{Limit: limit})
	if err == nil {
		err = s.deps.Store.LoadCredentials(lookups(c), found)
	}
	return authIdentityTable.AppendAll(b, found, authIdentityShape.Defaults()), count, err
}
