// Drives Chromium for the test: one command a line on stdin, one answer a line
// on stdout.
//
//   node chromium.mjs <path of Chromium>
//   ["ada", "open", "http://127.0.0.1:8000/"]   →   {"value": null}
//
// The first word names a browser: each has cookies of its own, and one page. A name that ends in
// "without JavaScript" has none.
// Commands wait for what they need. Chromium ends with stdin.

import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const patience = 30_000; // ms; for machines that are busy otherwise

const chrome = await chromium.launch({
  executablePath: process.argv[2],
  chromiumSandbox: false, // root may not use it
  args: [
    '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1', // nothing leaves this machine
  ],
});

const pages = new Map();

async function pageOf(browser) {
  if (!pages.has(browser)) {
    const context = await chrome.newContext({ viewport: { width: 900, height: 700 }, javaScriptEnabled: !browser.endsWith('without JavaScript') });
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    page.on('console', (message) => console.error(browser, message.text()));
    page.complaints = complaintsOf(page);
    pages.set(browser, page);
  }
  return pages.get(browser);
}

// complaintsOf is what goes wrong behind a page: answers that are refusals or
// errors, requests that get none, frames that refuse to be one, and what its scripts throw.
function complaintsOf(page) {
  const all = new Set();
  const name = (request) => `${request.method()} ${new URL(request.url()).pathname}`;
  page.on('response', (answer) => { if (answer.status() >= 400) all.add(`${answer.status()} ${name(answer.request())}`); });
  page.on('requestfailed', (request) => {
    if (request.failure().errorText !== 'net::ERR_ABORTED') all.add(`no answer to ${name(request)}`); // it went elsewhere meanwhile
  });
  page.on('console', (message) => { if (message.text().includes('frame-ancestors')) all.add('a frame is refused'); });
  page.on('pageerror', (err) => all.add(`thrown: ${err.message}`));
  return all;
}

const commands = {
  open: async (page, url) => { await page.goto(url); },
  reload: async (page) => { await page.reload(); },
  back: async (page) => { await page.goBack(); },
  click: (page, button) => page.getByRole('button', { name: button, exact: true }).click(),
  fill: (page, label, text) => page.getByLabel(label).fill(text),
  type: (page, placeholder, text) => page.getByPlaceholder(placeholder, { exact: true }).fill(text),
  // tabTo presses Tab until the element with a label, or a text, that begins so has the focus.
  tabTo: async (page, name) => {
    for (let i = 0; i < 100; i += 1) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const e = document.activeElement;
        return (e.labels?.[0] ?? e).textContent.trim();
      });
      if (focused.startsWith(name)) return;
    }
    throw new Error(`Tab never comes to ${name}`);
  },
  keys: async (page, text, key) => {
    await page.keyboard.type(text);
    if (key) await page.keyboard.press(key);
  },
  choose: (page, item) => page.getByRole('menuitem', { name: item, exact: true }).click(),
  tap: (page, selector) => page.locator(selector).first().click(),
  press: (page, text) => page.locator('a, button').filter({ hasText: new RegExp(`^\\s*${text}`) }).first().click(),
  await: (page, text) => page.getByText(text).first().waitFor(),
  eval: (page, script) => page.evaluate(script),
  gone: (page, text) => page.getByText(text).first().waitFor({ state: 'hidden' }),
  see: (page, text) => page.getByText(text, { exact: true }).waitFor(),
  text: (page, selector) => page.locator(selector).textContent(),
  // hold lets the page ask for nothing that begins with url, once; held is where
  // the page is by then.
  hold: async (page, url) => {
    let arrived;
    page.held = new Promise((resolve) => { arrived = resolve; });
    await page.route((u) => u.href.startsWith(url), (route) => {
      arrived(page.url());
      return route.abort();
    }, { times: 1 });
  },
  held: (page) => page.held,
  // authenticator gives the browser a device with passkeys; devtools talks to it, see the
  // domain WebAuthn of the DevTools protocol.
  authenticator: async (page, options) => {
    page.devtools ??= await page.context().newCDPSession(page);
    await page.devtools.send('WebAuthn.enable');
    return (await page.devtools.send('WebAuthn.addVirtualAuthenticator', { options: JSON.parse(options) })).authenticatorId;
  },
  devtools: (page, method, params) => page.devtools.send(method, JSON.parse(params)),
  cookies: (page) => page.context().cookies(),
  resize: (page, width, height) => page.setViewportSize({ width: Number(width), height: Number(height) }),
  // complaints are those since they were last asked for.
  complaints: (page) => {
    const all = [...page.complaints].sort();
    page.complaints.clear();
    return all;
  },
  screenshot: async (page, path) => { await page.screenshot({ path }); },
};

const tooLate = () => new Promise((_, reject) => { setTimeout(reject, 2 * patience, new Error('nothing happens')).unref(); });

for await (const line of createInterface({ input: process.stdin })) {
  const [browser, command, ...args] = JSON.parse(line);
  let answer;
  try {
    const done = commands[command](await pageOf(browser), ...args);
    answer = { value: (await Promise.race([done, tooLate()])) ?? null };
  } catch (err) {
    answer = { error: err.message };
  }
  console.log(JSON.stringify(answer));
}
await chrome.close();
