package wire

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Body is a parsed request body.
type Body struct {
	// Object is nil unless the body was a JSON object or a form. No body at all
	// counts as an empty object.
	Object map[string]any
	// Other says that the body was text or a JSON array: routes that validate
	// refuse it, the others see an empty object.
	Other bool
}

// BodyError says why a body cannot be read, in the words of Express's parser.
type BodyError struct {
	Status  int
	Message string
}

// Error implements error.
func (e *BodyError) Error() string { return e.Message }

// readBody reads and parses a body of at most limit bytes after decompression.
// A body of an unknown type stays unread and counts as empty (docs/contract.md#s4-1). Its
// errors are of type [*BodyError].
func readBody(r *http.Request, limit int64) (Body, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return Body{}, nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil {
		return Body{}, nil //nolint:nilerr // an unreadable type is one that is not parsed
	}
	charset := strings.ToLower(params["charset"])
	switch kind {
	case "application/json":
		raw, err := rawBody(r, limit, charset)
		if err != nil {
			return Body{}, err
		}
		return parseJSON(raw)
	case "application/x-www-form-urlencoded":
		raw, err := rawBody(r, limit, charset)
		if err != nil {
			return Body{}, err
		}
		object, err := ParseForm(string(raw))
		return Body{Object: object}, err
	case "text/plain":
		raw, err := rawBody(r, limit, "")
		return Body{Other: len(raw) > 0}, err
	default:
		return Body{}, nil
	}
}

// rawBody reads and decompresses at most limit bytes.
func rawBody(r *http.Request, limit int64, charset string) ([]byte, error) {
	if charset != "" && charset != "utf-8" {
		return nil, &BodyError{http.StatusUnsupportedMediaType, fmt.Sprintf("unsupported charset %q", strings.ToUpper(charset))}
	}
	encoding := strings.ToLower(r.Header.Get(echo.HeaderContentEncoding))
	if encoding == "" || encoding == "identity" {
		if r.ContentLength > limit {
			return nil, errTooLarge()
		}
		return readLimited(r.Body, limit)
	}
	var (
		inflated io.ReadCloser
		err      error
	)
	switch encoding {
	case "gzip":
		inflated, err = gzip.NewReader(r.Body)
	case "deflate":
		inflated, err = zlib.NewReader(r.Body)
	default:
		return nil, &BodyError{http.StatusUnsupportedMediaType, fmt.Sprintf("unsupported content encoding %q", encoding)}
	}
	if err != nil {
		return nil, errNotInflated(err)
	}
	defer inflated.Close() // reports nothing that reading has not
	return readLimited(inflated, limit)
}

func readLimited(from io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(from, limit+1))
	switch {
	case int64(len(raw)) > limit:
		return nil, errTooLarge()
	case err != nil:
		return nil, errNotInflated(err)
	default:
		return raw, nil
	}
}

func errTooLarge() error {
	return &BodyError{http.StatusRequestEntityTooLarge, "request entity too large"}
}

// errNotInflated has zlib's messages. A broken connection needs none.
func errNotInflated(err error) error {
	message := "request aborted"
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zlib.ErrHeader):
		message = "incorrect header check"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zlib.ErrChecksum):
		message = "incorrect data check"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		message = "unexpected end of file"
	}
	return &BodyError{http.StatusBadRequest, message}
}

var byteOrderMark = []byte("\ufeff")

// parseJSON accepts objects and arrays only, like Express's strict mode.
func parseJSON(raw []byte) (Body, error) {
	raw = bytes.TrimPrefix(raw, byteOrderMark)
	if len(raw) == 0 {
		return Body{}, nil
	}
	if first := bytes.TrimLeft(raw, jsonBlanks); len(first) > 0 && first[0] != '{' && first[0] != '[' {
		return Body{}, &BodyError{http.StatusBadRequest, strictSyntaxMessage(raw)}
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return Body{}, &BodyError{http.StatusBadRequest, jsonProblem(raw, err)}
	}
	object, ok := value.(map[string]any)
	return Body{Object: object, Other: !ok}, nil
}

// jsonProblem says why a text cannot be read: it is malformed, or exceeds the
// limits of Go's parser, which are tighter than JavaScript's.
func jsonProblem(raw []byte, err error) string {
	if message := jsonSyntaxMessage(raw); message != "" {
		return message
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "JSON has a number that is too large"
	}
	return "JSON is nested too deeply"
}
