package transfer_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/transfer"
)

// read returns the lines of a text, those that are no objects as nil, and how it ended.
func read(t *testing.T, in io.Reader) (out map[int64]transfer.Record, err error) {
	t.Helper()
	out = map[int64]transfer.Record{}
	lines := transfer.NewLines(in)
	for {
		record, line, err := lines.Next()
		switch {
		case errors.Is(err, transfer.ErrLine):
			require.Nil(t, record)
		case err != nil:
			return out, err
		}
		out[line] = record
	}
}

// TestLines: a line that is no object is told with its number, and the others are read.
func TestLines(t *testing.T) {
	t.Parallel()
	const text = "\ufeff{\"type\":\"customer\",\"n\":1.50}\r\n\n  \nnull\n[1]\n{\"a\":1}{\"b\":2}\n{\"a\":\n\x00\n{\"type\":\"last\"}"
	for name, in := range map[string]io.Reader{"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := read(t, in)
			require.ErrorIs(t, err, io.EOF)
			require.Len(t, out, 7)
			require.Equal(t, "customer", out[1].Type())
			line, err := transfer.MarshalLine("customer", out[1])
			require.NoError(t, err)
			require.Contains(t, string(line), `{"n":1.50,`, "numbers stay as they are written")
			require.True(t, strings.HasSuffix(string(line), "}\n"))
			for _, bad := range []int64{4, 5, 6, 7, 8} {
				require.Nil(t, out[bad], bad)
			}
			require.Equal(t, "last", out[9].Type())
		})
	}
	_, err := read(t, iotest.ErrReader(errors.New("the disk is gone")))
	require.ErrorContains(t, err, "the disk is gone")
}

// TestLongLines: a line may be long, and has a bound.
func TestLongLines(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return `{"x":"` + strings.Repeat("y", n) + `"}` + "\n" }
	out, err := read(t, strings.NewReader(long(1<<20)+`{"id":"1"}`))
	require.ErrorIs(t, err, io.EOF)
	require.Len(t, out[1].Text("x"), 1<<20)
	require.Equal(t, "1", out[2].ID())
	_, err = read(t, strings.NewReader(`{"id":"1"}`+"\n"+long(transfer.MaxLine)))
	require.ErrorContains(t, err, "line 2 is longer than")
}

func TestLists(t *testing.T) {
	t.Parallel()
	r := transfer.Record{
		"made": []transfer.Record{{"id": "a"}}, "decoded": []any{map[string]any{"id": "b"}}, "mixed": []any{map[string]any{}, 1}, "text": "x", "none": nil,
	}
	for name, want := range map[string]int{"made": 1, "decoded": 1, "none": 0, "absent": 0} {
		list, err := r.List(name)
		require.NoError(t, err, name)
		require.Len(t, list, want, name)
	}
	for _, name := range []string{"mixed", "text"} {
		_, err := r.List(name)
		require.ErrorContains(t, err, name+" is not a list of objects")
	}
	require.Empty(t, r.Text("made"))
	require.NotEqual(t, transfer.Purpose("import_1", 2), transfer.Purpose("import_12", 2))
}

// FuzzLines: whatever a file has, reading ends without a panic and never quotes it.
func FuzzLines(f *testing.F) {
	f.Add("{\"a\":1}\n{")
	f.Add("\ufeff\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		out, err := read(t, strings.NewReader(text))
		require.ErrorIs(t, err, io.EOF)
		require.LessOrEqual(t, len(out), strings.Count(text, "\n")+1)
	})
}
