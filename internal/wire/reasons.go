package wire

import "github.com/everlatch/everlatch"

// PathInvalid is the reason of the refusal of a path that holds no text. The API
// words it. What Express words itself is in [BodyError].
const PathInvalid everlatch.Reason = "path_invalid"
