package console_test

import (
	"context"
	"fmt"
	"html/template"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/pages"
)

// Every block that the console names is shown on some page, and knows what the page is about.
func TestBlocks(t *testing.T) {
	t.Parallel()

	seen := map[string]string{}
	w := newWorld(t, func(o *pages.Options) {
		o.Blocks = map[string][]pages.BlockFunc{}
		for _, name := range area().Blocks {
			o.Blocks[name] = []pages.BlockFunc{func(_ context.Context, b pages.Block) (template.HTML, error) {
				seen[b.Name] = fmt.Sprint(b.Data)
				return template.HTML("<p>" + name + "</p>"), nil
			}}
		}
	})
	w.fill()
	for path := range everyPage {
		w.Open(path)
	}
	for _, name := range area().Blocks {
		require.Contains(t, seen, name)
	}
	require.Contains(t, w.Open("/console/people/customer/cus_1").Text(), "console.person.after")
	require.Equal(t, "cus_1", seen["console.person.before"])
	require.NotContains(t, w.Open("/console/people/customer/cus_1/delete").Text(), "console.", "a question has none")
	w.Open("/console/flows/one?id=authenticate%2F1")
	require.Equal(t, "authenticate/1", seen["console.flow.after"])
	w.Open("/console/groups/cusgroup_1")
	require.Equal(t, "cusgroup_1", seen["console.group.after"])
	w.Open("/console/customers")
	require.Empty(t, seen["console.customers.after"])
}
