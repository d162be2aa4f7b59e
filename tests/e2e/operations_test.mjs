// The daemon as its operator sees it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiKey, Daemon, open, rawRequest, until, weir, within } from './kit.mjs';

const quick = { timeout: 120_000 };

function temporary(t) {
  const directory = mkdtempSync(join(tmpdir(), 'weir-ops-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('SIGTERM sends everybody away in their own time and exits 0', quick, async (t) => {
  const d = await Daemon.start(t, open('drain: {timeout: 10s}'));
  const clients = [];
  for (let i = 0; i < 6; ++i) {
    const c = await d.client(t);
    c.send({ type: 'hello' });
    await c.welcome();
    clients.push(c);
  }
  const began = Date.now();
  d.child.kill('SIGTERM');
  const away = await Promise.all(clients.map((c) => c.next((m) => m.type === 'goaway')));
  const times = away.map((m) => m.payload.reconnect_after_ms);
  assert.equal(new Set(times).size, times.length, `all different: ${times}`);
  assert.equal(away[0].payload.reason, 'drain');
  assert.ok(away[0].payload.deadline_ms <= 10_000);
  for (const c of clients) assert.equal((await within(c.closed, 'close')).code, 4200);
  assert.deepEqual(await within(d.ended, 'exit'), { code: 0, signal: null });
  assert.ok(Date.now() - began < 10_000);
});

test('draining is not ready and takes nobody', quick, async (t) => {
  const d = await Daemon.start(t, open('drain: {timeout: 20s}'));
  const c = await d.client(t);
  c.send({ type: 'hello' });
  await c.welcome();
  const r = await d.api('drain', { rate: 1 });
  assert.equal(r.status, 202);
  const ready = await fetch(`http://127.0.0.1:${d.internal}/readyz`);
  assert.equal(ready.status, 503);
  assert.equal((await ready.json()).reason, 'draining');
  assert.equal((await within(c.closed, 'close')).code, 4200);
  assert.equal((await within(d.ended, 'exit')).code, 0);
});

test('what operators watch is in the metrics', quick, async (t) => {
  const d = await Daemon.start(t, open('limits: {connections: 77}\ndrain: {timeout: 20s}'));
  assert.equal(await d.metric('weir_connections_limit'), 77);
  assert.equal(await d.metric('weir_draining'), 0);
  await d.api('nodes');
  await d.api('nodes', undefined, { key: 'wrong' });
  assert.equal(await d.metric('weir_api_requests_total', '{method="GET",route="nodes",status="2xx"}'), 1);
  assert.equal(await d.metric('weir_api_requests_total', '{method="GET",route="nodes",status="4xx"}'), 1);
  assert.equal(await d.metric('weir_api_request_seconds_count', '{method="GET",route="nodes"}'), 2);
  const c = await d.client(t);
  c.send({ type: 'hello' });
  await c.welcome();
  await d.api('drain', { rate: 1 });
  assert.equal(await d.metric('weir_draining'), 1);
  assert.equal((await c.next((m) => m.type === 'goaway')).payload.reason, 'drain');
});

test('names of the internal listener, and a limit for each key', quick, async (t) => {
  const keys = `api:
  requests_per_second: 1000
  keys:
    - {name: slow, key: slow-${apiKey}, scopes: [read], requests_per_second: 1}
    - {name: e2e, key: ${apiKey}, scopes: ["*"]}
`;
  const yaml = (hosts) => `auth: {anonymous: true}\nlisten: {internal: {hosts: ${hosts}}}\n${keys}`;
  const d = await Daemon.start(t, yaml('[]'));
  const ask = (host) => rawRequest(d.internal, `GET /readyz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  assert.match(await ask('weir:8081'), /^HTTP\/1\.1 421 [^]*listen\.internal\.hosts/);
  writeFileSync(d.file, yaml('[weir]'));
  d.child.kill('SIGHUP');
  await until(async () => (await ask('weir:8081')).startsWith('HTTP/1.1 200 '), 'the name is allowed');
  assert.match(await ask('evil.example'), /^HTTP\/1\.1 421 /);

  const slow = { key: `slow-${apiKey}` };
  const answers = await Promise.all(Array.from({ length: 20 }, () => d.api('nodes', undefined, slow)));
  const refused = answers.find((r) => r.status === 429);
  assert.ok(refused, 'twenty at once are more than a burst of two');
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.ok(refused.json.error.retry_after_ms > 0);
  assert.equal((await d.api('nodes')).status, 200);
  assert.ok(await d.metric('weir_rate_limited_total', '{limit="api"}') >= 1);
});

test('SIGINT twice ends at once', quick, async (t) => {
  const d = await Daemon.start(t, open('drain: {timeout: 60s}'));
  for (let i = 0; i < 3; ++i) {
    const c = await d.client(t);
    c.send({ type: 'hello' });
    await c.welcome();
  }
  d.child.kill('SIGINT');
  await until(() => d.log.includes('draining'), 'draining');
  d.child.kill('SIGINT');
  await within(d.ended, 'exit', 5_000);
});

test('shed sends a share away', quick, async (t) => {
  const d = await Daemon.start(t);
  const clients = [];
  for (let i = 0; i < 10; ++i) {
    const c = await d.client(t);
    c.send({ type: 'hello' });
    await c.welcome();
    clients.push(c);
  }
  const { sessions } = (await d.api('shed', { percent: 50 })).json;
  assert.ok(sessions >= 5 && sessions <= 6, `half, rounded up on each shard: ${sessions}`);
  await until(async () => await d.metric('weir_connections', '{transport="websocket"}') === 10 - sessions, 'half is gone');
  await d.client(t);
});

test('SIGHUP applies what can be applied', quick, async (t) => {
  const d = await Daemon.start(t);
  const c = await d.client(t);
  assert.equal((await c.ask({ type: 'subscribe', topic: 'later.1' })).type, 'ok');
  writeFileSync(d.file, open('limits: {topics: 5}').replace('topics:\n', 'topics:\n  - {match: "later.**", subscribe: nobody, publish: nobody}\n'));
  d.child.kill('SIGHUP');
  await until(async () => await d.metric('weir_config_reloads_total', '{result="success"}') === 1, 'reloaded');
  await until(async () => (await c.ask({ type: 'subscribe', topic: 'later.2' })).payload.code === 'forbidden', 'new rule');
  await until(() => d.log.includes('needs a restart option=limits.topics'), 'the word about the other option');
  writeFileSync(d.file, 'limits: {conections: 5}\n');
  d.child.kill('SIGHUP');
  await until(async () => await d.metric('weir_config_reloads_total', '{result="failure"}') === 1, 'refused');
  assert.equal((await c.ask({ type: 'subscribe', topic: 'other' })).type, 'ok');
});

test('the internal listener refuses a foreign Host, the public one serves nothing internal', quick, async (t) => {
  const d = await Daemon.start(t);
  const foreign = await rawRequest(d.internal, 'GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
  assert.match(foreign, /^HTTP\/1\.1 421 /);
  const own = await rawRequest(d.internal, `GET /metrics HTTP/1.1\r\nHost: localhost:${d.internal}\r\nConnection: close\r\n\r\n`);
  assert.match(own, /^HTTP\/1\.1 200 /);
  for (const path of ['/metrics', '/api/v1/nodes', '/console']) {
    assert.equal((await fetch(`http://127.0.0.1:${d.port}${path}`)).status, 404, path);
  }
  for (const path of ['/healthz', '/readyz']) assert.equal((await fetch(`http://127.0.0.1:${d.port}${path}`)).status, 200);
  const off = await Daemon.start(t, 'auth: {anonymous: true}\n');
  assert.equal((await off.api('nodes')).status, 404);
});

test('what is wrong is said in full, with exit status 2', quick, async (t) => {
  const directory = temporary(t);
  const file = join(directory, 'bad.yaml');
  writeFileSync(file, 'limits:\n  conections: 5\n  message_bytes: lots\nshards: 0.5\nlisten: {public: {tls: {certificate: /nowhere.pem}}}\n');
  for (const command of ['check', 'serve', 'config']) {
    const r = weir([command, '-c', file]);
    assert.equal(r.status, 2, command);
    assert.match(r.err, /bad\.yaml:2:3: limits\.conections: .*did you mean limits\.connections/);
    assert.match(r.err, /bad\.yaml:3:3: limits\.message_bytes/);
    assert.match(r.err, /bad\.yaml:4:1: shards/);
  }
  assert.equal(weir(['check', '-c', join(directory, 'missing.yaml')]).status, 2);
  assert.equal(weir(['serve', '--frobnicate']).status, 2);
  const bare = weir([]);
  assert.equal(bare.status, 0, 'without a command it prints its help');
  assert.match(bare.out, /weir serve/);

  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const port = weir(['serve', '--set', `listen.public.port=${taken.address().port}`, '--set', 'listen.internal.port=0']);
  assert.equal(port.status, 2);
  assert.match(port.err, /in use/);

  const tls = join(directory, 'tls.yaml');
  writeFileSync(tls, `listen: {public: {tls: {certificate: ${directory}/none.pem, key: ${directory}/none.key}}}\n`);
  const unreadable = weir(['serve', '-c', tls, '--set', 'listen.public.port=0', '--set', 'listen.internal.port=0']);
  assert.equal(unreadable.status, 2);
  assert.match(unreadable.err, /none\.pem/);

  const beyond = weir(['serve', '--set', 'listen.public.address=0.0.0.0']);
  assert.equal(beyond.status, 2);
  assert.match(beyond.err, /loopback|development/);
});

test('check, config and version', quick, async (t) => {
  const directory = temporary(t);
  const file = join(directory, 'good.yaml');
  writeFileSync(file, open(), { mode: 0o600 });
  const check = weir(['check', '-c', file]);
  assert.equal(check.status, 0, check.err);
  assert.match(check.out, /inbox/);
  const doubtful = weir(['check', '-c', file, '--set', 'dedupe_window=1s']);
  assert.equal((doubtful.out + doubtful.err).match(/dedupe_window 1s is below/g).length, 1, 'a warning is told once');
  const config = weir(['config', '-c', file], { env: { WEIR_LIMITS__CONNECTIONS: '123' } });
  assert.equal(config.status, 0, config.err);
  assert.match(config.out, /connections: 123/);
  assert.doesNotMatch(config.out, /e2e-secret|e2e-key/);
  const defaults = weir(['config', '--defaults']);
  const back = join(directory, 'defaults.yaml');
  writeFileSync(back, defaults.out);
  assert.equal(weir(['check', '-c', back]).status, 0);
  assert.match(weir(['version']).out, /^weir \d+\.\d+\.\d+ \(/);
  assert.equal(weir(['token', '--user', 'ann']).status, 2);
});
