package transfer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxLine bounds a line. A record with the most metadata and addresses that the default
// limits allow is smaller.
const MaxLine = 8 << 20

// Lines reads lines of JSON objects.
type Lines struct {
	in   *bufio.Reader
	line int64
}

// NewLines reads from r.
func NewLines(r io.Reader) *Lines { return &Lines{in: bufio.NewReaderSize(r, 64<<10)} }

// ErrLine is a line that is no JSON object. The following lines can be read.
var ErrLine = errors.New("the line is not a JSON object")

// Next returns the next object and the number of its line, and [io.EOF] after the last.
// Blank lines are skipped. Numbers stay as they are written.
func (l *Lines) Next() (Record, int64, error) {
	for {
		text, err := l.read()
		if err != nil {
			return nil, l.line, err
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		r, err := decode(text)
		return r, l.line, err
	}
}

// read returns a line without its end.
func (l *Lines) read() ([]byte, error) {
	l.line++
	var out []byte
	for {
		part, err := l.in.ReadSlice('\n')
		if len(out)+len(part) > MaxLine {
			return nil, fmt.Errorf("line %d is longer than %d bytes", l.line, MaxLine)
		}
		out = append(out, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(out) > 0, err == nil:
			return bytes.TrimPrefix(out, []byte("\ufeff")), nil
		default:
			return nil, err
		}
	}
}

func decode(text []byte) (Record, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var r Record
	if err := d.Decode(&r); err != nil || r == nil || d.More() {
		return nil, ErrLine // the cause may quote a secret
	}
	return r, nil
}
