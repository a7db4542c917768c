// Looks at pages with Chromium, as docs/contributing/pages.md demands of them: one order a
// line on stdin, one answer a line on stdout.
//
//   node pages.mjs <path of Chromium>
//   {"url": "http://127.0.0.1:8000/ui/customer", "cookies": [], "script": true, "width": 360,
//    "scheme": "dark", "language": "ar"}   →   {"complaints": [], "links": ["/ui/customer/forgot"]}
//
// Each order is the first visit of a new browser. Chromium ends with stdin.

import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { accessibility, keyboard, layout, links, wording } from './checks.mjs';

const patience = 30_000; // ms; for machines that are busy otherwise
const budget = 30_000; // bytes of HTML, CSS and JavaScript, each compressed by gzip

const chrome = await chromium.launch({
  executablePath: process.argv[2],
  chromiumSandbox: false, // root may not use it
  args: [
    '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--force-color-profile=srgb',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1', // nothing leaves this machine
  ],
});

// scripts says whether a page runs JavaScript. Its option javaScriptEnabled is for ever, and
// axe-core needs timers.
async function scripts(page, run) {
  page.devtools ??= await page.context().newCDPSession(page);
  await page.devtools.send('Emulation.setScriptExecutionDisabled', { value: !run });
}

// visit opens the page of an order as a new visitor.
async function visit(order) {
  const context = await chrome.newContext({
    viewport: { width: order.width, height: 800 },
    colorScheme: order.scheme,
    locale: order.language,
    reducedMotion: 'reduce', // colours half way of a transition fail the contrast
  });
  context.setDefaultTimeout(patience);
  if (order.cookies.length > 0) await context.addCookies(order.cookies);
  const page = await context.newPage();
  await scripts(page, order.script);
  const seen = { complaints: [], bytes: 0, answers: [] };
  watch(page, new URL(order.url), seen);
  const answer = await page.goto(order.url);
  await page.waitForLoadState('load');
  seen.bytes = (await Promise.all(seen.answers)).reduce((sum, n) => sum + n, 0);
  seen.firstByte = answer.request().timing().responseStart;
  const want = order.status || 200;
  if (want > 0 && answer.status() !== want) seen.complaints.push(`status ${answer.status()} instead of ${want}`);
  return { context, page, seen };
}

// watch notes what a browser complains about, and every request of the page.
function watch(page, own, seen) {
  const { complaints } = seen;
  page.on('console', (message) => {
    const text = message.text();
    // Chromium's own note about an answer of 400 or more, which is checked by its status.
    const status = text.startsWith('Failed to load resource') && message.location().url === page.url();
    if (['error', 'warning'].includes(message.type()) && !status) complaints.push(`console: ${text}`);
  });
  page.on('pageerror', (err) => complaints.push(`thrown: ${err.message}`));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== own.origin) complaints.push(`asks ${url.origin}`);
    if (url.pathname === '/x') complaints.push('an image of what was typed'); // of every <img src=x>
  });
  page.on('response', (answer) => {
    const kind = answer.request().resourceType();
    if (answer.status() >= 400 && kind !== 'document') complaints.push(`${answer.status()} for ${new URL(answer.url()).pathname}`);
    if (!['document', 'stylesheet', 'script'].includes(kind)) return;
    seen.answers.push(answer.body().then((body) => gzipSync(body).length, () => 0)); // a redirect has no body
  });
}

// look is everything that a page is checked for.
async function look(order) {
  const { context, page, seen } = await visit(order);
  try {
    if (seen.bytes > budget) seen.complaints.push(`${seen.bytes} bytes, ${budget} are allowed`);
    if (order.picture) await page.screenshot({ path: order.picture, fullPage: order.whole ?? false });
    for (const check of order.hostile ? [harmless] : [layout, wording, keyboard]) seen.complaints.push(...await check(page, order));
    if (!order.hostile) {
      await scripts(page, true); // the page has loaded: its own don't run any more
      seen.complaints.push(...await accessibility(page));
    }
    return {
      complaints: [...new Set(seen.complaints)], bytes: seen.bytes, first_byte: seen.firstByte, path: new URL(page.url()).pathname,
      links: await page.evaluate(links),
    };
  } catch (err) {
    return { complaints: [...seen.complaints, `failed: ${err.message}`], links: [] };
  } finally {
    await context.close();
  }
}

// harmless is what remains to be asked of a page with hostile input: that none of it has
// become an element, and that the page is still one of this host.
async function harmless(page, order) {
  const out = await page.evaluate(() => (document.querySelector('img[src=x], [onerror], script:not([src])') ? ['input has become markup'] : []));
  if (new URL(page.url()).origin !== new URL(order.url).origin) out.push(`leads to ${page.url()}`);
  return out;
}

const tooLate = () => new Promise((_, reject) => { setTimeout(reject, 2 * patience, new Error('nothing happens')).unref(); });

// Two orders at a time, because a page waits for the service as often as for Chromium. Answers
// come in the order of the orders.
const turns = [Promise.resolve(), Promise.resolve()];
let printed = Promise.resolve();
let n = 0;

// attempt looks once more when nothing has happened: of 1,424 looks on a busy machine,
// Chromium let one stand still. A page that does so by itself does it twice.
const attempt = (order) => Promise.race([look(order), tooLate()])
  .catch(() => Promise.race([look(order), tooLate()]));

for await (const line of createInterface({ input: process.stdin })) {
  const answer = turns[n % 2]
    .then(() => attempt(JSON.parse(line)))
    .catch((err) => ({ complaints: [`failed: ${err.message}`], links: [] }));
  turns[n % 2] = answer;
  printed = printed.then(() => answer).then((a) => console.log(JSON.stringify(a)));
  n += 1;
}
await printed;
await chrome.close();
