package wire

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Bounds of a form or a query string, those of Express.
const (
	maxFormPairs = 1000
	maxFormDepth = 32
	maxFormIndex = 100
)

// ParseForm reads url-encoded pairs with the "extended" syntax: a[b]=1 nests,
// a[]=1 and repeated names make lists. Values are strings. Its errors are of type
// [*BodyError].
func ParseForm(text string) (map[string]any, error) {
	root := map[string]any{}
	pairs := 0
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		if pairs++; pairs > maxFormPairs {
			return nil, &BodyError{http.StatusRequestEntityTooLarge, "too many parameters"}
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, value := formText(rawName), formText(rawValue)
		if name == "" {
			continue
		}
		path, ok := formPath(name)
		if !ok {
			return nil, &BodyError{http.StatusBadRequest, "The input exceeded the depth"}
		}
		root[path[0]] = insert(root[path[0]], path[1:], value)
	}
	return root, nil
}

// formText decodes a name or a value. Malformed escapes are kept.
func formText(raw string) string {
	decoded, err := url.QueryUnescape(raw)
	if err != nil {
		return strings.ReplaceAll(raw, "+", " ")
	}
	return strings.ToValidUTF8(decoded, "\ufffd")
}

// formPath splits "a[b][c]" into its keys. A name without whole brackets is
// one key.
func formPath(name string) (path []string, ok bool) {
	open := strings.IndexByte(name, '[')
	if open <= 0 || !strings.HasSuffix(name, "]") {
		return []string{name}, true
	}
	path = []string{name[:open]}
	for rest := name[open:]; rest != ""; {
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 0 {
			return []string{name}, true
		}
		path = append(path, rest[1:end])
		rest = rest[end+1:]
	}
	return path, len(path) <= maxFormDepth
}

// insert adds a value under a path to an existing value.
func insert(existing any, path []string, value string) any {
	if len(path) == 0 {
		switch have := existing.(type) {
		case nil:
			return value
		case []any:
			return append(have, value)
		case map[string]any:
			have[value] = "true"
			return have
		default:
			return []any{have, value}
		}
	}
	key, rest := path[0], path[1:]
	list, isList := existing.([]any)
	if key == "" && (existing == nil || isList) {
		return append(list, insert(nil, rest, value))
	}
	if index, err := strconv.Atoi(key); err == nil && (existing == nil || isList) &&
		index >= 0 && index <= maxFormIndex && key == strconv.Itoa(index) {
		if index < len(list) {
			list[index] = insert(list[index], rest, value)
			return list
		}
		return append(list, insert(nil, rest, value)) // holes close up
	}
	object := asObject(existing)
	if key == "" {
		key = strconv.Itoa(len(object))
	}
	object[key] = insert(object[key], rest, value)
	return object
}

// asObject turns an existing value into an object with named keys.
func asObject(existing any) map[string]any {
	switch have := existing.(type) {
	case map[string]any:
		return have
	case []any:
		object := make(map[string]any, len(have)+1)
		for i, v := range have {
			object[strconv.Itoa(i)] = v
		}
		return object
	case string:
		return map[string]any{have: "true"}
	default:
		return map[string]any{}
	}
}
