// Package query validates what a request says and works out what its answer
// shows: bodies and query strings against a [Schema], lists with filters, paging
// and order, and the fields parameter against a [Shape].
//
// It says what is wrong by reasons, see [InvalidError]; the API words them.
package query
