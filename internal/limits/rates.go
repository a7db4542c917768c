package limits

import "time"

// Rate is how often something may happen: Count times in a row, and as often in
// any Per after that. The zero value is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// times returns a rate that allows factor times as much.
func (r Rate) times(factor int) Rate { return Rate{Count: r.Count * factor, Per: r.Per} }

// every is how long it takes until one more may happen.
func (r Rate) every() time.Duration { return r.Per / time.Duration(r.Count) }
