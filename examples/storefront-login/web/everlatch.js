// The calls to Everlatch, with nothing but fetch.
import { api, publishableKey } from "./settings.js";

/** Refusal is an answer that is not 2xx, in the words of the service. */
export class Refusal extends Error {
  constructor(path, status, message) {
    super(message);
    this.path = path;
    this.status = status;
  }
}

/** pause is how long to wait before a call is tried again, in milliseconds. */
const pause = 2000;

/**
 * call asks Everlatch. When it, or the provider behind it, is away for a moment,
 * the same call is made again: that changes nothing twice.
 */
async function call(method, path, { token, body, headers = {}, attempts = 3 } = {}) {
  if (token) headers.authorization = `Bearer ${token}`;
  if (body) headers["content-type"] = "application/json";
  if (publishableKey) headers["x-publishable-api-key"] = publishableKey;
  const request = {
    method,
    headers,
    body: body && JSON.stringify(body),
    credentials: "include", // the cookies of this browser: its session, and the one that binds a sign-in to it
  };
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(api + path, request).catch(() => undefined);
    const away = !response || response.status === 503;
    if (away && attempt < attempts) {
      await new Promise((go) => setTimeout(go, pause));
      continue;
    }
    const answer = (await response?.json().catch(() => undefined)) ?? {};
    if (response?.ok) return answer;
    throw new Refusal(path, response?.status ?? 503, answer.message ?? "No response.");
  }
}

/** providers returns the redirect providers. */
export async function providers() {
  const { providers } = await call("GET", "/auth/customer/providers");
  return providers.filter((provider) => provider.flow === "redirect");
}

/** begin starts a sign-in and returns the location to open. */
export async function begin(provider) {
  const { location } = await call("POST", `/auth/customer/${provider}`, {
    body: { callback_url: `${window.location.origin}/callback/${provider}` },
  });
  return location;
}

/** kept is what a second try of finish goes on with: a code is good once. */
const kept = { token: undefined, key: crypto.randomUUID() };

/** finish ends a sign-in with the parameters of the callback. */
export async function finish(provider, query) {
  kept.token ??= (await call("GET", `/auth/customer/${provider}/callback?${query}`)).token;
  if (!claims(kept.token).actor_id) {
    await createCustomer(kept.token);
    kept.token = (await call("POST", "/auth/token/refresh", { token: kept.token })).token; // it now names the customer
  }
  await call("POST", "/auth/session", { token: kept.token });
}

/** createCustomer creates the customer of a first sign-in. */
async function createCustomer(token) {
  const { email, given_name, family_name } = claims(token).user_metadata;
  await call("POST", "/store/customers", {
    token,
    body: { email, first_name: given_name, last_name: family_name },
    headers: { "idempotency-key": kept.key }, // the same in every attempt, so that only one customer is created
  });
}

/** claims reads a token. Whether it is true, only the service can tell. */
export function claims(token) {
  const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (c) => c.charCodeAt(0))));
}

/** customer returns the signed-in customer, or undefined. */
export async function customer() {
  try {
    return (await call("GET", "/store/customers/me")).customer;
  } catch (refusal) {
    if (refusal.status === 401) return undefined;
    throw refusal;
  }
}

/** signOut ends the session of this browser. */
export async function signOut() {
  await call("DELETE", "/auth/session");
}
