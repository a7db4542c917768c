package e2e_test

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// location compares redirect locations: scheme, host, path and every parameter, in
// any order and encoding.
func (c *comparison) location(at, want string, got any) {
	given, isText := got.(string)
	wanted, err1 := url.Parse(c.world.mode.idps.live(want))
	live, err2 := url.Parse(given)
	if !isText || err1 != nil || err2 != nil {
		c.differ(at, want, got)
		return
	}
	wantedParams, err1 := url.ParseQuery(wanted.RawQuery)
	liveParams, err2 := url.ParseQuery(live.RawQuery)
	wanted.RawQuery, live.RawQuery = "", ""
	if err1 != nil || err2 != nil || wanted.String() != live.String() {
		c.differ(at, want, got)
		return
	}
	all := maps.Clone(wantedParams)
	maps.Copy(all, liveParams)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c.parameter(at+"?"+name, name, wantedParams[name], liveParams[name])
	}
}

// addedParameters are what those that Everlatch adds must look like; that it
// adds them is in docs/deviations.md.
var addedParameters = map[string]*regexp.Regexp{
	"code_challenge":        regexp.MustCompile(`^[\w-]{43}$`),
	"code_challenge_method": regexp.MustCompile(`^S256$`),
	"nonce":                 regexp.MustCompile(`^[\w-]{43}$`),
	"scope":                 regexp.MustCompile(`^read:user user:email$`), // of GitHub; the others were recorded with theirs
}

func (c *comparison) parameter(at, name string, want, got []string) {
	added := addedParameters[name]
	switch {
	case len(want) == 1 && len(got) == 1 && c.text(want[0], got[0]):
	case len(want) == 0 && len(got) == 1 && added != nil && added.MatchString(got[0]) &&
		c.deviations.everywhere("location parameter "+name):
	default:
		c.differ(at, want, got)
	}
}

// TestLocationSeesDifferences is [TestComparisonSeesDifferences] for locations.
func TestLocationSeesDifferences(t *testing.T) {
	t.Parallel()
	const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	recorded := "https://idp.example/authorize?scope=openid%20email&state=<hex64>&nonce=<b64url43>"
	same := "https://idp.example/authorize?nonce=" + challenge + "&state=" + strings.Repeat("0af9", 16) + "&scope=openid+email" +
		"&code_challenge=" + challenge + "&code_challenge_method=S256"
	differences := func(location any) []string {
		row := everywherePrefix + "location parameter code_challenge"
		c := &comparison{world: &world{}, deviations: &deviations{
			rows: map[string]deviation{row: {}, row + "_method": {}}, shown: map[string]bool{},
		}}
		c.object("body", object{"location": recorded}, object{"location": location})
		return c.differences
	}
	require.Empty(t, differences(same))
	for name, change := range map[string][2]string{
		"another scheme":              {"https:", "http:"},
		"another host":                {"idp.example", "evil.example"},
		"another port":                {"idp.example", "idp.example:444"},
		"another path":                {"/authorize", "/authorise"},
		"a fragment":                  {"S256", "S256#x"},
		"a user name":                 {"https://", "https://ada@"},
		"a parameter less":            {"scope=openid+email", ""},
		"another value":               {"openid+email", "email"},
		"a parameter twice":           {"scope=openid+email", "scope=openid+email&scope=openid+email"},
		"a parameter more":            {"S256", "S256&prompt=none"},
		"a parameter more, listed":    {"S256", "S256&scope=x"},
		"a state that is short":       {"0af9&", "&"},
		"a state of other characters": {"0af9&", "0AF9&"},
		"a nonce that is short":       {"nonce=E9", "nonce=E"},
		"a challenge that is short":   {"code_challenge=E9", "code_challenge=E"},
		"another method":              {"S256", "plain"},
		"no URL":                      {"https://idp", "https://%%"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(same, change[0], change[1], 1)
			require.NotEqual(t, same, changed)
			require.NotEmpty(t, differences(changed), fmt.Sprint(changed))
		})
	}
	require.NotEmpty(t, differences(nil))
}
