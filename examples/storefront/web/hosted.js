// Signing in on the hosted pages: a redirect there and back, with PKCE (RFC 7636).
import { api } from "./settings.js";

const returnTo = `${window.location.origin}/signed-in`;
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** leave sends the browser to a hosted page, "" for the one to sign in. */
export async function leave(page = "") {
  const [state, verifier] = [random(), random()];
  sessionStorage.setItem(`sign-in ${state}`, verifier); // it never leaves this tab
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    return_to: returnTo,
    state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  window.location.assign(`${api}/ui/customer${page}?${query}`);
}

/** exchange returns the token for what the hosted pages sent back in the address. */
export async function exchange(query) {
  const [state, code] = [query.get("state"), query.get("code")];
  const verifier = sessionStorage.getItem(`sign-in ${state}`);
  sessionStorage.removeItem(`sign-in ${state}`); // a second exchange would end the sign-in
  if (!verifier || !code) throw new Error("This sign-in began in another tab, or is finished.");
  const response = await fetch(`${api}/auth/authorization-codes/exchange`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code, code_verifier: verifier, return_to: returnTo }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer.token;
}
