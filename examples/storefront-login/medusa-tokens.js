// The SDK with tokens instead of a session, for medusa.js.
import Medusa from "@medusajs/js-sdk";
import { api, publishableKey } from "./settings.js";

/** browser returns a random value that this browser keeps, so that a sign-in can only be finished where it began. */
function browser() {
  localStorage.everlatchBrowser ??= crypto.randomUUID();
  return localStorage.everlatchBrowser;
}

export const sdk = new Medusa({
  baseUrl: api,
  publishableKey,
  globalHeaders: { "everlatch-browser": browser() }, // for the callback, in the place of a cookie
});
