// The page with the buttons, or with the name of the signed-in customer.
import { begin, customer, providers, signOut } from "./everlatch.js";
import { element, show } from "./page.js";

/** leave sends the browser to a provider. */
async function leave(provider, button) {
  button.disabled = true; // two sign-ins at once would interfere
  try {
    window.location.assign(await begin(provider));
  } catch (problem) {
    failed(problem);
  }
}

function button(provider) {
  const name = provider.display_name.replace(/ Authentication$/, "");
  const made = element("button", { type: "button" }, `Continue with ${name}`);
  made.addEventListener("click", () => leave(provider.id, made));
  return made;
}

function signedIn(who) {
  const out = element("button", { type: "button" }, "Sign out");
  out.addEventListener("click", () => signOut().then(start, failed));
  const name = [who.first_name, who.last_name].filter(Boolean).join(" ");
  show(element("h1", {}, `Hello, ${name || who.email}`), element("p", {}, who.email), out);
}

function failed(problem) {
  show(
    element("h1", {}, "This does not work right now"),
    element("p", {}, problem.message),
    element("a", { href: "/" }, "Try again"),
  );
}

async function start() {
  const who = await customer();
  if (who) return signedIn(who);
  show(element("h1", {}, "Sign in"), ...(await providers()).map(button));
}

// A page that the browser kept would show what is past.
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
start().catch(failed);
