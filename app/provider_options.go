package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/everlatch/everlatch/config"
)

// decodeOptions decodes the options of a provider into its struct; unknown keys
// and wrong types are errors. It decodes one option after the other, so that every
// problem is reported at once, each with the option's name.
func decodeOptions(raw map[string]any, into any) error {
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		problems = append(problems, decodeOption(key, raw[key], into))
	}
	return errors.Join(problems...)
}

func decodeOption(key string, value, into any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("option %s cannot be read", key)
	}
	if isDuration(into, key) {
		d, err := parseDuration(string(text), key)
		if err != nil {
			return fmt.Errorf("option %s: %w", key, err)
		}
		text = strconv.AppendInt(nil, int64(d), 10)
	}
	object, err := json.Marshal(map[string]json.RawMessage{key: text})
	if err != nil {
		return fmt.Errorf("option %s cannot be read", key)
	}
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("option %s: %s", key, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// isDuration reports whether an option is a duration in its struct.
func isDuration(options any, key string) bool {
	return slices.ContainsFunc(reflect.VisibleFields(reflect.TypeOf(options).Elem()), func(f reflect.StructField) bool {
		return strings.EqualFold(f.Tag.Get("json"), key) && f.Type == reflect.TypeFor[time.Duration]()
	})
}

// parseDuration parses the JSON 5 or "5s". A number is in the unit that ends the
// option's name, also in quotes, which templates like to add. null is 0, the default.
func parseDuration(text, key string) (time.Duration, error) {
	if text == "null" {
		return 0, nil
	}
	plain := strings.Trim(text, `"`)
	if _, err := strconv.ParseFloat(plain, 64); err == nil {
		unit := "s"
		if strings.HasSuffix(strings.ToLower(key), "_ms") {
			unit = "ms"
		}
		plain += unit
	}
	span, err := config.ParseSpan(plain)
	return span.Duration(), err
}
