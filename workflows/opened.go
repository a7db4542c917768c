package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"
)

// expiring is something that a user can use until a time, such as a link that was mailed.
type expiring interface{ until() time.Time }

// opened is what a flow has given out, in the order of the requests. All of it stays good
// until some of it is used or it expires, whatever is asked later: a stranger's request
// must not void what the owner has in hand.
type opened[T expiring] []T

// deadline is when the last of it expires; the zero time says that nothing is open.
func (o opened[T]) deadline() (latest time.Time) {
	for _, one := range o {
		if one.until().After(latest) {
			latest = one.until()
		}
	}
	return latest
}

// find returns the first that is still good and matches.
func (o opened[T]) find(ctx workflow.Context, matches func(T) bool) (found T, ok bool) {
	i := slices.IndexFunc(o, func(one T) bool { return matches(one) && workflow.Now(ctx).Before(one.until()) })
	if i < 0 {
		return found, false
	}
	return o[i], true
}

// withoutExpired returns what is still good.
func (o opened[T]) withoutExpired(ctx workflow.Context) opened[T] {
	return slices.DeleteFunc(o, func(one T) bool { return !workflow.Now(ctx).Before(one.until()) })
}
