package console

import (
	"net/http"
	"net/url"
	"time"

	"github.com/everlatch/everlatch/pages"
)

// statistics are what the API counted in intervals, and what waits now.
type statistics struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Interval int       `json:"interval"`
	Buckets  []bucket  `json:"buckets"`
	Now      struct {
		Oldest            *string `json:"oldest_waiting_at"`
		EventsWaiting     int     `json:"events_waiting"`
		DeliveriesWaiting int     `json:"deliveries_waiting"`
		DeliveriesBehind  int     `json:"deliveries_behind"`
		DeadLetters       int     `json:"dead_letters"`
		Sessions          int     `json:"sessions"`
	} `json:"now"`
	// NotRecorded are columns that this service doesn't count.
	NotRecorded []string `json:"not_recorded"`
}

type bucket struct {
	At            time.Time `json:"at"`
	SignIns       int       `json:"sign_ins"`
	RefusedFirst  int       `json:"refused_first_factors"`
	RefusedSecond int       `json:"refused_second_factors"`
	Locks         int       `json:"locks"`
	Limits        int       `json:"limits_reached"`
	Registrations int       `json:"registrations"`
	MailsSent     int       `json:"mails_sent"`
	MailsFailed   int       `json:"mails_failed"`
}

// span is a range of time that the overview can show.
type span struct {
	name, label string
	length      time.Duration
	interval    string
}

var spans = []span{
	{"day", "console.span_day", 24 * time.Hour, "1h"},
	{"week", "console.span_week", 7 * 24 * time.Hour, "6h"},
	{"month", "console.span_month", 30 * 24 * time.Hour, "1d"},
}

// figure is a number of the overview. Path leads to what it counts, "" for nowhere.
type figure struct {
	Label string
	Value int
	Path  string
	// Bad says that it should be 0.
	Bad bool
}

type overviewPage struct {
	frame

	Spans   []link
	Figures []figure
	Charts  []chart
	// Attention are flows that need an operator, at most a few.
	Attention []flow
	// Counted says that there are statistics, Oldest since when something waits.
	Counted bool
	Oldest  *string
	// NotRecorded says that refused sign-ins are not counted.
	NotRecorded bool
}

// mostAttention is how many flows that need attention the overview shows.
const mostAttention = "5"

// showOverview shows how the service does, as far as the caller may know it.
func (c *console) showOverview(v *visit) error {
	p := overviewPage{frame: v.frame()}
	if v.can("flow:read") {
		var answer struct{ Flows []flow }
		if err := v.Get("/admin/flows?attention=true&limit="+mostAttention, &answer); err != nil {
			return err
		}
		p.Attention = v.wordAll(answer.Flows)
	}
	if v.can("statistics:read") {
		if err := c.count(v, &p); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "overview", p)
}

// count reads the statistics. A service without them has an overview without charts.
func (c *console) count(v *visit, p *overviewPage) error {
	chosen := spans[0]
	for _, s := range spans {
		current := v.R.URL.Query().Get("span") == s.name
		if current {
			chosen = s
		}
		p.Spans = append(p.Spans, link{v.T(s.label), Path + "?span=" + s.name, current})
	}
	if v.R.URL.Query().Get("span") == "" {
		p.Spans[0].Current = true
	}
	to := c.Now().UTC()
	query := url.Values{"from": {to.Add(-chosen.length).Format(time.RFC3339)}, "to": {to.Format(time.RFC3339)}, "interval": {chosen.interval}}
	var answer struct{ Statistics statistics }
	err := v.Get("/admin/statistics?"+query.Encode(), &answer)
	if refused, ok := pages.Refused(err); ok && refused.Status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	s := answer.Statistics
	p.Counted, p.Oldest, p.NotRecorded = true, s.Now.Oldest, len(s.NotRecorded) > 0
	p.Figures = v.figures(s)
	p.Charts = v.charts(s)
	return nil
}

func (v *visit) figures(s statistics) []figure {
	var signIns, registrations int
	for _, b := range s.Buckets {
		signIns, registrations = signIns+b.SignIns, registrations+b.Registrations
	}
	out := []figure{
		{Label: v.T("console.sessions"), Value: s.Now.Sessions},
		{Label: v.T("console.sign_ins"), Value: signIns},
		{Label: v.T("console.registrations"), Value: registrations},
		{Label: v.T("console.dead_letters"), Value: s.Now.DeadLetters, Bad: true},
	}
	if v.can("event:read") {
		out[3].Path = Path + "/deliveries?status=dead"
	}
	return out
}

// charts draw what the statistics count.
func (v *visit) charts(s statistics) []chart {
	series := func(pick func(bucket) []int) [][]int {
		out := make([][]int, len(s.Buckets))
		for i, b := range s.Buckets {
			out[i] = pick(b)
		}
		return out
	}
	times := make([]time.Time, len(s.Buckets))
	for i, b := range s.Buckets {
		times[i] = b.At
	}
	refusals := drawn{id: "refusals", title: v.T("console.chart_refusals"), names: []string{
		v.T("console.first_factor"), v.T("console.second_factor"), v.T("console.locks"), v.T("console.limits"),
	}, values: series(func(b bucket) []int { return []int{b.RefusedFirst, b.RefusedSecond, b.Locks, b.Limits} })}
	if len(s.NotRecorded) > 0 {
		refusals.names = refusals.names[2:]
		refusals.values = series(func(b bucket) []int { return []int{b.Locks, b.Limits} })
	}
	var out []chart
	for _, d := range []drawn{
		{
			id: "sign-ins", title: v.T("console.sign_ins"), names: []string{v.T("console.sign_ins"), v.T("console.registrations")},
			values: series(func(b bucket) []int { return []int{b.SignIns, b.Registrations} }),
		},
		refusals,
		{
			id: "mails", title: v.T("console.chart_mails"), names: []string{v.T("console.mails_sent"), v.T("console.mails_failed")},
			values: series(func(b bucket) []int { return []int{b.MailsSent, b.MailsFailed} }),
		},
	} {
		d.times, d.interval = times, time.Duration(s.Interval)*time.Second
		out = append(out, v.columns(d))
	}
	return append(out, v.outbox(s))
}

// outbox draws what waits at this moment.
func (v *visit) outbox(s statistics) chart {
	return v.bars("outbox", v.T("console.chart_outbox"), []amount{
		{v.T("console.events_waiting"), s.Now.EventsWaiting},
		{v.T("console.deliveries_waiting"), s.Now.DeliveriesWaiting},
		{v.T("console.deliveries_behind"), s.Now.DeliveriesBehind},
		{v.T("console.dead_letters"), s.Now.DeadLetters},
	})
}
