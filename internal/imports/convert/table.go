package convert

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/everlatch/everlatch/internal/transfer"
)

var errEncrypted = errors.New("its hash is encrypted by GOTRUE_SECURITY_DB_ENCRYPTION")

// CSV reads a table with a header. columns maps its names to those of [Fields]; "-" leaves
// one out. A name that is neither is an error: a misspelt one would otherwise be lost.
func CSV(r io.Reader, columns map[string]string, o Options) Units {
	return o.units("table", iter.Seq2[account, error](func(yield func(account, error) bool) {
		var names []string
		for row, err := range rows(r) {
			a := account{line: row.line}
			if err == nil && names == nil {
				names, err = mapped(row.header, columns)
			}
			if err == nil {
				a.fill(names, func(i int) any { return row.cells[i] })
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}))
}

// NDJSON reads objects, one a line, with the fields of [Fields], under other names where
// columns says so.
func NDJSON(r io.Reader, columns map[string]string, o Options) Units {
	return o.units("table", iter.Seq2[account, error](func(yield func(account, error) bool) {
		lines := transfer.NewLines(r)
		for {
			record, line, err := lines.Next()
			a := account{line: line}
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.Is(err, transfer.ErrLine):
				a.refusal, err = "The line is not a JSON object.", nil
			case err == nil:
				header := sortedKeys(record)
				names, unknown := mapped(header, columns)
				if unknown != nil {
					a.refusal = capital(unknown.Error()) + "."
					break
				}
				a.fill(names, func(i int) any { return record[header[i]] })
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}))
}

// Fields are the names that a table or object may have. provider.ID is the id of the user at
// a provider; metadata.NAME and app_metadata.NAME are single values.
func Fields() []string {
	return []string{
		"id", "email", "email_verified", "password_hash", "actor_type", "actor_id", "name", "first_name", "last_name", "phone", "company_name",
		"metadata", "app_metadata", "totp_secret", "disabled", "created_at", "updated_at", "last_sign_in_at",
	}
}

var prefixedFields = []string{"provider.", "metadata.", "app_metadata."}

// ParseColumns reads pairs like mail=email.
func ParseColumns(pairs []string) (map[string]string, error) {
	return parsePairs("--column", "mail=email", pairs)
}

// mapped replaces the names of a header by those of fields.
func mapped(header []string, columns map[string]string) ([]string, error) {
	out := make([]string, len(header))
	for i, name := range header {
		field, renamed := columns[name]
		if !renamed {
			field = strings.ToLower(strings.TrimSpace(name))
		}
		known := field == "-" || slices.Contains(Fields(), field) || slices.ContainsFunc(prefixedFields, func(prefix string) bool {
			return strings.HasPrefix(field, prefix) && len(field) > len(prefix)
		})
		if !known {
			return nil, fmt.Errorf("the column %q is not one that is imported: --column %s=FIELD names its field, such as metadata.%[2]s, and --column %[2]s=- leaves it out", name, name)
		}
		out[i] = field
	}
	return out, nil
}

func capital(sentence string) string { return strings.ToUpper(sentence[:1]) + sentence[1:] }

// fill takes over the values of a row or object. With a table, who has an e-mail address
// signs in with it.
func (a *account) fill(names []string, value func(int) any) {
	a.byEmail = true
	for i, name := range names {
		given := value(i)
		if written, isText := given.(string); given == nil || isText && strings.TrimSpace(written) == "" {
			continue
		}
		if !a.set(name, given) && a.refusal == "" {
			a.refusal = fmt.Sprintf("The field %s cannot be read.", name)
		}
	}
	if a.hash == "" && len(a.links) > 0 && len(a.notes) == 0 {
		a.byEmail = false
	}
}

// set sets a field, and reports that it could be read.
func (a *account) set(name string, given any) bool {
	written, isText := given.(string)
	if number, is := given.(json.Number); is {
		written, isText = string(number), true
	}
	written = strings.TrimSpace(written)
	texts := map[string]*string{
		"id": &a.id, "email": &a.email, "actor_type": &a.actorType, "actor_id": &a.actorID, "name": &a.name, "first_name": &a.first,
		"last_name": &a.last, "phone": &a.phone, "company_name": &a.company,
	}
	if into := texts[name]; into != nil {
		*into = written
		return isText
	}
	switch name {
	case "-":
		return true
	case "password_hash":
		if isText {
			a.password(storedForm(written))
		}
		return isText
	case "totp_secret":
		a.authenticator(written, "", 0, 0)
		return isText
	case "email_verified":
		return truth(given, written, &a.verified)
	case "disabled":
		return truth(given, written, &a.disabled)
	case "created_at":
		a.created = parseMoment(written).Time
		return !a.created.IsZero()
	case "updated_at":
		a.updated = parseMoment(written).Time
		return !a.updated.IsZero()
	case "last_sign_in_at":
		a.lastUsed = parseMoment(written).Time
		return !a.lastUsed.IsZero()
	case "metadata", "app_metadata":
		return a.object(name, given, written)
	}
	return a.prefixed(name, given, written)
}

func (a *account) object(name string, given any, written string) bool {
	object, is := given.(map[string]any)
	if !is && decode(json.RawMessage(written), &object) != "" {
		return false
	}
	return a.prefixedAll(name+".", object)
}

func (a *account) prefixedAll(prefix string, object map[string]any) bool {
	for key, value := range object {
		a.prefixed(prefix+key, value, "")
	}
	return true
}

// prefixed sets provider.ID, metadata.NAME or app_metadata.NAME.
func (a *account) prefixed(name string, given any, written string) bool {
	prefix, rest, _ := strings.Cut(name, ".")
	switch prefix {
	case "provider":
		a.links = append(a.links, link{provider: rest, subject: written, named: true})
		return written != ""
	case "metadata":
		a.addMetadata(map[string]any{rest: given})
	default:
		if a.appMetadata == nil {
			a.appMetadata = map[string]any{}
		}
		a.appMetadata[rest] = given
	}
	return true
}

func truth(given any, written string, into *bool) bool {
	if value, is := given.(bool); is {
		*into = value
		return true
	}
	switch strings.ToLower(written) {
	case "true", "t", "yes", "y", "1":
		*into = true
	case "false", "f", "no", "n", "0":
		*into = false
	default:
		return false
	}
	return true
}

// row is a row of a CSV with a header.
type row struct {
	line          int64
	header, cells []string
}

// rows reads a CSV with a header.
func rows(r io.Reader) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		in := csv.NewReader(r)
		header, err := in.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			header[0] = strings.TrimPrefix(header[0], "\ufeff")
		}
		in.ReuseRecord = true
		for err == nil {
			var cells []string
			if cells, err = in.Read(); err == nil {
				line, _ := in.FieldPos(0)
				if !yield(row{int64(line), header, cells}, nil) {
					return
				}
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(row{}, csvError(err))
		}
	}
}
