package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// people are four customers, made a minute apart: Ada with an account and
// Grace, Alan and a removed one without.
func (f fixture) people(t *testing.T) {
	t.Helper()
	for _, c := range []everlatch.Customer{
		{ID: "cus_1", Email: new("Ada@example.com"), FirstName: new("Ada"), LastName: new("Lovelace"), HasAccount: true},
		{ID: "cus_2", Email: new("grace@example.org"), FirstName: new("Grace"), CompanyName: new("Navy"), CreatedBy: new("user_1")},
		{ID: "cus_3", Email: new("alan@example.org"), LastName: new("Graceland"), Phone: new("+48 100%")},
		{ID: "cus_4", Email: new("gone@example.org")},
	} {
		_, err := f.CreateCustomer(t.Context(), c, everlatch.Event{})
		require.NoError(t, err)
		f.clock.Advance(time.Minute)
	}
	require.NoError(t, f.RemoveCustomer(t.Context(), "cus_4", everlatch.Event{}))
	f.group(t, "cusgroup_1", "VIP")
	f.group(t, "cusgroup_2", "Staff")
	f.group(t, "cusgroup_3", "Newcomers")
	require.NoError(t, f.ChangeCustomersOf(t.Context(), "cusgroup_1", []string{"cus_1", "cus_3"}, nil))
	require.NoError(t, f.ChangeGroupsOf(t.Context(), "cus_3", []string{"cusgroup_2"}, nil))
}

func (f fixture) group(tb testing.TB, id, name string) everlatch.CustomerGroup {
	tb.Helper()
	g, err := f.CreateGroup(tb.Context(), everlatch.CustomerGroup{ID: id, Name: name, CreatedBy: new("user_1")})
	require.NoError(tb, err)
	return g
}

// within is the millisecond of a time, as clients write it.
func within(at time.Time) store.Period {
	at = at.Truncate(time.Millisecond)
	return store.Period{From: at, Until: at.Add(time.Millisecond)}
}

func at(op store.Op, times ...time.Time) []store.TimeTest {
	test := store.TimeTest{Op: op}
	for _, t := range times {
		test.Periods = append(test.Periods, within(t))
	}
	return []store.TimeTest{test}
}

func texts(op store.Op, values ...string) []store.TextTest {
	return []store.TextTest{{Op: op, Texts: values}}
}

