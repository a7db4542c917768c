package render_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
)

type pet struct {
	Name string
	Note *string
}

type owner struct {
	ID       string
	Phone    *string
	Active   bool
	Metadata everlatch.Metadata
	Born     time.Time
	Gone     *time.Time
	Pets     []pet
}

var (
	petTable = render.Table[pet]{
		render.Text("name", func(p *pet) string { return p.Name }),
		render.NullableText("note", func(p *pet) *string { return p.Note }),
	}
	ownerTable = render.Table[owner]{
		render.Text("id", func(o *owner) string { return o.ID }),
		render.NullableText("phone", func(o *owner) *string { return o.Phone }),
		render.Relation("pets", petTable, func(o *owner) []pet { return o.Pets }),
		render.Bool("active", func(o *owner) bool { return o.Active }),
		render.Metadata("metadata", func(o *owner) everlatch.Metadata { return o.Metadata }),
		render.Time("born", func(o *owner) time.Time { return o.Born }),
		render.NullableTime("gone", func(o *owner) *time.Time { return o.Gone }),
		render.Relation("friends", render.Pick(petTable, "note", "name"), func(o *owner) []pet { return o.Pets }),
	}
)

func TestAppend(t *testing.T) {
	t.Parallel()

	east := time.FixedZone("east", 2*3600)
	full := owner{
		ID: "o_1", Phone: new("+1"), Active: true, Metadata: everlatch.Metadata{"a": "<&>"},
		Born: time.Date(2026, 1, 2, 3, 4, 5, 678_999_999, east), Gone: new(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)),
		Pets: []pet{{Name: "Rex"}, {Name: "Mia", Note: new("")}},
	}
	tests := map[string]struct {
		record owner
		fields string
		want   string
	}{
		"everything, in the order of the table": {
			full, "",
			`{"id":"o_1","phone":"+1","pets":[{"name":"Rex","note":null},{"name":"Mia","note":""}],"active":true,` +
				`"metadata":{"a":"<&>"},"born":"2026-01-02T01:04:05.678Z","gone":"2026-01-02T00:00:00.000Z"}`,
		},
		"the zero value": {
			owner{},
			"",
			`{"id":"","phone":null,"pets":[],"active":false,"metadata":null,"born":"0001-01-01T00:00:00.000Z","gone":null}`,
		},
		"whatever the order asked for":      {full, "active,id", `{"id":"o_1","active":true}`},
		"a relation first":                  {full, "pets.note", `{"id":"o_1","pets":[{"note":null},{"note":""}]}`},
		"the second relation alone":         {full, "friends.name", `{"id":"o_1","friends":[{"name":"Rex"},{"name":"Mia"}]}`},
		"both, each with its columns":       {full, "pets.name,friends.note", `{"id":"o_1","pets":[{"name":"Rex"},{"name":"Mia"}],"friends":[{"note":null},{"note":""}]}`},
		"a relation in an order of its own": {owner{Pets: full.Pets[:1]}, "id,*friends", `{"id":"","friends":[{"note":null,"name":"Rex"}]}`},
		"an empty object is not null":       {owner{Metadata: everlatch.Metadata{}}, "metadata", `{"id":"","metadata":{}}`},
		"text as JavaScript escapes it": {
			owner{ID: "\"\\\b\f\n\r\t\x00\x1f/<é\u2028😀"},
			"id",
			`{"id":"\"\\\b\f\n\r\t\u0000\u001f/<é` + "\u2028" + `😀"}`,
		},
	}
	shape := render.ShapeOf(ownerTable, "friends")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sel, err := shape.Choose(tt.fields, query.FieldPolicy{})
			require.NoError(t, err)
			got := string(ownerTable.Append([]byte(`[`), &tt.record, sel))
			require.Equal(t, `[`+tt.want, got, "what is written before stays")
		})
	}
	require.Equal(t, `{}`, string(ownerTable.Append(nil, &full, query.Selection{})))
	// A column that a table does not have is not picked.
	require.Len(t, render.Pick(petTable, "name", "unknown"), 1)
}

// FuzzText: every text becomes JSON that reads as the same text.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "\"\\", "\x00\x7f", "é\u2028", "</script>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		raw := ownerTable.Append(nil, &owner{ID: text}, query.Selection{Columns: 1})
		var read struct {
			ID string `json:"id"`
		}
		require.NoError(t, json.Unmarshal(raw, &read), "%q", raw)
		var quoted string
		encoded, err := json.Marshal(text)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(encoded, &quoted))
		require.Equal(t, quoted, read.ID) // invalid UTF-8 becomes U+FFFD in either
	})
}
