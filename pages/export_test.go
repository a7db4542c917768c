package pages

// Patterns returns the routes of all areas.
func (o Options) Patterns() []string {
	var out []string
	for _, area := range o.areas() {
		for pattern := range area.Routes {
			out = append(out, pattern)
		}
	}
	return out
}
