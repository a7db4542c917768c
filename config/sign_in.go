package config

// How sign-ins run, see [SignIn].
const (
	SignInDirect = "direct"
	AwayDirect   = "direct"
)

// SignIn is about sign-ins with a typed credential.
type SignIn struct {
	Mode             string `koanf:"mode" default:"workflow" oneof:"workflow,direct" doc:"How a sign-in with a typed credential (provider emailpass, or a custom one) runs: workflow (it is in Temporal's history, and goes on elsewhere if its process dies) or direct (in the API's process, which costs Temporal nothing). One that needs a further step is a workflow all the same: it has hooks or a provider that is slow. Second factors always have one."`
	WhenTemporalAway string `koanf:"when_temporal_is_away" default:"direct" oneof:"direct,refuse" doc:"What becomes of such sign-ins while Temporal can't be reached: direct (they run in the API's process, with the same limits; who has a second factor, an address to verify or an account that waits for its deletion is answered 503) or refuse (503 for everyone)."`
}
