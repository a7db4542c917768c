// The calls to Everlatch, with the Medusa JS SDK.
import Medusa from "./medusa.js";
import { api, publishableKey } from "./settings.js";

const sdk = new Medusa({
  baseUrl: api,
  publishableKey,
  auth: { type: "jwt", jwtTokenStorageMethod: "session" }, // for this tab alone
});

/** useToken signs in with the token of an exchange. */
export const useToken = (token) => sdk.client.setToken(token);

/** customer returns the customer who is signed in, or undefined. */
export async function customer() {
  try {
    return (await sdk.store.customer.retrieve()).customer;
  } catch (refusal) {
    if (refusal.status === 401) return undefined;
    throw refusal;
  }
}

/** signUp creates identity and customer in one call, which does both or nothing. */
export async function signUp({ email, password, first_name, last_name }) {
  const token = await sdk.auth.register("customer", "emailpass", { email, password, actor: { first_name, last_name } });
  await sdk.client.setToken(token);
}

/** signIn returns the challenge that still has to be passed, or undefined. */
export async function signIn({ email, password }) {
  const result = await sdk.auth.login("customer", "emailpass", { email, password });
  if (typeof result === "string") return undefined; // the token, which the SDK keeps
  if (result.mfa_required) return result.mfa_challenge;
  throw new Error("This account has to verify its address first. Use the hosted pages.");
}

/** passChallenge ends a sign-in with a second factor. */
export async function passChallenge(challenge, method, code) {
  await sdk.auth.mfa.verifyChallenge(challenge.id, { method, code });
}

/** forgot requests a reset link, sent if the address has an account. */
export const forgot = ({ email }) => sdk.auth.resetPassword("customer", "emailpass", { identifier: email });

/** choose sets the new password, with the token of that link. */
export const choose = (token, { password }) => sdk.auth.updateProvider("customer", "emailpass", { password }, token);

/** signOut ends the sign-in, in the hosted pages too if it was made there. */
export async function signOut() {
  await sdk.client.fetch("/auth/token", { method: "DELETE" });
  await sdk.client.clearToken();
}
