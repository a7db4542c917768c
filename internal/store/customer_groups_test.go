package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

func (f fixture) readGroup(tb testing.TB, id string) everlatch.CustomerGroup {
	tb.Helper()
	g, err := f.Group(tb.Context(), id)
	require.NoError(tb, err)
	return g
}

func TestGroup(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"created once": func(t *testing.T, f fixture) {
			in := everlatch.CustomerGroup{ID: "cusgroup_1", Name: "VIP", Metadata: everlatch.Metadata{"a": 1.0}, CreatedBy: new("user_1")}
			created, err := f.CreateGroup(t.Context(), in)
			require.NoError(t, err)
			in.CreatedAt, in.UpdatedAt = start, start
			require.Equal(t, in, created)
			f.clock.Advance(time.Minute)
			again, err := f.CreateGroup(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, created, again, "same id again")
			require.Equal(t, created, f.readGroup(t, "cusgroup_1"))
			in.ID = "cusgroup_2"
			_, err = f.CreateGroup(t.Context(), in)
			requireError(t, err, everlatch.CodeInvalidData, store.GroupNameTaken, "name", "VIP")
		},
		"update changes what it names": func(t *testing.T, f fixture) {
			want := f.group(t, "cusgroup_1", "VIP")
			f.group(t, "cusgroup_2", "Staff")
			f.clock.Advance(time.Minute)

			got, err := f.UpdateGroup(t.Context(), "cusgroup_1", store.GroupPatch{Metadata: store.To(everlatch.Metadata{"a": 1.0})})
			require.NoError(t, err)
			want.Metadata, want.UpdatedAt = everlatch.Metadata{"a": 1.0}, f.clock.Now()
			require.Equal(t, want, got)
			got, err = f.UpdateGroup(t.Context(), "cusgroup_1", store.GroupPatch{
				Name: store.To("Friends"), Metadata: store.To(everlatch.Metadata{"a": "", "b": 2.0}),
			})
			require.NoError(t, err)
			want.Name, want.Metadata = "Friends", everlatch.Metadata{"b": 2.0}
			require.Equal(t, want, got)
			require.Equal(t, want, f.readGroup(t, "cusgroup_1"))

			_, err = f.UpdateGroup(t.Context(), "cusgroup_1", store.GroupPatch{Name: store.To("Staff")})
			requireError(t, err, everlatch.CodeInvalidData, store.GroupNameTaken, "name", "Staff")
			_, err = f.UpdateGroup(t.Context(), "cusgroup_none", store.GroupPatch{Name: store.To("x")})
			requireError(t, err, everlatch.CodeNotFound, store.UpdateNotFound, "model", "Customer group", "id", "cusgroup_none")
		},
		"deleted without its customers": func(t *testing.T, f fixture) {
			f.people(t)
			require.NoError(t, f.DeleteGroup(t.Context(), "cusgroup_1"))
			require.NoError(t, f.DeleteGroup(t.Context(), "cusgroup_1"), "twice")
			_, err := f.Group(t.Context(), "cusgroup_1")
			requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "Customer group", "id", "cusgroup_1")
			_, count, err := f.Customers(t.Context(), store.CustomerFilter{}, store.Page{})
			require.NoError(t, err)
			require.Equal(t, 3, count)
			require.Equal(t, 1, f.rows(t, "customer_group_customer"))
			f.group(t, "cusgroup_9", "VIP") // the name is free
		},
		"holds who lives": func(t *testing.T, f fixture) {
			f.people(t)
			members := func() []string {
				groups, _, err := f.Groups(t.Context(), store.GroupFilter{}, store.Page{})
				require.NoError(t, err)
				require.NoError(t, f.LoadGroups(t.Context(), groups))
				out := []string{}
				for _, g := range groups {
					for _, c := range g.Customers {
						out = append(out, g.Name+" "+c.ID)
					}
				}
				return out
			}
			require.Equal(t, []string{"VIP cus_1", "VIP cus_3", "Staff cus_3"}, members())
			require.NoError(t, f.RemoveCustomer(t.Context(), "cus_3", everlatch.Event{GroupID: "flow"}))
			require.Equal(t, []string{"VIP cus_1"}, members())
			require.NoError(t, f.RestoreCustomer(t.Context(), "cus_3", "flow"))
			require.Equal(t, []string{"VIP cus_1", "VIP cus_3", "Staff cus_3"}, members(), "the undone removal brings it back whole")
			require.NoError(t, f.DiscardCustomer(t.Context(), "cus_3", ""))
			require.Equal(t, []string{"VIP cus_1"}, members())
			require.NoError(t, f.LoadGroups(t.Context(), nil))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()

	type filter = store.GroupFilter
	tests := map[string]struct {
		filter filter
		page   store.Page
		want   []string
	}{
		"all":                  {want: []string{"cusgroup_1", "cusgroup_2", "cusgroup_3"}},
		"by name":              {page: store.Page{Order: "name"}, want: []string{"cusgroup_3", "cusgroup_2", "cusgroup_1"}},
		"words":                {filter: filter{Q: "sTA"}, want: []string{"cusgroup_2"}},
		"ids":                  {filter: filter{IDs: []string{"cusgroup_3"}}, want: []string{"cusgroup_3"}},
		"names":                {filter: filter{Names: []string{"VIP", "Staff"}}, want: []string{"cusgroup_1", "cusgroup_2"}},
		"who made it":          {filter: filter{CreatedBy: []string{"user_2"}}, want: []string{}},
		"of a customer":        {filter: filter{Customer: &store.CustomerFilter{ID: texts(store.Is, "cus_3")}}, want: []string{"cusgroup_1", "cusgroup_2"}},
		"of one with a name":   {filter: filter{Customer: &store.CustomerFilter{FirstNames: []string{"Ada"}}}, want: []string{"cusgroup_1"}},
		"of a removed one":     {filter: filter{Customer: &store.CustomerFilter{ID: texts(store.Is, "cus_4")}}, want: []string{}},
		"made before":          {filter: filter{CreatedAt: at(store.Less, start)}, want: []string{}},
		"changed since":        {filter: filter{UpdatedAt: at(store.AtLeast, start)}, want: []string{"cusgroup_1", "cusgroup_2", "cusgroup_3"}},
		"deleted ever":         {filter: filter{DeletedAt: at(store.AtLeast, start)}, page: store.Page{WithDeleted: true}, want: []string{}},
		"one of two":           {filter: filter{Or: []filter{{Names: []string{"VIP"}}, {Names: []string{"Newcomers"}}}}, want: []string{"cusgroup_1", "cusgroup_3"}},
		"both of two, one not": {filter: filter{And: []filter{{Names: []string{"VIP"}}, {Names: []string{"Newcomers"}}}}, want: []string{}},
	}
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.people(t)
		for name, tt := range tests {
			groups, count, err := f.Groups(t.Context(), tt.filter, tt.page)
			require.NoError(t, err, name)
			found := []string{}
			for _, g := range groups {
				found = append(found, g.ID)
				require.Nil(t, g.Customers, name)
			}
			require.Equal(t, tt.want, found, name)
			require.Len(t, tt.want, count, name)
		}
	})
}

