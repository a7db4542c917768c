// The page to which a provider sends people back: /callback/<provider>?code=…
import { finish } from "./everlatch.js";
import { element, show } from "./page.js";

const provider = window.location.pathname.split("/").pop();
const query = new URLSearchParams(window.location.search);
// What stood in the address is for one use, and nothing for the history.
window.history.replaceState(null, "", window.location.pathname);

/** Explanations are for the answers that people can do something about. */
const explanations = {
  "No state provided, or session expired":
    "This took too long, was finished already, or began in another browser.",
  "Email not verified, cannot proceed with authentication":
    "Your e-mail address there is not verified yet. Verify it there first.",
};

function explain(problem) {
  if (problem.status === 422) return "There is an account with your e-mail address already. Sign in to it the way that you did before.";
  if (problem.status === 503) return "We could not reach the provider, or ourselves. Nothing is lost.";
  return explanations[problem.message] ?? "You could not be signed in.";
}

function failed(problem) {
  const again = element("button", { type: "button" }, "Try again");
  again.addEventListener("click", start);
  show(
    element("h1", {}, "That did not work"),
    element("p", {}, explain(problem)),
    ...(problem.status === 503 ? [again] : []), // the answer is still good
    element("a", { href: "/" }, "Start again"),
    element("small", {}, problem.message),
  );
}

async function start() {
  show(element("p", {}, "Signing you in …"));
  try {
    await finish(provider, query);
    window.location.replace("/");
  } catch (problem) {
    failed(problem);
  }
}

if (query.has("error")) {
  // The provider says so, or whoever made this address: believe no word of it.
  show(
    element("h1", {}, "That did not work"),
    element("p", {}, query.get("error") === "access_denied" ? "You have said no. Nothing has happened." : "The provider has not let you in."),
    element("a", { href: "/" }, "Start again"),
  );
} else if (!query.has("code")) {
  failed({ status: 401, message: "No state provided, or session expired" });
} else {
  start();
}
