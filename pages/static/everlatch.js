// What pages do better with JavaScript. Every page works without it.

const words = document.body.dataset;

// The summary of what is wrong gets the focus.
document.querySelector("[data-focus]")?.focus();

// A form is sent once.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelectorAll("button").forEach((button) => button.removeAttribute("aria-disabled"));
  }
});

// Passwords can be shown.
for (const secret of document.querySelectorAll(".secret")) {
  const input = secret.querySelector("input");
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: words.show });
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    button.textContent = hidden ? words.hide : words.show;
  });
  secret.append(button);
}

// Times are local ones.
const formats = { date: { dateStyle: "long" }, moment: { dateStyle: "long", timeStyle: "short" } };
for (const time of document.querySelectorAll("time[data-time=moment]")) {
  // The dates beside it, which the service writes, have the day first.
  const local = new Intl.DateTimeFormat(document.documentElement.lang.replace(/^en$/, "en-GB"), formats[time.dataset.time]);
  time.textContent = local.format(new Date(time.dateTime)).replace(/(\s\S+)\s(?=\S+$)/, "$1\u00a0"); // no line ends within the time
}

// Codes and keys can be copied: data-copy names the element that has the text.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const from = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(from.value ?? from.innerText);
    const before = button.textContent;
    button.textContent = words.copied;
    setTimeout(() => { button.textContent = before; }, 2000);
  });
}

// An open list of languages closes by Escape and by a click elsewhere.
for (const list of document.querySelectorAll("details.languages")) {
  addEventListener("keydown", (event) => { if (event.key === "Escape") list.open = false; });
  addEventListener("click", (event) => { if (!list.contains(event.target)) list.open = false; });
}

// On a narrow screen the navigation scrolls: the current page is in sight.
document.querySelector(".account nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Pages with data-print are printed by its button.
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A passkey is made by the device: data-make-passkey is where its options come from, and
// the form takes what the device answers.
for (const form of document.querySelectorAll("form[data-make-passkey]")) {
  const problem = form.querySelector("[data-problem]");
  const general = problem.textContent;
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    problem.hidden = true;
    problem.textContent = general;
    try {
      const answer = await fetch(form.dataset.makePasskey, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (answer.redirected) return location.assign(answer.url); // to confirm who asks
      const made = await answer.json();
      if (!answer.ok) problem.textContent = made.message;
      const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(made.options.publicKey ?? made.options) });
      if (form.elements.factor) form.elements.factor.value = made.mfa_factor.id;
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      problem.hidden = false;
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach((button) => button.removeAttribute("aria-disabled"));
    }
  });
}

// Passkeys: the form with data-passkey asks the URL in it for options and sends what the
// device answers. With data-conditional, passkeys show in the autofill of the address. What
// browsers say of a failure is not in the language of the page.
class Refusal extends Error {}

const offered = (answer) => PublicKeyCredential.parseRequestOptionsFromJSON(answer.options);

async function options(form) {
  const response = await fetch(form.dataset.passkey, { method: "POST" });
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer.message);
  return offered(answer);
}

function sendCredential(form, credential) {
  form.elements.credential.value = JSON.stringify(credential);
  form.dataset.sent = "yes";
  form.submit();
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    const problem = form.querySelector("[role=alert]");
    const general = problem.textContent;
    let waiting = new AbortController();
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting.abort();
      waiting = new AbortController();
      problem.hidden = true;
      try {
        sendCredential(form, await navigator.credentials.get({ publicKey: await options(form), signal: waiting.signal }));
      } catch (error) {
        if (error.name === "AbortError" || error.name === "NotAllowedError") return; // by the visitor
        problem.textContent = error instanceof Refusal ? error.message : general;
        problem.hidden = false;
      }
    }, { capture: true });
    if ("conditional" in form.dataset && await PublicKeyCredential.isConditionalMediationAvailable?.()) {
      try {
        const publicKey = await options(form);
        navigator.credentials.get({ publicKey, mediation: "conditional", signal: waiting.signal })
          .then((credential) => credential && sendCredential(form, credential), () => {});
      } catch { /* the button tells what is wrong */ }
    }
  }
}