func TestChangeMembers(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.people(t)
		groupsOf := func(id string) []string {
			customers := []everlatch.Customer{{ID: id}}
			require.NoError(t, f.LoadCustomers(t.Context(), customers, store.CustomerRelations{Groups: true}))
			names := []string{}
			for _, g := range customers[0].Groups {
				names = append(names, g.Name)
			}
			return names
		}
		ids := func(ids ...string) []string { return ids }

		require.NoError(t, f.ChangeGroupsOf(t.Context(), "cus_3", ids("cusgroup_3", "cusgroup_1", "cusgroup_1"), ids("cusgroup_2", "cusgroup_none")))
		require.Equal(t, []string{"VIP", "Newcomers"}, groupsOf("cus_3"))
		require.NoError(t, f.ChangeCustomersOf(t.Context(), "cusgroup_3", ids("cus_2"), ids("cus_3", "cus_none")))
		require.Equal(t, []string{"Newcomers"}, groupsOf("cus_2"))
		require.Equal(t, []string{"VIP"}, groupsOf("cus_3"))

		requireError(t, f.ChangeGroupsOf(t.Context(), "cus_none", nil, nil), everlatch.CodeNotFound, store.ReferenceNotFound, "column", "customer_id", "id", "cus_none")
		requireError(t, f.ChangeGroupsOf(t.Context(), "cus_4", ids("cusgroup_1"), nil), everlatch.CodeNotFound, store.ReferenceNotFound, "column", "customer_id", "id", "cus_4")
		requireError(t, f.ChangeCustomersOf(t.Context(), "cusgroup_none", nil, nil), everlatch.CodeNotFound, store.ReferenceNotFound, "column", "customer_group_id", "id", "cusgroup_none")
		requireError(t, f.ChangeCustomersOf(t.Context(), "cusgroup_2", ids("cus_1", "cus_4"), ids("cus_3")), everlatch.CodeNotFound, store.ReferenceNotFound, "column", "customer_id", "id", "cus_4")
		requireError(t, f.ChangeGroupsOf(t.Context(), "cus_2", ids("cusgroup_2", "cusgroup_none"), ids("cusgroup_3")), everlatch.CodeNotFound, store.ReferenceNotFound, "column", "customer_group_id", "id", "cusgroup_none")
		require.Equal(t, []string{"VIP"}, groupsOf("cus_1"), "nothing of a refused change stays")
		require.Equal(t, []string{"Newcomers"}, groupsOf("cus_2"))
	})
}

