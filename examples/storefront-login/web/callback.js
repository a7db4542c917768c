// The callback page of the providers: /callback/<provider>?code=…
import { finish } from "./everlatch.js";
import { element, show } from "./page.js";

const provider = window.location.pathname.split("/").pop();
const query = new URLSearchParams(window.location.search);
// The parameters are for one use, and not for the history.
window.history.replaceState(null, "", window.location.pathname);

/** Explanations for the errors that the customer can do something about. */
const explanations = {
  "No state provided, or session expired":
    "This took too long, was already finished, or started in another browser.",
  "Email not verified, cannot proceed with authentication":
    "Your email address is not verified there yet. Verify it there first.",
};

function explain(problem) {
  if (problem.status === 422) return "Your email address already has an account. Sign in the way you did before.";
  if (problem.status === 503) return "The provider or this shop is unavailable. Nothing is lost.";
  return explanations[problem.message] ?? "You could not be signed in.";
}

function failed(problem) {
  const again = element("button", { type: "button" }, "Try again");
  again.addEventListener("click", start);
  show(
    element("h1", {}, "That did not work"),
    element("p", {}, explain(problem)),
    ...(problem.status === 503 ? [again] : []), // the callback is still valid
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
  // The parameters may be forged, so the page shows none of them.
  show(
    element("h1", {}, "That did not work"),
    element("p", {}, query.get("error") === "access_denied" ? "You cancelled the sign-in." : "The provider refused the sign-in."),
    element("a", { href: "/" }, "Start again"),
  );
} else if (!query.has("code")) {
  failed({ status: 401, message: "No state provided, or session expired" });
} else {
  start();
}
