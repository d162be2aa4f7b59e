// The client of docs/continuity.md, as a reader would copy it, through what it was written for.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import WebSocket from 'ws';
import { Daemon, open, until } from './kit.mjs';
import { firstBlock } from './protocol_examples.mjs';

const page = readFileSync(new URL('../../docs/continuity.md', import.meta.url), 'utf8');
const WeirClient = new Function('WebSocket', `${firstBlock(page, 'js')}; return WeirClient;`)(WebSocket);
const quick = { timeout: 120_000 };
const rules = open().replace('topics:\n', `topics:
  - {match: "log.*", subscribe: anyone, publish: anyone, history: {messages: 1000}}
  - {match: "short.*", subscribe: anyone, publish: anyone, history: {messages: 3}}
`);

/** One that remembers what it was told. */
function start(t, d) {
  const heard = { payloads: [], lost: [] };
  const c = new WeirClient(d.url, {
    message: (m) => heard.payloads.push(m.payload),
    lost: (topic, loss) => heard.lost.push(loss),
  });
  t.after(() => { c.connect = () => {}; c.socket.terminate(); });
  return Object.assign(heard, { client: c, has: (n) => until(() => heard.payloads.length >= n, `${n} messages`) });
}
async function cut(c) {
  c.socket.terminate();
  await until(() => !c.welcomed, 'it noticed');
}
const to = (n) => [...Array(n).keys()];

test('a lost connection loses nothing and doubles nothing', quick, async (t) => {
  const d = await Daemon.start(t, rules);
  const [a, b] = [start(t, d), start(t, d)];
  a.client.subscribe('log.x');
  await until(() => a.client.topics.get('log.x'), 'the subscription');
  const { session } = a.client.session;
  // Cut while it publishes, so that answers and messages are lost on their way.
  const sent = [];
  for (let i = 0; i < 60; ++i) {
    sent.push(a.client.publish('log.x', i));
    if (i % 20 === 19) {
      await sent[i - 10];
      await cut(a.client);
      await until(() => a.client.welcomed, 'back again');
    }
  }
  const positions = await Promise.all(sent);
  assert.deepEqual(positions.map((p) => p.offset), to(60).map((i) => i + 1));
  await cut(a.client);
  for (let i = 60; i < 100; ++i) await b.client.publish('log.x', i);
  await a.has(100);
  assert.deepEqual(a.payloads, to(100));
  assert.deepEqual(a.lost, []);
  assert.equal(a.client.session.session, session, 'the same session all along');
  assert.ok(await d.metric('weir_resumes_total', '{result="resumed"}') >= 4);
});

test('what is lost all the same is told', quick, async (t) => {
  const d = await Daemon.start(t, rules);
  const [a, b] = [start(t, d), start(t, d)];
  a.client.subscribe('short.x');
  await until(() => a.client.topics.get('short.x'), 'the subscription');
  await b.client.publish('short.x', 0);
  await a.has(1);
  a.client.comeBack = () => { a.client.welcomed = false; };
  await cut(a.client);
  await until(async () => await d.metric('weir_sessions', '{state="detached"}') === 1, 'the server noticed');
  for (let i = 1; i < 8; ++i) await b.client.publish('short.x', i);
  delete a.client.comeBack;
  a.client.connect();
  await a.has(4);
  assert.deepEqual(a.payloads, [0, 5, 6, 7]);
  assert.deepEqual(a.lost, [{ reason: 'trimmed', from: 2, to: 5, count: 4 }]);
});

test('after a restart it begins anew and says so', quick, async (t) => {
  const d = await Daemon.start(t, rules);
  const a = start(t, d);
  a.client.subscribe('log.x');
  await a.client.publish('log.x', 'before');
  await a.has(1);
  await d.kill();
  d.exit = undefined;
  d.run();
  await d.ready();
  await until(() => a.client.welcomed && a.lost.length > 0, 'back again');
  await a.client.publish('log.x', 'after');
  await a.has(2);
  assert.deepEqual(a.payloads, ['before', 'after']);
  assert.deepEqual(a.lost, [{ reason: 'epoch' }]);
});