// Of fifty that want the same name, or the same e-mail, one gets it.
func TestUniqueInParallel(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture) func(ctx context.Context, i int) error{
		"guests": func(_ *testing.T, f fixture) func(ctx context.Context, i int) error {
			return func(ctx context.Context, i int) error {
				_, err := f.CreateGuest(ctx, everlatch.Customer{ID: fmt.Sprint("cus_", i), Email: new("ada@example.com")})
				return err
			}
		},
		"new e-mails of customers": func(t *testing.T, f fixture) func(ctx context.Context, i int) error {
			for i := range 50 {
				_, err := f.CreateGuest(t.Context(), everlatch.Customer{ID: fmt.Sprint("cus_", i), Email: new(fmt.Sprintf("%d@example.com", i))})
				require.NoError(t, err)
			}
			return func(ctx context.Context, i int) error {
				_, err := f.UpdateCustomer(ctx, fmt.Sprint("cus_", i), store.CustomerPatch{Email: store.To(new("ada@example.com"))})
				return err
			}
		},
		"groups": func(_ *testing.T, f fixture) func(ctx context.Context, i int) error {
			return func(ctx context.Context, i int) error {
				_, err := f.CreateGroup(ctx, everlatch.CustomerGroup{ID: fmt.Sprint("cusgroup_", i), Name: "VIP"})
				return err
			}
		},
		"new names of groups": func(t *testing.T, f fixture) func(ctx context.Context, i int) error {
			for i := range 50 {
				f.group(t, fmt.Sprint("cusgroup_", i), fmt.Sprint(i))
			}
			return func(ctx context.Context, i int) error {
				_, err := f.UpdateGroup(ctx, fmt.Sprint("cusgroup_", i), store.GroupPatch{Name: store.To("VIP")})
				return err
			}
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, f fixture) {
				errs := storetest.InParallel(t.Context(), 50, prepare(t, f))
				require.Equal(t, 1, succeeded(errs))
				for _, err := range errs {
					if err != nil {
						require.ErrorIs(t, err, everlatch.ErrInvalidData)
					}
				}
			})
		})
	}
}

// Both sides change the same memberships concurrently, in any order, without
// deadlocks or duplicate memberships.
func TestChangeMembersInParallel(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		var customers, groups []string
		for i := range 5 {
			customers, groups = append(customers, fmt.Sprint("cus_", i)), append(groups, fmt.Sprint("cusgroup_", 4-i))
			_, err := f.CreateGuest(t.Context(), everlatch.Customer{ID: customers[i]})
			require.NoError(t, err)
			f.group(t, groups[i], groups[i])
		}
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
			if i%2 == 0 {
				return f.ChangeGroupsOf(ctx, customers[i/2%5], groups, nil)
			}
			return f.ChangeCustomersOf(ctx, groups[i/2%5], customers, nil)
		})
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, 25, f.rows(t, "customer_group_customer"))
	})
}
