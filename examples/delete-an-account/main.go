// Command delete-an-account is an Everlatch service that also removes the uploads
// of customers when their accounts end. docs/guides/delete-an-account.md walks
// through it.
package main

import (
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
)

func main() { cli.Main(options(Uploads{Folder: "uploads"})...) }

// options add our eraser to the service.
func options(uploads Uploads) []app.Option {
	return []app.Option{
		app.WithEraser("uploads", uploads.Erase),
	}
}
