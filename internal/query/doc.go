// Package query validates what a request says and works out what its answer
// shows: bodies and query strings against a [Schema], lists with filters, paging
// and order, and the fields parameter against a [Shape].
//
// Its messages are those of the contract, which Medusa's clients show to their
// users.
package query
