package emailpass_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// docs/weak-spots.md#w21. Lengths count characters, not bytes.
func TestPolicy(t *testing.T) {
	t.Parallel()

	const (
		short  = "Password must have at least 8 characters."
		long   = "Password must have at most 256 characters."
		common = "Password is one of the most common passwords. Choose another one."
	)
	off := emailpass.Options{MinLength: emailpass.Off, MaxLength: emailpass.Off, CommonPasswords: new(false)}
	tests := map[string]struct {
		options  emailpass.Options
		password string
		want     string // "" = allowed
	}{
		"seven":                         {password: "abcdefg", want: short},
		"eight":                         {password: "abcdefgz"},
		"recorded: seven of many bytes": {password: "пароль🔑", want: short},
		"eight of many bytes":           {password: "пароль🔑🔑"},
		"256 of many bytes":             {password: strings.Repeat("🔑", 256)},
		"257":                           {password: strings.Repeat("x", 257), want: long},
		"only blanks are allowed":       {password: "          "},
		"the most common":               {password: "password", want: common},
		"common with capitals":          {password: "PassWord1", want: common},
		"recorded: supersecret":         {password: "supersecret"},
		"recorded: supersecret1":        {password: "supersecret1"},
		"recorded: newpass1":            {password: "newpass1"},
		"recorded: otherpass":           {password: "otherpass"},
		"our own: s3cret-passw0rd":      {password: "s3cret-passw0rd"},
		"everything off":                {options: off, password: "x"},
		"off, and long":                 {options: off, password: strings.Repeat("x", 4096)},
		"off, and common":               {options: off, password: "123456"},
		"another minimum":               {options: emailpass.Options{MinLength: 12}, password: "elevenchars", want: "Password must have at least 12 characters."},
		"common only is off":            {options: emailpass.Options{CommonPasswords: new(false)}, password: "password1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			p, done := setup(t, tt.options)
			_, err := p.Register(t.Context(), input("ada@example.com", tt.password), nil)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			requireRefusal(t, err, everlatch.CodeInvalidData, tt.want)
			require.Empty(t, done.take(), "no work for a password that is refused")
		})
	}
}

// The policy applies to new passwords; existing passwords keep working.
func TestPolicyIsNotAskedAtLogin(t *testing.T) {
	t.Parallel()

	lax, _ := setup(t, emailpass.Options{MinLength: emailpass.Off, MaxLength: emailpass.Off, CommonPasswords: new(false)})
	strict, _ := setup(t, emailpass.Options{})
	for _, password := range []string{"x", "password", strings.Repeat("p", 1000)} { // recorded: password-1000
		_, err := strict.Authenticate(t.Context(), input("ada@example.com", password), registered(t, lax, password))
		require.NoError(t, err)
	}
}

// The list is what its README says.
func TestCommonPasswordList(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("common/passwords.txt")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	require.Len(t, lines, 3000)
	require.Equal(t, []string{"123456", "password", "12345678"}, lines[:3], "the most common first")
	slices.Sort(lines)
	require.Len(t, slices.Compact(lines), 3000, "no repetitions")
	require.Equal(t, strings.ToLower(string(text)), string(text))
	licence, err := os.ReadFile("common/LICENSE.txt")
	require.NoError(t, err)
	require.Contains(t, string(licence), "Dan Wheeler and Dropbox")
}

func TestNewReportsAllProblems(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		options emailpass.Options
		want    []string
	}{
		"lengths":               {emailpass.Options{MinLength: -2, MaxLength: 100_000}, []string{"minimum password length -2", "maximum password length 100000"}},
		"lengths the wrong way": {emailpass.Options{MinLength: 20, MaxLength: 10}, []string{"below the minimum"}},
		"too much memory":       {emailpass.Options{Argon2: emailpass.Argon2{MemoryKiB: 1 << 20}}, []string{"at most 65536"}},
		"too little memory":     {emailpass.Options{Argon2: emailpass.Argon2{MemoryKiB: 16, Parallelism: 4}}, []string{"at least 32 KiB"}},
		"too many passes":       {emailpass.Options{Argon2: emailpass.Argon2{Time: 1 << 31}}, []string{"units of work"}},
		"too many lanes":        {emailpass.Options{Argon2: emailpass.Argon2{Parallelism: 17}}, []string{"parallelism"}},
		"no room for one":       {emailpass.Options{MaxConcurrentMemoryKiB: 1}, []string{"less than one hash"}},
		"negative room":         {emailpass.Options{MaxConcurrentMemoryKiB: -1}, []string{"less than one hash"}},
		"several at once":       {emailpass.Options{MinLength: -5, MaxConcurrentMemoryKiB: 1}, []string{"minimum", "less than one hash"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := emailpass.New(tt.options)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}
