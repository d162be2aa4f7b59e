// The demo page of development mode in a real browser.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { binary, Client, freePort, patience, until, weir, within } from './kit.mjs';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

function serve(t, port) {
  const child = spawn(binary, ['serve', '--set', `listen.public.port=${port}`, '--set', 'listen.internal.port=0'],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  const d = { child, log: '', ended: once(child, 'exit') };
  child.stderr.setEncoding('utf8').on('data', (s) => { d.log += s; });
  t.after(() => child.kill('SIGKILL'));
  return d;
}
const up = (port) => until(async () => {
  try { return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok; } catch { return false; }
}, 'the page is served');

test('two windows, a stock client and the command line share a room', { timeout: 180_000 }, async (t) => {
  const port = await freePort();
  let daemon = serve(t, port);
  await up(port);
  await until(() => daemon.log.includes('development mode'), 'the banner');
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
  t.after(() => browser.close());
  const faults = [];
  const open = async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(patience);
    page.on('pageerror', (e) => faults.push(e.message));
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForSelector('#state[data-state=open]');
    await page.waitForSelector('text=You are');
    return page;
  };
  const [one, two] = [await open(), await open()];
  const url = `ws://127.0.0.1:${port}/v1/ws`;
  const node = await Client.open(t, url);
  await node.ask({ type: 'subscribe', topic: 'demo.chat' });

  await one.fill('#text', 'from the first window');
  await one.click('#send');
  await two.waitForSelector('#lines li:has-text("from the first window")');
  await one.waitForSelector('#lines li:not(.pending):has-text("from the first window")');
  assert.equal(await one.locator('#lines li:has-text("from the first window")').count(), 1);
  assert.equal((await node.count('demo.chat', 1))[0].payload.text, 'from the first window');

  const pub = weir(['pub', url, 'demo.chat', '{"name":"Shell","text":"<b>from</b> the shell"}']);
  assert.equal(pub.status, 0, pub.err);
  await two.waitForSelector('#lines li:has-text("<b>from</b> the shell")');

  const box = await two.locator('#board').boundingBox();
  for (let i = 1; i <= 5; ++i) await two.mouse.move(box.x + 40 * i, box.y + 30 * i, { steps: 3 });
  await one.waitForSelector('.cursor');
  assert.equal(await two.locator('.cursor').count(), 0, 'not echoed to itself');

  daemon.child.kill('SIGTERM');
  await within(daemon.ended, 'exit');
  await one.waitForSelector('#state[data-state=waiting]');
  daemon = serve(t, port);
  await up(port);
  await one.waitForSelector('#state[data-state=open]', { timeout: 60_000 });
  await two.waitForSelector('#state[data-state=open]', { timeout: 60_000 });
  await two.fill('#text', 'after the restart');
  await two.click('#send');
  await one.waitForSelector('#lines li:has-text("after the restart")');
  assert.deepEqual(faults, []);
});
