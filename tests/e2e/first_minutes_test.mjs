// What a new user does first, as it is written in README.md and printed by the program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { binary, Cable, Daemon, freePort, open, selfSigned, until, weir, within } from './kit.mjs';

function scratch(t) {
  const directory = mkdtempSync(join(tmpdir(), 'weir-first-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs a command line as a terminal would, in the background. */
function terminal(t, cwd, line) {
  const child = spawn('bash', ['-c', `exec ${line}`], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const r = { child, out: '', err: '', ended: once(child, 'close').then(([code]) => code) };
  child.stdout.setEncoding('utf8').on('data', (s) => { r.out += s; });
  child.stderr.setEncoding('utf8').on('data', (s) => { r.err += s; });
  t.after(() => child.kill('SIGKILL'));
  return r;
}

/** The ports of the examples may be taken on this machine. */
async function otherPorts() {
  const [outside, inside] = [await freePort(), await freePort()];
  return (text) => text.replaceAll('127.0.0.1:8080', `127.0.0.1:${outside}`).replaceAll('127.0.0.1:8081', `127.0.0.1:${inside}`)
    .replaceAll('port: 8080', `port: ${outside}`).replaceAll('port: 8081', `port: ${inside}`);
}

async function followTheSteps(t, directory, cwd, [serve, sub, curl], moved) {
  const file = join(directory, 'weir.yaml');
  writeFileSync(file, moved(readFileSync(file, 'utf8')));
  terminal(t, cwd, moved(serve));
  await until(() => weir(['health', '-c', file]).status === 0, 'weir health');
  const following = terminal(t, cwd, moved(sub));
  // The history has it, too; this only waits until the subscriber is there.
  await until(async () => {
    const call = terminal(t, cwd, moved(curl));
    assert.equal(await within(call.ended, 'curl'), 0, call.err);
    assert.match(call.out, /"position"/);
    return following.out !== '';
  }, 'the message arrives');
  assert.match(following.out, /^inbox\.ann \{/);
}

test('the commands that weir init prints work when pasted', { timeout: 120_000 }, async (t) => {
  const directory = join(scratch(t), 'a new server');
  const made = weir(['init', directory]);
  assert.equal(made.status, 0, made.err);
  for (const secret of ['jwt.secret', 'backend.key']) assert.equal(statSync(join(directory, secret)).mode & 0o777, 0o600);
  const check = weir(['check', '-c', join(directory, 'weir.yaml')]);
  assert.equal(check.status, 0, check.err);
  assert.doesNotMatch(check.out, /Warnings/);
  const commands = made.out.split('\n').filter((line) => line.startsWith('  ')).map((line) => line.trim());
  assert.equal(commands.length, 3);
  await followTheSteps(t, directory, tmpdir(), commands, await otherPorts());
  assert.equal(weir(['init', directory]).status, 1);
});

test('the steps of README.md work when pasted', { timeout: 120_000 }, async (t) => {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const part = text.slice(text.indexOf('## Configure it'), text.indexOf('## Install'));
  const blocks = [...part.matchAll(/^```(\w*)\n(.*?)^```$/gms)].filter((m) => m[1] === '').map((m) => m[2].trim());
  const cwd = scratch(t);
  mkdirSync(join(cwd, 'build/release'), { recursive: true });
  symlinkSync(binary, join(cwd, 'build/release/weir'));
  const [init, serve, sub, curl, check] = blocks;
  assert.equal(blocks.length, 5);
  assert.equal(await within(terminal(t, cwd, init).ended, 'init'), 0);
  await followTheSteps(t, join(cwd, 'first'), cwd, [serve, sub, curl], await otherPorts());
  assert.equal(await within(terminal(t, cwd, check).ended, 'check'), 0);
});

test('weir health says whether the daemon is ready, also with TLS', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t, open());
  const ask = (...more) => weir(['health', '-c', d.file, '--set', `listen.internal.port=${d.internal}`, ...more]);
  assert.deepEqual([ask().status, ask().out], [0, 'ready\n']);
  await d.kill();
  const gone = ask();
  assert.equal(gone.status, 1);
  assert.match(gone.err, /^not ready: cannot connect to 127\.0\.0\.1/);
  assert.equal(ask('--set', 'limits.topics=x').status, 2);

  const directory = scratch(t);
  const { certificate, key } = selfSigned(directory);
  const port = await freePort();
  const file = join(directory, 'weir.yaml');
  writeFileSync(file, `auth: {anonymous: true}
listen:
  public: {address: 127.0.0.1, port: 0}
  internal: {port: ${port}, tls: {certificate: ${certificate}, key: ${key}}}
`);
  terminal(t, directory, `${binary} serve -c weir.yaml`);
  await until(() => weir(['health', '-c', file]).status === 0, 'ready over TLS');
});

test('weir sub --reconnect resumes after a cut and recovers after a restart', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t, open().replace('publish: anyone}', 'publish: anyone, history: {messages: 100}}'));
  const cable = await Cable.to(t, d.port);
  const sub = terminal(t, tmpdir(), `${binary} sub --reconnect -n 8 ws://127.0.0.1:${cable.port}/v1/ws room`);
  const publish = (text) => assert.equal(weir(['pub', '-q', d.url, 'room', `"${text}"`]).status, 0);
  // A subscriber that has got a message is subscribed.
  await until(async () => { if (sub.out === '') publish('first'); return sub.out !== ''; }, 'the first message');
  const before = sub.out.trim().split('\n').length;

  cable.cut();
  await until(() => sub.err.includes('reconnecting in'), 'it notices the cut');
  publish('meanwhile');
  cable.plug();
  await until(() => sub.out.includes('meanwhile'), 'the message of meanwhile');
  assert.match(sub.err, /the session resumed/);

  d.child.kill('SIGKILL');
  await d.ended;
  d.exit = undefined;
  d.run();
  await d.ready();
  await until(() => sub.err.includes('a new session'), 'a new session');
  await until(() => sub.err.includes('receipt room: '), 'the receipt');
  assert.match(sub.err, /receipt room: .*reason: epoch/);
  for (let n = before + 1; n < 8; ++n) publish(`after ${n}`);
  assert.equal(await within(sub.ended, 'the end after -n messages'), 0, sub.err);
  assert.equal(sub.out.match(/meanwhile/g).length, 1);
});

test('weir sub --reconnect ends when the server says not to come back', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t, open());
  const refused = terminal(t, tmpdir(), `${binary} sub --reconnect --token wrong ${d.url} room`);
  assert.equal(await within(refused.ended, 'a wrong token'), 1);
  assert.match(refused.err, /4001|unauthorized/);
  const forbidden = terminal(t, tmpdir(), `${binary} sub --reconnect ${d.url} closed.room`);
  assert.equal(await within(forbidden.ended, 'a forbidden topic'), 1);
  assert.match(forbidden.err, /forbidden/);
});

