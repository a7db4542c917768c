package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

//go:embed templates messages static
var embedded embed.FS

const (
	staticPath = Prefix + "static/"
	styleSheet = "everlatch.css"
	script     = "everlatch.js"
)

// static are the files that every page uses. The name of each holds a hash of its
// content, so that browsers keep it for good.
type static struct {
	// urls are their paths by file name, files their content by the last part of the path.
	urls  map[string]string
	files map[string][]byte
}

var accentForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func checkAccent(accent string) error {
	if accent != "" && !accentForm.MatchString(accent) {
		return errors.New("the accent colour is not of the form #rrggbb")
	}
	return nil
}

// newStatic reads the embedded files. The accent colour is part of the style sheet,
// because no page has styles of its own.
func newStatic(accent string) *static {
	s := &static{urls: map[string]string{}, files: map[string][]byte{}}
	entries, err := fs.ReadDir(embedded, "static")
	if err != nil {
		panic("pages: static files are embedded: " + err.Error()) // unreachable
	}
	for _, entry := range entries {
		content, err := fs.ReadFile(embedded, "static/"+entry.Name())
		if err != nil {
			panic("pages: " + entry.Name() + " is embedded: " + err.Error()) // unreachable
		}
		if entry.Name() == styleSheet && accent != "" {
			content = append(content, ":root{--accent:"+accent+";--on-accent:"+textOn(accent)+"}\n"...)
		}
		sum := sha256.Sum256(content)
		ext := path.Ext(entry.Name())
		name := strings.TrimSuffix(entry.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		s.urls[entry.Name()], s.files[name] = staticPath+name, content
	}
	return s
}

// textOn returns the colour of text that is readable on an accent colour: the one with the
// higher contrast by the relative luminance of WCAG 2.
func textOn(accent string) string {
	n, err := strconv.ParseUint(accent[1:], 16, 32)
	if err != nil {
		return "#fff" // unreachable: the form is checked
	}
	if luminance(n>>16&0xff, n>>8&0xff, n&0xff) > 0.179 {
		return "#000"
	}
	return "#fff"
}

// ServeHTTP implements [http.Handler].
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, staticPath)
	content, found := s.files[name]
	if !found {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(content) // the browser may be gone
}
