package pages

// baseArea holds what all areas share: the words of the layout, dates, refusals and the
// pages for errors.
func baseArea() Area { return Area{Name: "base", Files: embedded} }
