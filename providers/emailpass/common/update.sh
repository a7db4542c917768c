#!/bin/sh
# Makes passwords.txt from the npm package zxcvbn (MIT, see LICENSE.txt): its
# password list in its own order of frequency, in lower case, without
# repetitions, cut at 3,000. Needs npm and node; run it in this folder.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm pack --silent --pack-destination "$dir" zxcvbn@4.4.2 >/dev/null
tar -xzf "$dir"/zxcvbn-4.4.2.tgz -C "$dir"
cp "$dir"/package/LICENSE.txt LICENSE.txt
node -e '
const { passwords } = require(process.argv[1] + "/package/lib/frequency_lists.js");
const list = typeof passwords === "string" ? passwords.split(",") : passwords;
const unique = [...new Set(list.map((p) => p.toLowerCase()))].slice(0, 3000);
process.stdout.write(unique.join("\n") + "\n");
' "$dir" > passwords.txt
