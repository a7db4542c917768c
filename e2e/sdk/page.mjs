// The SDK on a page, for esbuild to bundle.

import Medusa from '@medusajs/js-sdk';
import { makeCall } from './calls.mjs';

window.call = makeCall(Medusa);
