package main_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	bench "github.com/everlatch/everlatch/bench"
)

func TestOptionsAreRefused(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte("{"), 0o600))
	empty := filepath.Join(t.TempDir(), "empty.json")
	require.NoError(t, os.WriteFile(empty, []byte("{}"), 0o600))

	for name, tt := range map[string]struct {
		args string
		want string
	}{
		"another machine":            {"-base http://192.168.1.5:9000", "not on this machine"},
		"a name":                     {"-base http://example.com", "not on this machine"},
		"a name like an address":     {"-base http://127.0.0.1.example.com:9000", "not on this machine"},
		"every interface":            {"-base http://0.0.0.0:9000", "not on this machine"},
		"TLS":                        {"-base https://127.0.0.1:9000", "must be http://host:port"},
		"a path":                     {"-base http://127.0.0.1:9000/auth", "must be http://host:port"},
		"a user":                     {"-base http://a:b@127.0.0.1:9000", "must be http://host:port"},
		"no scheme":                  {"-base 127.0.0.1:9000", "must be http://host:port"},
		"port zero":                  {"-base http://127.0.0.1:0", "no valid port"},
		"a port that is too big":     {"-base http://127.0.0.1:99999", "no valid port"},
		"no clients":                 {"-c ,", "names no number"},
		"zero clients":               {"-c 0", "from 1 to 256"},
		"too many clients":           {"-c 1,257", "from 1 to 256"},
		"the same clients twice":     {"-c 8,8", "twice"},
		"a pid that is a word":       {"-pids 1,x", `"x" is not a number`},
		"a negative pid":             {"-pids -4", `"-4" is not a number`},
		"both bounds":                {"-d 1s -n 5", "exclude each other"},
		"a hash of words":            {"-hash fast", "-hash must be"},
		"a hash without memory":      {"-hash 0,1,1", "-hash must be"},
		"endless":                    {"-d 11m", "up to 10m0s"},
		"a negative time":            {"-d -1s", "up to 10m0s"},
		"too many requests":          {"-n 1000001", "up to 1000000"},
		"a negative number":          {"-n -1", "up to 1000000"},
		"an endless warm-up":         {"-warm 1h", "up to 10m0s"},
		"an unknown scenario":        {"-scenarios login,logout", `"logout" is none of`},
		"no scenario":                {"-scenarios=", `"" is none of`},
		"the same scenario twice":    {"-scenarios me,me", "twice"},
		"a prefix with an at sign":   {"-email-prefix a@b", "-email-prefix must be"},
		"no prefix":                  {"-email-prefix=", "-email-prefix must be"},
		"a prefix that is too long":  {"-email-prefix " + strings.Repeat("a", 33), "-email-prefix must be"},
		"a key that breaks the line": {"-publishable-key pk\r\nX-Evil:1", "-publishable-key must be"},
		"a baseline that is missing": {"-baseline /nowhere/x.json", "no such file"},
		"a baseline that is broken":  {"-baseline " + broken, "not the -json output"},
		"a baseline without results": {"-baseline " + empty, "no results"},
		"a load with -timing":        {"-timing -c 8", "-c means nothing with -timing"},
		"a time with -timing":        {"-timing -d 1s", "-d means nothing with -timing"},
		"too many pairs":             {"-timing -n 20001", "from 1 to 20000"},
		"no pairs":                   {"-timing -n -1", "from 1 to 20000"},
		"a scenario with -timing":    {"-timing -scenarios me", `"me" is none of login, reset`},
		"a search without a token":   {"-scenarios search", "needs -admin-token"},
		"invites without a token":    {"-timing -scenarios invite", "needs -admin-token"},
		"a token that breaks a line": {"-timing -admin-token a\r\nX:1", "-admin-token must be"},
		"an argument":                {"login", `unexpected argument "login"`},
		"an unknown flag":            {"-x", "not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bench.ParseOptions(strings.Split(tt.args, " "), io.Discard)
			require.ErrorContains(t, err, tt.want)
		})
	}

	t.Run("everything that is wrong is named at once", func(t *testing.T) {
		t.Parallel()
		_, err := bench.ParseOptions([]string{"-c", "0", "-pids", "x", "-scenarios", "y", "-n", "-1"}, io.Discard)
		for _, want := range []string{"-c:", "-pids:", "-scenarios:", "-n is"} {
			require.ErrorContains(t, err, want)
		}
	})
}

func TestOptionsAreAccepted(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"nothing at all": "",
		"localhost":      "-base http://localhost:9000/",
		"IPv6":           "-base http://[::1]:9000",
		"all of 127/8":   "-base http://127.0.0.53",
		"timing":         "-timing -n 3 -admin-token eyJ.a-b_c",
		"everything":     "-base http://127.0.0.1:1 -publishable-key pk_0aF -pids 1,22 -c 3 -n 7 -warm 0 -scenarios me,login -email-prefix x.y -json",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bench.ParseOptions(strings.Fields(args), io.Discard)
			require.NoError(t, err)
		})
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	_, err := bench.ParseOptions([]string{"-h"}, &out)
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, name := range []string{
		"base", "publishable-key", "pids", "c", "d", "n", "warm", "scenarios", "email-prefix", "baseline", "json",
	} {
		require.Contains(t, out.String(), "\n  -"+name, name)
	}
}
