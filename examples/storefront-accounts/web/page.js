// The pages: one for each path, and one form on each.
import { choose, customer, forgot, register, rename, signIn, signOut } from "./accounts.js";

/** element makes an element with properties and children. */
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** show puts elements in the place of what the page shows. */
function show(...children) {
  document.querySelector("main").replaceChildren(...children);
}

const link = (path, text) => element("a", { href: path }, text);
const email = { name: "email", type: "email", autocomplete: "username", label: "E-mail" };
const password = { name: "password", type: "password", autocomplete: "current-password", label: "Password" };
const newPassword = { ...password, autocomplete: "new-password", label: "New password" };
const names = [
  { name: "first_name", autocomplete: "given-name", label: "First name" },
  { name: "last_name", autocomplete: "family-name", label: "Last name" },
];

/** form asks for fields and hands them over; a refusal is shown below them. */
function form(fields, button, submit) {
  const problem = element("p", { role: "alert" });
  const send = element("button", {}, button);
  const made = element("form", {}, ...fields.map(({ label, ...input }) => element("label", {}, label, element("input", { required: true, ...input }))), send, problem);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    problem.textContent = "";
    try {
      await submit(Object.fromEntries(new FormData(made)));
    } catch (refusal) {
      problem.textContent = explain(refusal);
    }
    send.disabled = false;
  });
  return made;
}

/** explain says what the customer can do; messages of 400 can be shown as they are. */
function explain({ status, message }) {
  if (status === 400) return message;
  if (status === 401 && message === "Identity with email already exists") return "This email address already has an account. Sign in instead.";
  if (status === 401 && message === "Invalid token") return "This link has been used or has expired. Ask for another one.";
  if (status === 401) return "Wrong email address or password.";
  if (status === 422) return "This email address already has an account. Sign in instead.";
  return "We could not be reached. Try again in a moment.";
}

const home = () => window.location.assign("/");

const pages = {
  "/": async () => {
    const who = await customer();
    if (!who) return pages["/sign-in"]();
    const hello = element("h1", {}, `Hello, ${who.first_name}`);
    const out = element("button", { type: "button" }, "Sign out");
    out.addEventListener("click", () => signOut().then(home));
    const filled = names.map((field) => ({ ...field, value: who[field.name] ?? "" }));
    show(hello, element("p", {}, who.email), form(filled, "Save", async (values) => {
      hello.textContent = `Hello, ${(await rename(values)).first_name}`;
    }), out);
  },
  "/sign-in": () => show(
    element("h1", {}, "Sign in"),
    form([email, password], "Sign in", (values) => signIn(values).then(home)),
    link("/register", "Create an account"), link("/forgot", "Forgot your password?"),
  ),
  "/register": () => show(
    element("h1", {}, "Register"),
    form([...names, email, newPassword], "Register", (values) => register(values).then(home)),
    link("/sign-in", "I have an account"),
  ),
  "/forgot": () => show(
    element("h1", {}, "Reset your password"),
    form([email], "Send me a link", async (values) => {
      await forgot(values);
      show(element("h1", {}, "Check your email"), element("p", {}, `If ${values.email} has an account, we sent it a link.`));
    }),
  ),
  "/reset-password": () => {
    const token = new URLSearchParams(window.location.search).get("token");
    // It is as powerful as a password, so it must not stay in the address.
    window.history.replaceState(null, "", window.location.pathname);
    show(element("h1", {}, "Reset your password"), form([newPassword], "Set password", async (values) => {
      await choose(token, values);
      show(element("h1", {}, "Done"), element("p", {}, "You have been signed out everywhere."), link("/sign-in", "Sign in"));
    }), link("/forgot", "Request another link"));
  },
};

(pages[window.location.pathname] ?? pages["/"])();
