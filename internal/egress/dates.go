package egress

import (
	"net/http"
	"time"
)

// Dates returns a copy of a client of this package that tells saw what the clocks of
// servers show: the header Date of each response that has one.
func Dates(client *http.Client, saw func(date time.Time)) *http.Client {
	out := *client
	out.Transport = datesTransport{client.Transport, saw}
	return &out
}

type datesTransport struct {
	base http.RoundTripper
	saw  func(time.Time)
}

// RoundTrip implements [http.RoundTripper].
func (t datesTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		t.saw(date)
	}
	return resp, nil
}
