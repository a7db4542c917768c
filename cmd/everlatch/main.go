// Command everlatch is the Everlatch service and its tools. Package cli has the
// commands.
package main

import "github.com/everlatch/everlatch/cli"

func main() { cli.Main() }