test('everything that weir serve says is JSON if the log is', { timeout: 120_000 }, async (t) => {
  const directory = scratch(t);
  const lines = (text) => text.trim().split('\n').map((line) => JSON.parse(line));
  writeFileSync(join(directory, 'bad.yaml'), 'log: {format: json}\nlimits: {topics: 0}\ntopics: []\n');
  const bad = weir(['serve', '-c', join(directory, 'bad.yaml')]);
  assert.equal(bad.status, 2);
  const said = lines(bad.err);
  assert.deepEqual(said.map((l) => l.level), ['error'], 'no warnings beside an error');

  const d = await Daemon.start(t, open('log: {format: json}'), { args: ['--set', 'limits.connections=900000'] });
  d.child.kill('SIGTERM');
  await within(d.ended, 'exit');
  assert.ok(lines(d.log).some((l) => l.level === 'warn' && l.message.includes('descriptors')), d.log);
});

test('development mode takes fifty clients of one address at once', { timeout: 120_000 }, async (t) => {
  const port = await freePort();
  terminal(t, tmpdir(), `${binary} serve --set listen.public.port=${port} --set listen.internal.port=0`);
  await until(async () => { try { return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok; } catch { return false; } }, 'ready');
  const { default: WebSocket } = await import('ws');
  const all = Array.from({ length: 50 }, () => new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/ws`, ['weir.v1.json']);
    t.after(() => socket.terminate());
    socket.on('open', () => resolve(101)).on('unexpected-response', (_, r) => resolve(r.statusCode)).on('error', () => resolve(0));
  }));
  assert.deepEqual([...new Set(await within(Promise.all(all), 'fifty clients'))], [101]);
});
