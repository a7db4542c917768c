// What pages.mjs asks of a page. Every function returns complaints, none for a good page.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// layout is the document itself: its language, its heading, its fields, its width.
export const layout = (page, order) => page.evaluate(([language, script]) => {
  const out = [];
  const root = document.documentElement;
  if (root.lang !== language) out.push(`lang is ${root.lang}, not ${language}`);
  const dir = language === 'ar' ? 'rtl' : 'ltr';
  if (getComputedStyle(root).direction !== dir || root.dir !== dir) out.push(`dir is ${root.dir}, not ${dir}`);
  const headings = document.querySelectorAll('h1').length;
  if (headings !== 1) out.push(`${headings} elements h1`);
  if (!document.title.trim()) out.push('no title');
  for (const input of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    const named = [...input.labels].some((label) => label.textContent.trim()) || input.ariaLabel || input.getAttribute('aria-labelledby');
    if (!named) out.push(`no label for ${input.name || input.id}`);
  }
  const over = root.scrollWidth - root.clientWidth;
  if (over > 0) {
    const wide = [...document.body.querySelectorAll('*')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width > 0 && !e.closest('.scroll, .skip') && (box.right > root.clientWidth + 0.5 || box.left < -0.5);
    });
    out.push(`${over} pixels wider than the screen: ${wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 80)).join(' … ')}`);
  }
  if (!script) {
    for (const e of document.querySelectorAll('button[type=button]')) if (e.checkVisibility()) out.push(`does nothing without JavaScript: ${e.outerHTML.slice(0, 80)}`);
  }
  return out;
}, [order.language, order.script]);

// wording finds what templates leave when something is missing.
export const wording = (page) => page.evaluate(() => {
  const text = `${document.title}\n${document.body.innerText}`;
  const broken = /\b(base|signin|account|console|home)\.[a-z]+_?[a-z_]*\b(?!\.)|<no value>|%!\w?\(|\{\{|\[object |undefined|\bNaN\b|ZgotmplZ/.exec(text);
  return broken ? [`reads ${JSON.stringify(text.slice(Math.max(0, broken.index - 30), broken.index + 50))}`] : [];
});

// accessibility is axe-core with all rules of WCAG 2.2 AA and its best practices.
export async function accessibility(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    resultTypes: ['violations'],
  }));
  return violations.map((v) => `axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} (${n.failureSummary.split('\n').slice(1, 3).join('; ').trim()})`).join(' … ')}`);
}

// keyboard presses Tab until the focus has been everywhere.
export async function keyboard(page) {
  const want = await page.evaluate(mark);
  const out = new Set();
  const got = [];
  for (let i = 0; i < want.length + 3; i += 1) {
    await page.keyboard.press('Tab');
    const { index, fault } = await page.evaluate(focused);
    if (fault) out.add(fault);
    if (index >= 0 && got.at(-1) !== index) got.push(index);
    if (got.length > 1 && index === got[0]) break;
  }
  const missed = want.filter((_, i) => !got.includes(i));
  if (missed.length > 0) out.add(`Tab does not reach ${missed.slice(0, 3).join(' … ')}`);
  const jumps = got.filter((index, i) => i > 0 && index < got[i - 1]).length; // once, to begin again
  if (jumps > 1) out.add(`Tab goes ${got.join(' ')}, not in the order of the document`);
  return [...out];
}

// mark numbers what Tab has to reach, and notes how it looks without the focus. Of a group of
// radio buttons Tab reaches one.
function mark() {
  const looks = (e) => { const s = getComputedStyle(e); return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.backgroundColor].join(); };
  document.activeElement?.blur();
  const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')];
  globalThis.stops = all.filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.tabIndex >= 0
    && !(e.type === 'radio' && e.name && e !== (document.querySelector(`input[type=radio][name="${CSS.escape(e.name)}"]:checked`)
      ?? document.querySelector(`input[type=radio][name="${CSS.escape(e.name)}"]`))));
  globalThis.unfocused = globalThis.stops.map(looks);
  return globalThis.stops.map((e) => e.outerHTML.slice(0, 80));
}

// focused is the number of the element with the focus, -1 for none of those, and what is wrong
// with how it looks.
function focused() {
  const e = document.activeElement;
  const index = globalThis.stops.indexOf(e);
  if (index < 0) return { index };
  const s = getComputedStyle(e);
  const now = [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.backgroundColor].join();
  const box = e.getBoundingClientRect();
  const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  const name = e.outerHTML.slice(0, 80);
  if (now === globalThis.unfocused[index]) return { index, fault: `the focus does not show on ${name}` };
  return { index, fault: inside ? '' : `the focus is out of sight on ${name}` };
}

// links are the pages of this host that a page leads to.
export const links = () => [...new Set([...document.querySelectorAll('a[href]')]
  .map((a) => new URL(a.href))
  .filter((u) => u.origin === location.origin && !u.searchParams.has('lang'))
  .map((u) => u.pathname + u.search))];