func TestCustomers(t *testing.T) {
	t.Parallel()

	type filter = store.CustomerFilter
	type filters = []store.CustomerFilter
	second := start.Add(time.Minute) // when Grace was made
	tests := map[string]struct {
		filter filter
		page   store.Page
		want   []string
		count  int
	}{
		"all that live":               {want: []string{"cus_1", "cus_2", "cus_3"}, count: 3},
		"the deleted too":             {page: store.Page{WithDeleted: true}, want: []string{"cus_1", "cus_2", "cus_3", "cus_4"}, count: 4},
		"page":                        {page: store.Page{Limit: 1, Offset: 1}, want: []string{"cus_2"}, count: 3},
		"newest first":                {page: store.Page{Order: "-created_at"}, want: []string{"cus_3", "cus_2", "cus_1"}, count: 3},
		"nulls last":                  {page: store.Page{Order: "first_name"}, want: []string{"cus_1", "cus_2", "cus_3"}, count: 3},
		"nulls first, backwards":      {page: store.Page{Order: "-first_name"}, want: []string{"cus_3", "cus_2", "cus_1"}, count: 3},
		"those with an account last":  {page: store.Page{Order: "has_account"}, want: []string{"cus_2", "cus_3", "cus_1"}, count: 3},
		"words anywhere":              {filter: filter{Q: "gRACE"}, want: []string{"cus_2", "cus_3"}, count: 2},
		"every word, wherever":        {filter: filter{Q: " lovelace  ADA "}, want: []string{"cus_1"}, count: 1},
		"every word, not just one":    {filter: filter{Q: "ada navy"}, want: []string{}},
		"words are no pattern":        {filter: filter{Q: "%"}, want: []string{"cus_3"}, count: 1},
		"more words than are read":    {filter: filter{Q: strings.Repeat("a ", 10) + "nothing"}, want: []string{"cus_1", "cus_2", "cus_3"}, count: 3},
		"company and phone":           {filter: filter{Q: "+48"}, want: []string{"cus_3"}, count: 1},
		"ids":                         {filter: filter{ID: texts(store.Is, "cus_3", "cus_1", "x")}, want: []string{"cus_1", "cus_3"}, count: 2},
		"no ids":                      {filter: filter{ID: texts(store.Is)}, want: []string{}},
		"other ids":                   {filter: filter{ID: texts(store.IsNot, "cus_1", "cus_2")}, want: []string{"cus_3"}, count: 1},
		"ids after":                   {filter: filter{ID: texts(store.More, "cus_1")}, want: []string{"cus_2", "cus_3"}, count: 2},
		"ids from":                    {filter: filter{ID: texts(store.AtLeast, "cus_3")}, want: []string{"cus_3"}, count: 1},
		"ids before":                  {filter: filter{ID: texts(store.Less, "cus_2")}, want: []string{"cus_1"}, count: 1},
		"ids up to":                   {filter: filter{ID: texts(store.AtMost, "cus_2")}, want: []string{"cus_1", "cus_2"}, count: 2},
		"e-mail in any case":          {filter: filter{Emails: []string{" ADA@EXAMPLE.com"}}, want: []string{"cus_1"}, count: 1},
		"company":                     {filter: filter{CompanyNames: []string{"Navy"}}, want: []string{"cus_2"}, count: 1},
		"first and last name":         {filter: filter{FirstNames: []string{"Ada", "Grace"}, LastNames: []string{"Lovelace"}}, want: []string{"cus_1"}, count: 1},
		"who made it":                 {filter: filter{CreatedBy: []string{"user_1"}}, want: []string{"cus_2"}, count: 1},
		"with an account":             {filter: filter{HasAccount: new(true)}, want: []string{"cus_1"}, count: 1},
		"guests":                      {filter: filter{HasAccount: new(false)}, want: []string{"cus_2", "cus_3"}, count: 2},
		"of a group":                  {filter: filter{Group: &store.GroupFilter{IDs: []string{"cusgroup_1"}}}, want: []string{"cus_1", "cus_3"}, count: 2},
		"of groups by name":           {filter: filter{Group: &store.GroupFilter{Names: []string{"Staff", "Newcomers"}}}, want: []string{"cus_3"}, count: 1},
		"made in a millisecond":       {filter: filter{CreatedAt: at(store.Is, second)}, want: []string{"cus_2"}, count: 1},
		"made in one of several":      {filter: filter{CreatedAt: at(store.Is, start, second, second.Add(time.Second))}, want: []string{"cus_1", "cus_2"}, count: 2},
		"made in none":                {filter: filter{CreatedAt: at(store.Is)}, want: []string{}},
		"made in another":             {filter: filter{CreatedAt: at(store.IsNot, second)}, want: []string{"cus_1", "cus_3"}, count: 2},
		"made after":                  {filter: filter{CreatedAt: at(store.More, second)}, want: []string{"cus_3"}, count: 1},
		"made since":                  {filter: filter{CreatedAt: at(store.AtLeast, second)}, want: []string{"cus_2", "cus_3"}, count: 2},
		"made before":                 {filter: filter{CreatedAt: at(store.Less, second)}, want: []string{"cus_1"}, count: 1},
		"made until":                  {filter: filter{CreatedAt: at(store.AtMost, second)}, want: []string{"cus_1", "cus_2"}, count: 2},
		"made between":                {filter: filter{CreatedAt: append(at(store.More, start), at(store.Less, second.Add(time.Minute))...)}, want: []string{"cus_2"}, count: 1},
		"changed since":               {filter: filter{UpdatedAt: at(store.AtLeast, second.Add(time.Minute))}, want: []string{"cus_3"}, count: 1},
		"deleted since":               {filter: filter{DeletedAt: at(store.AtLeast, start)}, page: store.Page{WithDeleted: true}, want: []string{"cus_4"}, count: 1},
		"one of two":                  {filter: filter{Or: filters{{FirstNames: []string{"Ada"}}, {LastNames: []string{"Graceland"}}}}, want: []string{"cus_1", "cus_3"}, count: 2},
		"one of two, and more":        {filter: filter{HasAccount: new(false), Or: filters{{FirstNames: []string{"Ada"}}, {LastNames: []string{"Graceland"}, Q: "alan"}}}, want: []string{"cus_3"}, count: 1},
		"both of two":                 {filter: filter{And: filters{{Q: "grace"}, {CompanyNames: []string{"Navy"}}}}, want: []string{"cus_2"}, count: 1},
		"one of any":                  {filter: filter{Or: filters{{}, {FirstNames: []string{"Ada"}}}}, want: []string{"cus_1", "cus_2", "cus_3"}, count: 3},
		"alternatives within both":    {filter: filter{And: filters{{Or: filters{{ID: texts(store.Is, "cus_1")}, {ID: texts(store.Is, "cus_2")}}}, {HasAccount: new(false)}}}, want: []string{"cus_2"}, count: 1},
		"the deleted are no way back": {filter: filter{Or: filters{{ID: texts(store.Is, "cus_4")}}}, want: []string{}},
	}
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.people(t)
		for name, tt := range tests {
			customers, count, err := f.Customers(t.Context(), tt.filter, tt.page)
			require.NoError(t, err, name)
			found := []string{}
			for _, c := range customers {
				found = append(found, c.ID)
				require.Nil(t, c.Addresses, name)
			}
			require.Equal(t, tt.want, found, name)
			require.Equal(t, tt.count, count, name)
		}
		_, _, err := f.Customers(t.Context(), store.CustomerFilter{}, store.Page{Order: "metadata"})
		requireError(t, err, everlatch.CodeInvalidData, store.OrderInvalid, "field", "metadata")
	})
}

