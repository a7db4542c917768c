// What the shop shows: who is signed in, or the two ways to sign in.
import { exchange, leave } from "./hosted.js";
import { api } from "./settings.js";
import { choose, customer, forgot, passChallenge, signIn, signOut, signUp, useToken } from "./shop.js";

/** element makes an element with properties and children. */
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** show puts cards in the place of what the page shows. */
const show = (...cards) => document.querySelector("main").replaceChildren(...cards);
const card = (title, ...children) => element("section", { className: "card" }, element("h1", {}, title), ...children);
const button = (text, act, className = "") => element("button", { type: "button", className, onclick: act }, text);

const email = { name: "email", type: "email", autocomplete: "username", label: "Email" };
const password = { name: "password", type: "password", autocomplete: "current-password", label: "Password" };
const newPassword = { ...password, autocomplete: "new-password", minLength: 8 };
const code = { name: "code", autocomplete: "one-time-code", label: "Code" };
const names = [
  { name: "first_name", autocomplete: "given-name", label: "First name" },
  { name: "last_name", autocomplete: "family-name", label: "Last name" },
];

/** form asks for fields and hands them over; a refusal is shown below them. */
function form(fields, send, submit) {
  const problem = element("p", {});
  problem.setAttribute("role", "alert");
  const go = element("button", {}, send);
  const inputs = fields.map(({ label, ...input }) => element("label", {}, label, element("input", { required: true, ...input })));
  const made = element("form", {}, ...inputs, go, problem);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    problem.textContent = "";
    try {
      await submit(Object.fromEntries(new FormData(made)));
    } catch (refusal) {
      problem.textContent = refusal.message;
    }
    go.disabled = false;
  });
  return made;
}

/** ownForms are the shop's own, against the API. */
function ownForms() {
  const place = element("div", { role: "tabpanel" });
  const forms = {
    "Sign in": () => form([email, password], "Sign in", async (values) => {
      const challenge = await signIn(values);
      if (challenge) place.replaceChildren(...secondFactor(challenge));
      else await home();
    }),
    "Sign up": () => form([...names, email, newPassword], "Create account", (values) => signUp(values).then(home)),
    "Reset": () => form([email], "Send me a link", async (values) => {
      await forgot(values);
      place.replaceChildren(element("p", {}, `If ${values.email} has an account, a link is on its way.`));
    }),
  };
  const tabs = Object.keys(forms).map((name) => Object.assign(button(name, () => choosing(name)), { role: "tab" }));
  const choosing = (name) => {
    tabs.forEach((tab) => tab.setAttribute("aria-selected", String(tab.textContent === name)));
    place.replaceChildren(forms[name]());
  };
  choosing("Sign in");
  return card("The shop's own forms", element("div", { className: "tabs", role: "tablist" }, ...tabs), place);
}

/** secondFactor asks for what is missing after the password. */
function secondFactor(challenge) {
  const method = challenge.methods.includes("totp") ? "totp" : challenge.methods[0];
  const hint = method === "totp" ? "Enter the code from your authenticator app." : "Enter a recovery code.";
  return [element("p", {}, hint), form([code], "Continue", (values) => passChallenge(challenge, method, values.code).then(home))];
}

const hostedPages = () => card(
  "Hosted pages",
  element("p", { className: "quiet" }, "Everlatch shows the forms. You return with a code, which the shop exchanges for your token."),
  element("div", { className: "row" }, button("Sign in with hosted pages", () => leave()), button("Sign up there", () => leave("/sign-up"), "second")),
);

function account(who) {
  const facts = { Name: [who.first_name, who.last_name].filter(Boolean).join(" "), Email: who.email, Customer: who.id };
  const list = element("dl", {}, ...Object.entries(facts).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  return card(`Hello, ${who.first_name || who.email}`, list, element("div", { className: "row" },
    element("a", { className: "button", href: `${api}/ui/customer/account` }, "Manage your account"),
    button("Sign out", () => signOut().then(home), "second")));
}

async function home() {
  window.history.replaceState(null, "", "/");
  const who = await customer();
  show(...(who ? [account(who)] : [hostedPages(), ownForms()]));
}

/** taken reads the query and takes it out of the address: it is for one use, and not for the history. */
function taken() {
  const query = new URLSearchParams(window.location.search);
  window.history.replaceState(null, "", window.location.pathname);
  return query;
}

const pages = {
  "/signed-in": async () => {
    await useToken(await exchange(taken()));
    await home();
  },
  "/reset-password": async () => {
    const token = taken().get("token");
    show(card("Choose a new password", form([newPassword], "Set password", (values) => choose(token, values).then(home))));
  },
};

try {
  await (pages[window.location.pathname] ?? home)();
} catch (problem) {
  const alert = element("p", {}, problem.message);
  alert.setAttribute("role", "alert");
  show(card("That did not work", alert, element("div", { className: "row" }, button("Start again", home))));
}
