package console

import (
	"strconv"
	"strings"
	"time"
)

// chart is a drawing with the table of its numbers. Its words are beside it, so that they
// keep their size on a small screen.
type chart struct {
	// ID is that of its elements, Title and Summary are read out instead of the drawing.
	ID, Title, Summary string
	// Names are the series, in the order of their colours.
	Names []string
	// Width and Height are of the drawing, Rects its bars.
	Width, Height int
	Rects         []rect
	// Most is the highest column, From and To the ends of the axis.
	Most     int
	From, To time.Time
	// Rows are the table. Lines says that they are amounts and not intervals.
	Rows  []chartRow
	Lines bool
}

// rect is a bar in the colour of its series.
type rect struct {
	X, Y, Width, Height int
	Series              int
}

type chartRow struct {
	At     time.Time
	Label  string
	Values []int
	// Bar is how long the bar of an amount is, in hundredths of the longest one.
	Bar int
}

// drawn is what a chart of columns shows: for each interval a value of each series.
type drawn struct {
	id, title string
	names     []string
	values    [][]int
	times     []time.Time
	interval  time.Duration
}

const (
	chartWidth  = 720
	chartHeight = 140
)

// columns draws the values of each interval on top of one another.
func (v *visit) columns(d drawn) chart {
	c := chart{ID: d.id, Title: d.title, Names: d.names, Width: chartWidth, Height: chartHeight}
	sums := make([]int, len(d.names))
	for i, values := range d.values {
		all := 0
		for series, n := range values {
			all, sums[series] = all+n, sums[series]+n
		}
		c.Most = max(c.Most, all)
		c.Rows = append(c.Rows, chartRow{At: d.times[i], Values: values})
	}
	parts := make([]string, len(sums))
	for i, sum := range sums {
		parts[i] = d.names[i] + ": " + strconv.Itoa(sum)
	}
	c.Summary = strings.Join(parts, ", ")
	if len(d.times) > 0 {
		c.From, c.To = d.times[0], d.times[len(d.times)-1].Add(d.interval)
	}
	for i, values := range d.values {
		left, right := i*chartWidth/len(d.values), (i+1)*chartWidth/len(d.values)
		bottom := chartHeight
		for series, n := range values {
			if n == 0 {
				continue
			}
			height := max(n*(chartHeight-2)/c.Most, 1)
			bottom -= height
			c.Rects = append(c.Rects, rect{left + 1, bottom, max(right-left-3, 1), height, series})
		}
	}
	return c
}

// amount is a number with its name.
type amount struct {
	name  string
	value int
}

// bars draws amounts below one another: the table itself has the bars.
func (v *visit) bars(id, title string, amounts []amount) chart {
	c := chart{ID: id, Title: title, Lines: true}
	for _, a := range amounts {
		c.Most = max(c.Most, a.value)
	}
	for _, a := range amounts {
		row := chartRow{Label: a.name, Values: []int{a.value}}
		if a.value > 0 {
			row.Bar = max(a.value*100/c.Most, 1)
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}
