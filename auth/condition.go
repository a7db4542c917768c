package auth

// Condition tests a field. All of its tests must hold; the zero value has none. [Eq]
// and its siblings make conditions of one test; write a literal for several:
//
//	auth.Condition[time.Time]{Gte: &monday, Lt: &tuesday}
type Condition[T any] struct {
	Eq *T `json:"$eq,omitempty"`
	Ne *T `json:"$ne,omitempty"`
	// In and Nin are one of the values, or none of them. A list that is empty, but not
	// nil, has none.
	In  []T `json:"$in,omitzero"`
	Nin []T `json:"$nin,omitzero"`
	Gt  *T  `json:"$gt,omitempty"`
	Gte *T  `json:"$gte,omitempty"`
	Lt  *T  `json:"$lt,omitempty"`
	Lte *T  `json:"$lte,omitempty"`
	// Like is a pattern in which % stands for any text, _ for any character, and \ takes
	// the meaning from the next one; ILike ignores case. Both are for text alone.
	Like  *string `json:"$like,omitempty"`
	ILike *string `json:"$ilike,omitempty"`
	// Re is a regular expression that is found in a text: that of package regexp, without
	// word boundaries and without ^ and $ for lines. It has at most 256 bytes, and its
	// repetitions at most 1,000 parts in all. It means the same on both databases.
	Re *string `json:"$re,omitempty"`
	// Contains is a part of a text, or an element of an array; with an array as the value,
	// all of its elements.
	Contains *T `json:"$contains,omitempty"`
	// Overlap are elements of which an array has at least one, and Contained all that it
	// may have. Both are for the arrays in metadata alone.
	Overlap   []T `json:"$overlap,omitzero"`
	Contained []T `json:"$contained,omitzero"`
	// Exists says whether there is a value.
	Exists *bool `json:"$exists,omitempty"`
}

// Eq is a value. nil, as the value of a key in metadata, is null or no value at all.
func Eq[T any](value T) Condition[T] {
	if any(value) == nil {
		return In(value)
	}
	return Condition[T]{Eq: &value}
}

// Ne is everything but a value. A field without a value passes no test but Eq(nil).
func Ne[T any](value T) Condition[T] {
	if any(value) == nil {
		return Nin(value)
	}
	return Condition[T]{Ne: &value}
}

// In is one of the values.
func In[T any](values ...T) Condition[T] { return Condition[T]{In: append([]T{}, values...)} }

// Nin is none of the values.
func Nin[T any](values ...T) Condition[T] { return Condition[T]{Nin: append([]T{}, values...)} }

// Gt is more than a value.
func Gt[T any](value T) Condition[T] { return Condition[T]{Gt: &value} }

// Gte is a value or more.
func Gte[T any](value T) Condition[T] { return Condition[T]{Gte: &value} }

// Lt is less than a value.
func Lt[T any](value T) Condition[T] { return Condition[T]{Lt: &value} }

// Lte is a value or less.
func Lte[T any](value T) Condition[T] { return Condition[T]{Lte: &value} }

// Like is a text that matches a pattern, as in SQL.
func Like(pattern string) Condition[string] { return Condition[string]{Like: &pattern} }

// ILike is a text that matches a pattern in any case, on SQLite in that of ASCII letters.
func ILike(pattern string) Condition[string] { return Condition[string]{ILike: &pattern} }

// Re is a text in which a regular expression is found.
func Re(pattern string) Condition[string] { return Condition[string]{Re: &pattern} }

// Exists is any value, or none: of a time, one that has not come.
func Exists[T any](yes bool) Condition[T] { return Condition[T]{Exists: &yes} }

// Contains is a text with a part, or an array with an element.
func Contains[T any](value T) Condition[T] { return Condition[T]{Contains: &value} }
