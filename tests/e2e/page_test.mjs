// The demo page of development mode in a real browser.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { binary, Cable, Client, freePort, patience, until, weir, within } from './kit.mjs';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

function serve(t, port, ...args) {
  const child = spawn(binary, ['serve', '--set', `listen.public.port=${port}`, '--set', 'listen.internal.port=0', ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  const d = { child, log: '', ended: once(child, 'exit') };
  child.stderr.setEncoding('utf8').on('data', (s) => { d.log += s; });
  t.after(() => child.kill('SIGKILL'));
  return d;
}
const up = (port) => until(async () => {
  try { return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok; } catch { return false; }
}, 'the page is served');

async function browser(t) {
  const b = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
  t.after(() => b.close());
  return b;
}
async function openPage(b, port, faults, options = {}) {
  const page = await b.newPage(options);
  page.setDefaultTimeout(patience);
  page.on('pageerror', (e) => faults.push(e.message));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForSelector('#state[data-state=open]');
  await page.waitForSelector('text=You are');
  return page;
}
async function say(page, text) {
  await page.fill('#text', text);
  await page.click('#send');
}
const line = (text) => `#lines li:not(.pending):has-text("${text}")`;
/** The lines of the room in their order, without notes: what follows the name. */
const said = (page) => page.$$eval('#lines li:not(.note)', (all) => all.map((li) => li.lastChild.textContent));

test('two windows, a stock client and the command line share a room', { timeout: 180_000 }, async (t) => {
  const port = await freePort();
  const daemon = serve(t, port);
  await up(port);
  await until(() => daemon.log.includes('development mode'), 'the banner');
  const b = await browser(t);
  const faults = [];
  const [one, two] = [await openPage(b, port, faults), await openPage(b, port, faults)];
  const url = `ws://127.0.0.1:${port}/v1/ws`;
  const node = await Client.open(t, url);
  await node.ask({ type: 'subscribe', topic: 'demo.chat' });

  await say(one, 'from the first window');
  await two.waitForSelector(line('from the first window'));
  await one.waitForSelector(line('from the first window'));
  assert.equal(await one.locator('#lines li:has-text("from the first window")').count(), 1);
  assert.equal((await node.count('demo.chat', 1))[0].payload.text, 'from the first window');

  const pub = weir(['pub', url, 'demo.chat', '{"name":"Shell","text":"<b>from</b> the shell"}']);
  assert.equal(pub.status, 0, pub.err);
  await two.waitForSelector('#lines li:has-text("<b>from</b> the shell")');

  const box = await two.locator('#board').boundingBox();
  for (let i = 1; i <= 5; ++i) await two.mouse.move(box.x + 40 * i, box.y + 30 * i, { steps: 3 });
  await one.waitForSelector('.cursor');
  assert.equal(await two.locator('.cursor').count(), 0, 'not echoed to itself');

  const late = await openPage(b, port, faults);
  await late.waitForSelector(line('from the first window'));
  assert.deepEqual(faults, []);
});

test('a page that is cut for a moment resumes and misses nothing', { timeout: 180_000 }, async (t) => {
  const port = await freePort();
  serve(t, port);
  await up(port);
  const cable = await Cable.to(t, port);
  const faults = [];
  const page = await openPage(await browser(t), cable.port, faults);
  await say(page, 'before');
  await page.waitForSelector(line('before'));

  const url = `ws://127.0.0.1:${port}/v1/ws`;
  for (let round = 0; round < 2; ++round) {
    cable.cut();
    await page.waitForSelector('#state[data-state=waiting]');
    const text = await page.textContent('#state-text');
    assert.doesNotMatch(text, /\d{4}|SIG/, 'plain words');
    const input = [1, 2, 3].map((n) => `{"name":"Shell","text":"meanwhile ${round}.${n}"}`).join('\n');
    assert.equal(weir(['pub', '-q', url, 'demo.chat', '-'], { input }).status, 0);
    cable.plug();
    await page.waitForSelector(line(`meanwhile ${round}.3`), { timeout: 60_000 });
  }
  assert.deepEqual(await said(page), ['before', ...[0, 1].flatMap((r) => [1, 2, 3].map((n) => `meanwhile ${r}.${n}`))]);
  assert.match(await page.textContent('#wire'), /"resumed":true/);
  assert.deepEqual(faults, []);
});

test('a page whose session is gone recovers from the history', { timeout: 180_000 }, async (t) => {
  const [port, internal] = [await freePort(), await freePort()];
  serve(t, port, '--set', 'session.resume_window=1s', '--set', `listen.internal.port=${internal}`);
  await up(port);
  const cable = await Cable.to(t, port);
  const faults = [];
  const page = await openPage(await browser(t), cable.port, faults);
  await say(page, 'before');
  await page.waitForSelector(line('before'));
  const url = `ws://127.0.0.1:${port}/v1/ws`;
  cable.cut();
  await page.waitForSelector('#state[data-state=waiting]');
  await until(async () => {
    const text = await (await fetch(`http://127.0.0.1:${internal}/metrics`)).text();
    return ['attached', 'detached'].every((state) => text.includes(`weir_sessions{state="${state}"} 0\n`));
  }, 'the session ends');
  const input = [1, 2, 3].map((n) => `{"name":"Shell","text":"meanwhile ${n}"}`).join('\n');
  assert.equal(weir(['pub', '-q', url, 'demo.chat', '-'], { input }).status, 0);
  cable.plug();
  await page.waitForSelector(line('meanwhile 3'), { timeout: 60_000 });
  assert.deepEqual(await said(page), ['before', 'meanwhile 1', 'meanwhile 2', 'meanwhile 3']);
  assert.match(await page.textContent('#wire'), /"since":/);
  assert.deepEqual(faults, []);
});

test('after a restart the page says that the server began anew', { timeout: 180_000 }, async (t) => {
  const port = await freePort();
  const daemon = serve(t, port);
  await up(port);
  const b = await browser(t);
  const faults = [];
  const [one, two] = [await openPage(b, port, faults), await openPage(b, port, faults)];
  await say(one, 'before the restart');
  await two.waitForSelector(line('before the restart'));
  daemon.child.kill('SIGTERM');
  await within(daemon.ended, 'exit');
  await one.waitForSelector('#lines .note:has-text("about to stop or to restart")');
  serve(t, port);
  await up(port);
  for (const page of [one, two]) {
    await page.waitForSelector('#state[data-state=open]', { timeout: 60_000 });
    await page.waitForSelector('#lines .note:has-text("The server was started anew")');
    assert.doesNotMatch(await page.textContent('#lines'), /SIGTERM|1006|4200/);
  }
  await say(two, 'after the restart');
  await one.waitForSelector(line('after the restart'));
  assert.deepEqual(faults, []);
});

/** Contrast of two CSS colours (WCAG 2). */
function contrast(a, b) {
  const luminance = (rgb) => rgb.match(/[\d.]+/g).slice(0, 3).map(Number).map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

test('the page is readable in both schemes and fits a phone', { timeout: 180_000 }, async (t) => {
  const port = await freePort();
  serve(t, port);
  await up(port);
  const b = await browser(t);
  const url = `ws://127.0.0.1:${port}/v1/ws`;
  const input = [0, 1, 2, 3, 4, 5, 6].map((shade) => JSON.stringify({ name: `Shade ${shade}`, shade, text: `number ${shade}` })).join('\n');
  assert.equal(weir(['pub', '-q', url, 'demo.chat', '-'], { input }).status, 0);
  for (const colorScheme of ['light', 'dark']) {
    for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
      const faults = [];
      const page = await openPage(b, port, faults, { colorScheme, viewport });
      await page.waitForSelector(line('number 6'));
      const where = `${colorScheme} ${viewport.width}`;
      const colors = await page.evaluate(() => ({
        panel: getComputedStyle(document.querySelector('.chat')).backgroundColor,
        names: [...document.querySelectorAll('#lines b')].map((n) => getComputedStyle(n).color),
        label: (() => {
          const node = cursorNode({ id: 'x', name: 'x', shade: 3 });
          document.body.append(node);
          const s = getComputedStyle(node.querySelector('span'));
          const both = [s.color, s.backgroundColor];
          node.remove();
          return both;
        })(),
      }));
      assert.equal(new Set(colors.names).size, 7);
      for (const name of colors.names) assert.ok(contrast(name, colors.panel) >= 4.5, `${where}: ${name} on ${colors.panel}`);
      assert.ok(contrast(...colors.label) >= 4.5, `${where}: label`);

      await page.evaluate(() => setState('waiting', 'session moved elsewhere, again in 30 s'));
      const box = (selector) => page.locator(selector).boundingBox();
      assert.ok((await box('#state')).height < 40, `${where}: the pill has one line`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${where}: no sideways scrolling`);
      const [chat, board] = [await box('.chat'), await box('.board')];
      if (viewport.width > 800) assert.equal(chat.y + chat.height, board.y + board.height, `${where}: both cards end together`);
      assert.deepEqual(faults, []);
      if (process.env.WEIR_SCREENSHOTS) await page.screenshot({ path: `${process.env.WEIR_SCREENSHOTS}/${colorScheme}-${viewport.width}.png` });
      await page.close();
    }
  }
});