// As many filters as the API lets through do not nest deeper than SQLite reads.
func TestCustomersOfManyFilters(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.people(t)
		var times []time.Time
		for i := range 5 {
			times = append(times, start.Add(time.Duration(i)*time.Hour))
		}
		var many []store.CustomerFilter
		for range 20 {
			many = append(many, store.CustomerFilter{
				Q: strings.Repeat("a ", 10), FirstNames: []string{"Ada"}, CreatedAt: at(store.Is, times...),
			})
		}
		found, _, err := f.Customers(t.Context(), store.CustomerFilter{And: many, Or: many}, store.Page{})
		require.NoError(t, err)
		require.Len(t, found, 1)
	})
}

func TestLoadCustomers(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.people(t)
		home, err := f.CreateAddress(t.Context(), newAddress("cus_3"))
		require.NoError(t, err)
		vip, staff := f.readGroup(t, "cusgroup_1"), f.readGroup(t, "cusgroup_2")
		customers, _, err := f.Customers(t.Context(), store.CustomerFilter{}, store.Page{Order: "-id"})
		require.NoError(t, err)

		require.NoError(t, f.LoadCustomers(t.Context(), customers, store.CustomerRelations{Addresses: true, Groups: true}))

		require.Equal(t, []everlatch.Address{home}, customers[0].Addresses)
		require.Equal(t, []everlatch.CustomerGroup{vip, staff}, customers[0].Groups)
		require.Equal(t, []everlatch.Address{}, customers[1].Addresses)
		require.Equal(t, []everlatch.CustomerGroup{}, customers[1].Groups)
		require.Equal(t, []everlatch.CustomerGroup{vip}, customers[2].Groups)
		require.NoError(t, f.LoadCustomers(t.Context(), nil, store.CustomerRelations{Groups: true}))
		only := customers[2:]
		only[0].Addresses = nil
		require.NoError(t, f.LoadCustomers(t.Context(), only, store.CustomerRelations{}))
		require.Nil(t, only[0].Addresses)
	})
}

func TestCreateGuest(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.customer(t, "ada@example.com")
		guest, err := f.CreateGuest(t.Context(), everlatch.Customer{
			ID: "cus_1", Email: new("Ada@example.com"), HasAccount: true, CreatedBy: new("user_1"),
		})
		require.NoError(t, err, "an account may have the same e-mail")
		require.False(t, guest.HasAccount)
		require.Equal(t, "user_1", *guest.CreatedBy)
		events, count, err := f.Events(t.Context(), store.EventFilter{Name: everlatch.EventCustomerCreated}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, count)
		require.Equal(t, everlatch.Metadata{"id": "cus_1"}, events[0].Data)
		require.NotNil(t, events[0].ReleasedAt)

		_, err = f.CreateGuest(t.Context(), everlatch.Customer{ID: "cus_2", Email: new("ADA@example.com")})
		requireError(t, err, everlatch.CodeInvalidData, store.CustomerEmailTaken, "email", "ADA@example.com", "has_account", "false")
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventCustomerCreated}), 1, "nothing was made, nothing is told")
	})
}

// docs/weak-spots.md#w13: the e-mail of an account can differ from the login.
func TestUpdateCustomerEmail(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		ada, identity := f.customer(t, "ada@example.com")
		grace, _ := f.customer(t, "grace@example.com")
		email := func(id string, to *string) (everlatch.Customer, error) {
			return f.UpdateCustomer(t.Context(), id, store.CustomerPatch{Email: store.To(to)})
		}

		changed, err := email(ada.ID, new("Countess@Example.com"))

		require.NoError(t, err)
		require.Equal(t, "Countess@Example.com", *changed.Email)
		found, err := f.FindCredential(t.Context(), "emailpass", "ada@example.com")
		require.NoError(t, err)
		require.Equal(t, identity.ID, found.Identity.ID)
		_, err = email(grace.ID, new("COUNTESS@example.com"))
		requireError(t, err, everlatch.CodeInvalidData, store.CustomerEmailTaken, "email", "COUNTESS@example.com", "has_account", "true")
		kept, err := f.Customer(t.Context(), grace.ID)
		require.NoError(t, err)
		require.Equal(t, "grace@example.com", *kept.Email)
		_, err = email(grace.ID, new("ada@example.com"))
		require.NoError(t, err, "the old address is free")
		_, err = email(grace.ID, nil)
		require.NoError(t, err)
		_, err = email(ada.ID, nil)
		require.NoError(t, err, "none never collides")
		require.Len(t, f.eventNames(t, store.EventFilter{Name: everlatch.EventCustomerUpdated, Released: new(true)}), 4)
	})
}
