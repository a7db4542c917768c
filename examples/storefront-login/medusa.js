// The same calls as in web/everlatch.js, with the Medusa JS SDK.
import Medusa from "@medusajs/js-sdk";
import { api, publishableKey } from "./settings.js";

const sdk = new Medusa({
  baseUrl: api,
  publishableKey,
  auth: { type: "session" }, // with "jwt" the SDK sends no cookies, and keeps the token where scripts can read it
});

export async function providers() {
  const { providers } = await sdk.auth.listProviders("customer");
  return providers.filter((provider) => provider.flow === "redirect");
}

export async function begin(provider) {
  const { location } = await sdk.auth.login("customer", provider, {
    callback_url: `${window.location.origin}/callback/${provider}`,
  });
  return location;
}

export async function finish(provider, query) {
  const token = await sdk.auth.callback("customer", provider, Object.fromEntries(query));
  if (!claims(token).actor_id) {
    const { email, given_name, family_name } = claims(token).user_metadata;
    await sdk.store.customer.create({ email, first_name: given_name, last_name: family_name });
    await sdk.auth.refresh(); // the token, or session, now names the customer
  }
}

export function claims(token) {
  const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (c) => c.charCodeAt(0))));
}

export async function customer() {
  try {
    return (await sdk.store.customer.retrieve()).customer;
  } catch (refusal) {
    if (refusal.status === 401) return undefined;
    throw refusal;
  }
}

export async function signOut() {
  await sdk.auth.logout();
}
