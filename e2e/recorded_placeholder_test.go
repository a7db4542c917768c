package e2e_test

import (
	"encoding/json"
	"regexp"
	"strings"
)

var (
	publishableText = regexp.MustCompile(`pk_[0-9a-f]{64}`)
	secretText      = regexp.MustCompile(`sk_[0-9a-f]{64}`)
	uuidText        = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	placeholder     = regexp.MustCompile(`<(?:jwt|iso8601ms|iat|exp|pk_key|sk_key|hex64|b64url43|base32|recovery_code|id:\w+)>`)
)

// patterns are the texts that placeholders stand for.
var patterns = map[string]string{
	"<jwt>":           `eyJ[\w-]+\.[\w-]+\.[\w-]+`,
	"<iso8601ms>":     `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`,
	"<iat>":           `\d{10}`,
	"<exp>":           `\d{10}`,
	"<pk_key>":        `pk_(?:[0-9a-f]{64}|[0-9a-f]{3}\*{3}[0-9a-f]{3})`,
	"<sk_key>":        `sk_(?:[0-9a-f]{64}|[0-9a-f]{3}\*{3}[0-9a-f]{3})`,
	"<hex64>":         `[0-9a-f]{64}`,
	"<b64url43>":      `[\w-]{43}`,
	"<base32>":        `[A-Z2-7]{32}`,
	"<recovery_code>": `(?:[0-9a-f]{4}-){7}[0-9a-f]{4}`,
}

// text matches a recorded text with its placeholders.
func (c *comparison) text(want string, got any) bool {
	given, isText := got.(string)
	if number, ok := got.(json.Number); ok && (want == "<iat>" || want == "<exp>") {
		given, isText = number.String(), true
	}
	if !isText || !placeholder.MatchString(want) {
		return isText && want == given
	}
	var expression strings.Builder
	rest := want
	for _, at := range placeholder.FindAllString(want, -1) {
		before, after, _ := strings.Cut(rest, at)
		expression.WriteString(regexp.QuoteMeta(before) + c.pattern(at))
		rest = after
	}
	return regexp.MustCompile("^" + expression.String() + regexp.QuoteMeta(rest) + "$").MatchString(given)
}

func (c *comparison) pattern(placeholder string) string {
	prefix, isID := strings.CutPrefix(placeholder, "<id:")
	if !isID {
		return patterns[placeholder]
	}
	prefix = strings.TrimSuffix(prefix, ">")
	if own := c.own[prefix]; len(own) > 0 {
		return "(?:" + strings.Join(own, "|") + ")"
	}
	return prefix + "_[0-9A-HJKMNP-TV-Z]{26}"
}
