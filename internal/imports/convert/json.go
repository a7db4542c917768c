package convert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// objects yields the objects of a file with their lines: those of an array at the top, those
// of the array under a key of an object at the top, or those that follow one another, one a
// line or not. One object is in memory at a time.
func objects(r io.Reader, key string) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		in := &lineReader{r: r, line: 1}
		o := objectReader{in: in, d: json.NewDecoder(in), key: key, yield: yield}
		for {
			token, err := o.d.Token()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				o.fail(err)
				return
			}
			switch token {
			case json.Delim('['):
				err = o.array()
			case json.Delim('{'):
				err = o.object()
			default:
				err = errNotObjects
			}
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				o.fail(err)
				return
			}
		}
	}
}

// object is one object, and the line in which it begins.
type object struct {
	line int64
	raw  json.RawMessage
}

var (
	errStopped    = errors.New("stopped")
	errNotObjects = errors.New("objects are expected")
)

type objectReader struct {
	in    *lineReader
	d     *json.Decoder
	key   string
	yield func(object, error) bool
}

// fail ends the file. The error quotes nothing of it but a character.
func (o *objectReader) fail(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file is cut off")
	}
	o.yield(object{}, fmt.Errorf("line %d: %w", o.in.at(o.d.InputOffset()), err))
}

// array yields the elements of an array whose begin is read.
func (o *objectReader) array() error {
	for o.d.More() {
		var raw json.RawMessage
		if err := o.d.Decode(&raw); err != nil {
			return err
		}
		end := o.in.at(o.d.InputOffset())
		if !o.yield(object{end - int64(bytes.Count(raw, []byte("\n"))), raw}, nil) {
			return errStopped
		}
	}
	_, err := o.d.Token()
	return err
}

// object yields an object whose begin is read, or the elements of the array under the key.
func (o *objectReader) object() error {
	line := o.in.at(o.d.InputOffset())
	fields, wraps := map[string]json.RawMessage{}, false
	for o.d.More() {
		token, err := o.d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // a key is text
		if name == o.key {
			if token, err = o.d.Token(); err != nil {
				return err
			}
			if token != json.Delim('[') {
				return fmt.Errorf("%s is not an array", o.key)
			}
			if err := o.array(); err != nil {
				return err
			}
			wraps, fields = true, nil
			continue
		}
		var raw json.RawMessage
		if err := o.d.Decode(&raw); err != nil {
			return err
		}
		if !wraps {
			fields[name] = raw
		}
	}
	if _, err := o.d.Token(); err != nil || wraps {
		return err
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	if !o.yield(object{line, raw}, nil) {
		return errStopped
	}
	return nil
}

// lineReader knows in which line an offset is.
type lineReader struct {
	r     io.Reader
	read  int64
	line  int64
	ends  []int64 // offsets of line ends that are not passed yet
	start bool
}

// Read implements [io.Reader]. It leaves out a byte order mark.
func (l *lineReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if !l.start && n > 0 {
		l.start = true
		if rest, marked := bytes.CutPrefix(p[:n], []byte("\ufeff")); marked {
			n = copy(p, rest)
		}
	}
	for i, c := range p[:n] {
		if c == '\n' {
			l.ends = append(l.ends, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

func (l *lineReader) at(offset int64) int64 {
	for len(l.ends) > 0 && l.ends[0] < offset {
		l.ends = l.ends[1:]
		l.line++
	}
	return l.line
}

// decode reads an object into a struct, and says what is wrong with it, "" for nothing. It
// quotes nothing.
func decode(raw json.RawMessage, into any) (refusal string) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err := d.Decode(into)
	if typed, is := errors.AsType[*json.UnmarshalTypeError](err); is && typed.Field != "" {
		return fmt.Sprintf(wrongField, typed.Field)
	}
	if err != nil {
		return wrongForm
	}
	return ""
}

// accountsOf yields an account for each object of a file.
func accountsOf[T any](r io.Reader, key string, read func(*account, T) error) iter.Seq2[account, error] {
	return func(yield func(account, error) bool) {
		for found, err := range objects(r, key) {
			a := account{line: found.line}
			if err == nil {
				var in T
				if a.refusal = decode(found.raw, &in); a.refusal == "" {
					err = read(&a, in)
				}
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// text is a text, or a number that stands for one.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	if len(raw) > 0 && raw[0] != '"' {
		*t = text(strings.Trim(string(raw), " "))
		if *t == "null" {
			*t = ""
		}
		if strings.ContainsAny(string(*t), "[{") {
			return &json.UnmarshalTypeError{Value: "object"}
		}
		return nil
	}
	err := json.Unmarshal(raw, &s)
	*t = text(s)
	return err
}
