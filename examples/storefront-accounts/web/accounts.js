// The calls to Everlatch, with the Medusa JS SDK. What API and PUBLISHABLE_KEY
// are is said where the pages are bundled: in package.json.
import Medusa from "@medusajs/js-sdk";

const sdk = new Medusa({
  baseUrl: API,
  publishableKey: PUBLISHABLE_KEY,
  auth: {
    type: "session", // a cookie that no script can read
    jwtTokenStorageMethod: "memory", // where a registration's token waits, which would otherwise stay in localStorage
  },
});

/** register creates a customer and signs them in. */
export async function register({ email, password, first_name, last_name }) {
  const token = await sdk.auth.register("customer", "emailpass", { email, password });
  // The token identifies who registers; there is no customer yet.
  await sdk.store.customer.create({ email, first_name, last_name }, {}, { authorization: `Bearer ${token}` });
  await signIn({ email, password });
}

/** signIn starts a session in this browser. */
export async function signIn({ email, password }) {
  const result = await sdk.auth.login("customer", "emailpass", { email, password });
  if (typeof result !== "string") throw new Error("This page can't continue this sign-in."); // a second factor, say
}

/** customer returns the signed-in customer, or undefined. */
export async function customer() {
  try {
    return (await sdk.store.customer.retrieve()).customer;
  } catch (refusal) {
    if (refusal.status === 401) return undefined;
    throw refusal;
  }
}

/** rename changes the name of the customer. */
export async function rename({ first_name, last_name }) {
  return (await sdk.store.customer.update({ first_name, last_name })).customer;
}

/** signOut ends the session of this browser. */
export async function signOut() {
  await sdk.auth.logout();
}

/** forgot requests a reset link, sent if the address has an account. */
export async function forgot({ email }) {
  await sdk.auth.resetPassword("customer", "emailpass", { identifier: email });
}

/** choose sets the new password, with the token of that link. */
export async function choose(token, { password }) {
  await sdk.auth.updateProvider("customer", "emailpass", { password }, token);
}
