package limits

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is how often something may happen: Count times in a row, and as often in
// any Per after that. The zero value is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// Off is the text of a rate without a limit.
const Off = "off"

// ParseRate reads a rate such as 30/1m, or off. duration reads the part after the
// slash.
func ParseRate(text string, duration func(string) (time.Duration, error)) (Rate, error) {
	if text == Off || text == "" {
		return Rate{}, nil
	}
	count, per, found := strings.Cut(text, "/")
	n, err := strconv.Atoi(strings.TrimSpace(count))
	if !found || err != nil || n < 1 || n > 1_000_000 {
		return Rate{}, errors.New("a rate is a number and a length of time, such as 30/1m, or off")
	}
	d, err := duration(per)
	if err != nil {
		return Rate{}, err
	}
	if d < time.Second || d > 30*24*time.Hour {
		return Rate{}, fmt.Errorf("the time of a rate is between one second and 30 days, not %s", strings.TrimSpace(per))
	}
	return Rate{Count: n, Per: d}, nil
}

// times returns a rate that allows factor times as much.
func (r Rate) times(factor int) Rate { return Rate{Count: r.Count * factor, Per: r.Per} }

// every is how long it takes until one more may happen.
func (r Rate) every() time.Duration { return r.Per / time.Duration(r.Count) }
