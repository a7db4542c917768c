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
  const local = new Intl.DateTimeFormat(document.documentElement.lang, formats[time.dataset.time]);
  time.textContent = local.format(new Date(time.dateTime));
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
