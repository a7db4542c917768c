package store

import "time"

// Comparison is how a time in a list filter is compared.
type Comparison uint8

// The comparisons, those of the contract's operators (2.1).
const (
	TimeEqual    Comparison = iota // $eq
	TimeNotEqual                   // $ne
	TimeAfter                      // $gt
	TimeNotEarly                   // $gte
	TimeBefore                     // $lt
	TimeNotLate                    // $lte
)

// comparisons are the operators of SQL.
var comparisons = [...]string{
	TimeEqual: "=", TimeNotEqual: "<>", TimeAfter: ">", TimeNotEarly: ">=", TimeBefore: "<", TimeNotLate: "<=",
}

// TimeBound selects records by one of their times.
type TimeBound struct {
	Compare Comparison
	At      time.Time
}

// bounded appends that a column keeps all bounds.
func (c *conditions) bounded(column string, bounds []TimeBound) {
	for _, b := range bounds {
		c.add(column+" "+comparisons[b.Compare]+" %s", b.At)
	}
}
