package console

import (
	"net/url"
	"strconv"
)

// pageSize is how many entries a list shows at once.
const pageSize = 25

// listing is a page of a list of the API.
type listing struct {
	Count  int `json:"count"`
	Offset int `json:"offset"`
	Limit  int `json:"limit"`
	// Previous and Next are the paths of the neighbouring pages, "" for none; From and To
	// are the numbers of the first and the last entry.
	Previous, Next string
	From, To       int
}

// list reads a page of a list: query are its filters, and the visitor's offset is added.
func (v *visit) list(path string, query url.Values, into any) error {
	sent := url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(v.offset())}}
	for name, values := range query {
		if len(values) > 0 && values[0] != "" {
			sent[name] = values
		}
	}
	return v.Get(path+"?"+sent.Encode(), into)
}

// offset is where the page begins; a wrong one is the beginning.
func (v *visit) offset() int {
	n, err := strconv.Atoi(v.R.URL.Query().Get("offset"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// paged completes a listing with links to its neighbours.
func (v *visit) paged(l listing, shown int) listing {
	l.From, l.To = min(l.Offset+1, l.Offset+shown), l.Offset+shown
	at := func(offset int) string {
		query := v.R.URL.Query()
		query.Set("offset", strconv.Itoa(offset))
		if offset == 0 {
			query.Del("offset")
		}
		if len(query) == 0 {
			return v.R.URL.EscapedPath()
		}
		return v.R.URL.EscapedPath() + "?" + query.Encode()
	}
	if l.Offset > 0 {
		l.Previous = at(max(0, l.Offset-pageSize))
	}
	if l.Offset+shown < l.Count && shown > 0 {
		l.Next = at(l.Offset + shown)
	}
	return l
}
