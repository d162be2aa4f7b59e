// Every kind of user through one daemon with two shards: stock client, command line, server API.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiKey, binary, Daemon, open, selfSigned, until, weir, within } from './kit.mjs';

function follow(t, args) {
  const child = spawn(binary, ['sub', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const f = { lines: '', child, ended: once(child, 'exit').then(([code]) => code) };
  child.stdout.setEncoding('utf8').on('data', (s) => { f.lines += s; });
  t.after(() => child.kill('SIGKILL'));
  return f;
}

async function everybody(t, d, extra) {
  const topic = 'room.1';
  const node = await d.client(t, extra.ws);
  assert.equal((await node.ask({ type: 'subscribe', topic })).type, 'ok');
  const sub = follow(t, [...extra.cli, '-n', '4', d.url, topic]);
  await until(async () => (await d.api(`topics/${topic}`)).json?.subscribers === 2, 'both follow');

  const payload = '{"n": 12345678901234567890123456789012, "e":1e400,  "s":"\\u00e9é"}';
  const pub = weir(['pub', ...extra.cli, d.url, topic, payload]);
  assert.equal(pub.status, 0, pub.err);
  assert.match(pub.out, /"offset":1/);
  const viaApi = await d.api('publish', { topic, event: 'tick', payload: { from: 'api' } });
  assert.equal(viaApi.status, 200);
  assert.equal(viaApi.json.position.offset, 2);
  assert.equal((await node.ask({ type: 'publish', topic, payload: [1] })).payload.position.offset, 3);
  node.send({ type: 'publish', topic, payload: 'to others', echo: false });

  assert.equal(await within(sub.ended, 'sub'), 0);
  const seen = await node.count(topic, 3);
  assert.deepEqual(seen.map((m) => m.offset), [1, 2, 3]);
  assert.equal(seen[1].event, 'tick');
  assert.ok(node.raw.some((text) => text.includes(`"payload":${payload}`)), 'byte for byte');
  assert.deepEqual(sub.lines.trim().split('\n'), [`${topic} ${payload}`, `${topic} {"from":"api"}`, `${topic} [1]`, `${topic} "to others"`]);
}

test('stock client, command line and server API over plain sockets', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t);
  const c = await d.client(t);
  c.send({ type: 'ping', id: 1 });
  assert.equal((await c.next((m) => m.type === 'pong')).id, 1);
  await everybody(t, d, { ws: {}, cli: [] });
});

test('the command line publishes once and asks for the past', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t, open().replace('topics:', 'topics:\n  - {match: "kept.**", subscribe: anyone, publish: anyone, history: {messages: 10, age: 1h}, state: keyed}'));
  const topic = 'kept.1';
  for (let i = 0; i !== 3; ++i) {
    const pub = weir(['pub', '--token', d.token('ann'), '--dedupe', 'first', '--key', 'k', d.url, topic, '{"n":1}']);
    assert.equal(pub.status, 0, pub.err);
    assert.match(pub.out, /"offset":1\b/);
  }
  assert.equal(weir(['pub', '--key', 'k', d.url, topic, '{"n":2}']).status, 0);
  assert.equal(weir(['pub', '--volatile', d.url, topic, '{"n":3}']).status, 0);
  const shown = async (args, n) => {
    const sub = follow(t, [...args, '-n', n, d.url, topic]);
    assert.equal(await within(sub.ended, 'sub'), 0);
    return sub.lines.trim().split('\n');
  };
  assert.deepEqual(await shown(['--last', '2'], '2'), [`${topic} {"n":2}`, `${topic} {"n":3}`]);
  assert.deepEqual(await shown(['--state'], '1'), [`${topic} {"n":2}`]);
  assert.notEqual(weir(['pub', '--dedupe', 'x', d.url, topic, '-']).status, 0);
});

test('all of them over TLS', { timeout: 120_000 }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'weir-tls-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const { certificate, key } = selfSigned(directory);
  const d = await Daemon.start(t, open(`listen: {public: {tls: {certificate: ${certificate}, key: ${key}}}}`), { tls: true });
  await everybody(t, d, { ws: { ca: readFileSync(certificate) }, cli: ['--ca', certificate] });
  const wrong = weir(['pub', d.url, 'room.1', '1']);
  assert.equal(wrong.status, 1);
  assert.match(wrong.err, /TLS/);
});

