package pages

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// notCountries have codes of their own that ISO 3166-1 doesn't assign to them: they belong
// to other countries.
var notCountries = []string{"AC", "CP", "DG", "TA"}

// regions are the countries of ISO 3166-1, and Kosovo, which has a code that everyone uses.
var regions = sync.OnceValue(func() (out []language.Region) {
	names := display.Regions(language.English)
	for first := 'A'; first <= 'Z'; first++ {
		for second := 'A'; second <= 'Z'; second++ {
			code := string([]rune{first, second})
			r, err := language.ParseRegion(code)
			current := err == nil && r.IsCountry() && r.String() == code && r.Canonicalize() == r && r.ISO3() != "ZZZ"
			if current && names.Name(r) != "" && !slices.Contains(notCountries, code) { // without a name are those of the past
				out = append(out, r)
			}
		}
	}
	return out
})

// countries are the choices of a country by language. Each is made when it is first needed.
type countries struct {
	mu    sync.Mutex
	byTag map[string][]Choice
}

// in returns the choices in the order of a language. Their values are codes of two letters in
// lower case, as the API has them.
func (c *countries) in(tag string) []Choice {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.byTag[tag]; known != nil {
		return known
	}
	namer := regionNamer(tag)
	out := make([]Choice, 0, len(regions()))
	for _, r := range regions() {
		out = append(out, Choice{strings.ToLower(r.String()), namer.Name(r)})
	}
	order := collate.New(language.Make(tag))
	slices.SortFunc(out, func(a, b Choice) int { return order.CompareString(a.Label, b.Label) })
	if c.byTag == nil {
		c.byTag = map[string][]Choice{}
	}
	c.byTag[tag] = out
	return out
}

// regionNamer names countries in a language, in English where it can't.
func regionNamer(tag string) display.Namer {
	if namer := display.Regions(language.Make(tag)); namer != nil {
		return namer
	}
	return display.Regions(language.English)
}

// countryChoices are the choices for a field that has a value, which is one of them also
// where it is no country.
func (v *Visit) countryChoices(value string) []Choice {
	all := v.site.countries.in(v.Language())
	out := append([]Choice{{}}, all...)
	if value != "" && !slices.ContainsFunc(all, func(c Choice) bool { return c.Value == value }) {
		out = append(out, Choice{value, strings.ToUpper(value)})
	}
	return out
}

// country is the name of a country, or its code.
func (v *Visit) country(code string) string {
	for _, c := range v.countryChoices(code) {
		if c.Value == code {
			return c.Label
		}
	}
	return ""
}
