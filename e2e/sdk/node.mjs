// The SDK in Node.js: one call a line on stdin, one answer a line on stdout.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { makeCall } from './calls.mjs';

// The package has its ES modules for bundlers alone: Node.js takes the others.
const { default: Medusa } = createRequire(import.meta.url)('@medusajs/js-sdk');
const call = makeCall(Medusa);

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await call(...JSON.parse(line))));
}