test('the server API', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t);
  const ann = await d.client(t, { headers: { Authorization: `Bearer ${d.token('ann')}` } });
  const guest = await d.client(t);
  await ann.ask({ type: 'subscribe', topic: 'a.1' });
  await guest.ask({ type: 'subscribe', topic: 'a.1' });
  const annSession = (await ann.welcome()).session;

  const batch = await d.api('publish/batch', [{ topic: 'a.1', payload: 1 }, { topic: 'a..1', payload: 2 }, { topic: 'a.1', payload: 3, exclude_session: annSession }]);
  assert.equal(batch.status, 200);
  assert.deepEqual(batch.json.map((x) => x.position?.offset ?? x.error.code), [1, 'bad_request', 2]);
  const nd = await d.api('publish/batch', '{"topic":"a.1","payload":4}\n\n{"topic":"a.1","payload":5}\n', { type: 'application/x-ndjson' });
  assert.deepEqual(nd.json.map((x) => x.position.offset), [3, 4]);
  assert.deepEqual((await guest.count('a.1', 4)).map((m) => m.payload), [1, 3, 4, 5]);
  assert.deepEqual((await ann.count('a.1', 3)).map((m) => m.payload), [1, 4, 5]);

  assert.deepEqual((await d.api('send', { user: 'ann', event: 'hi', payload: { x: 1 } })).json, { sessions: 1 });
  const hi = await ann.next((m) => m.topic === '$user.ann');
  assert.deepEqual([hi.event, hi.payload], ['hi', { x: 1 }]);
  assert.deepEqual((await d.api('send', { session: annSession, payload: 2 })).json, { sessions: 1 });
  await ann.next((m) => m.topic === `$session.${annSession}`);
  assert.deepEqual((await d.api('send', { user: 'nobody', payload: 2 })).json, { sessions: 0 });

  assert.deepEqual((await d.api('subscribe', { user: 'ann', topic: 'closed.door' })).json, { sessions: 1 });
  await until(async () => (await d.api(`connections/${annSession}`)).json.topics.includes('closed.door'), 'subscribed');
  await d.api('publish', { topic: 'closed.door', payload: 'in' });
  await ann.next((m) => m.topic === 'closed.door');
  assert.deepEqual((await d.api('unsubscribe', { user: 'ann', topic: 'closed.door' })).json, { sessions: 1 });
  assert.equal((await ann.next((m) => m.type === 'unsubscribed')).topic, 'closed.door');

  const all = (await d.api('connections')).json;
  assert.equal(all.total, 2);
  assert.deepEqual(all.connections.map((c) => c.user).sort(), ['ann', null]);
  assert.equal((await d.api('connections?limit=1')).json.more, true);
  assert.deepEqual((await d.api('connections?user=ann')).json.connections.map((c) => c.session), [annSession]);
  assert.deepEqual((await d.api('topics')).json.topics.map((x) => x.topic), ['a.1', 'closed.door']);
  assert.equal((await d.api('nodes')).json.nodes[0].connections, 2);
  assert.equal((await d.api('openapi.json')).json.openapi, '3.1.0');

  assert.deepEqual((await d.api('disconnect', { user: 'ann', reason: 'go' })).json, { sessions: 1 });
  assert.deepEqual(await within(ann.closed, 'closed'), { code: 4003, reason: 'go' });

  for (const [path, body, options, status, code] of [
    ['publish', { topic: 'a', payload: 1 }, { key: null }, 401, 'unauthorized'],
    ['publish', { topic: 'a', payload: 1 }, { key: 'wrong' }, 401, 'unauthorized'],
    ['publish', { topic: 'a', payload: 1 }, { key: `reader-${apiKey}` }, 403, 'forbidden'],
    ['publish', '{"topic":"a","payload":}', {}, 400, 'bad_request'],
    ['publish', { topic: 'a' }, {}, 400, 'bad_request'],
    ['publish', { topic: '$user.ann', payload: 1 }, {}, 400, 'bad_request'],
    ['publish', { topic: 'a', payload: 'x'.repeat(70_000) }, {}, 413, 'too_large'],
    ['send', { payload: 1 }, {}, 400, 'bad_request'],
    ['disconnect', { user: 'a', code: 4007 }, {}, 400, 'bad_request'],
    ['connections/nonsense', undefined, {}, 404, 'bad_request'],
    ['nowhere', undefined, {}, 404, undefined],
  ]) {
    const r = await d.api(path, body, options);
    assert.equal(r.status, status, `${path} ${r.text}`);
    if (code) assert.equal(r.json.error.code, code, path);
  }
  assert.equal((await d.api('publish', undefined)).status, 405);
  const huge = await d.api('publish', `{"topic":"a","payload":"${'x'.repeat(2_000_000)}"}`);
  assert.equal(huge.status, 413);
});
