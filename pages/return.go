package pages

import (
	"fmt"
	"net/url"
	"strings"
)

// returnURL is one entry of the allow-list of return_to.
type returnURL struct {
	scheme, host, path string
	// below says that the path may go on.
	below bool
}

// parseReturn reads an origin, a URL, or a URL that ends in a slash and stands for
// everything below it.
func parseReturn(entry string) (returnURL, error) {
	u, err := url.Parse(entry)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return returnURL{}, fmt.Errorf("return_to %q is not an origin or a URL, such as https://shop.example or https://shop.example/account/", entry)
	}
	out := returnURL{scheme: u.Scheme, host: strings.ToLower(u.Host), path: u.EscapedPath()}
	out.below = out.path == "" || strings.HasSuffix(out.path, "/")
	if out.path == "" {
		out.path = "/"
	}
	return out, nil
}

// covers reports whether a URL is allowed. Dots could climb out of the path, in whatever
// form they are written, so a path with them is not compared at all.
func (r returnURL) covers(u *url.URL) bool {
	if u.Scheme != r.scheme || strings.ToLower(u.Host) != r.host {
		return false
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	if strings.ContainsAny(u.Path, "\\\x00\r\n\t") {
		return false
	}
	return path == r.path || r.below && strings.HasPrefix(path, r.path)
}
