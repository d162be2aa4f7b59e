// Whatever strangers make the daemon hold, it stays within limits.memory and 64 MiB beside it (code,
// stacks, what is fragmented), and whoever behaves is still served.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { test } from 'node:test';
import { Daemon, open, until, within } from './kit.mjs';

const slow = { timeout: 180_000 };
const MiB = 1024 * 1024;
const limit = 48 * MiB;
const settings = `limits: {memory: 48MiB, message_bytes: 1MiB, outbox_bytes: 4MiB, connections_per_ip: 10000,
  handshakes_per_ip_per_second: 10000, messages_per_second: 100000, messages_per_second_per_user: 1000000}
session: {replay: {bytes: 4MiB}, detached: {per_ip: 10000}}
compression: {enabled: false}
`;
const large = 'x'.repeat(60_000);

const resident = (d) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${d.child.pid}/status`, 'utf8'))[1]) * 1024;
const step = async (d, name) => d.metric('weir_memory_steps_total', `{step="${name}"}`);
async function counted(d) {
  const text = await (await fetch(`http://127.0.0.1:${d.internal}/metrics`)).text();
  return text.split('\n').filter((l) => l.startsWith('weir_memory_bytes{'))
    .reduce((sum, l) => sum + Number(l.slice(l.lastIndexOf(' ') + 1)), 0);
}

/** A masked frame (the mask is 0) with as much of its payload as is given. */
function frame(text, claimed = text.length) {
  const head = Buffer.alloc(claimed > 65535 ? 14 : claimed > 125 ? 8 : 6);
  head[0] = 0x81;
  if (claimed > 65535) { head[1] = 0xff; head.writeBigUInt64BE(BigInt(claimed), 2); }
  else if (claimed > 125) { head[1] = 0xfe; head.writeUInt16BE(claimed, 2); }
  else head[1] = 0x80 | claimed;
  return Buffer.concat([head, Buffer.from(text)]);
}

/** A connection by hand; null: it was refused. What comes is dropped unread while it is paused. */
async function raw(t, d, reads = true) {
  const socket = createConnection(d.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await within(once(socket, 'connect'), 'connect');
  socket.write(`GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:${d.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  const answer = await within(Promise.race([once(socket, 'data'), once(socket, 'close')]), 'upgrade');
  if (!answer[0]?.toString?.('latin1').includes(' 101 ')) return null;
  socket.say = (message) => socket.write(frame(JSON.stringify(message)));
  if (reads) socket.on('data', () => {});
  else socket.pause();
  return socket;
}

/** A client that has its welcome. */
async function greeted(t, d) {
  const c = await d.client(t);
  c.send({ type: 'hello' });
  await c.welcome();
  return c;
}

/** Looks at the daemon while something goes on, and sees that a bystander is answered all the while. */
async function watched(t, d, attack) {
  const bystander = await greeted(t, d);
  let most = 0;
  let answers = 0;
  let going = true;
  const looking = (async () => {
    while (going) {
      most = Math.max(most, resident(d));
      bystander.send({ type: 'ping', id: `b${answers}` });
      await bystander.next((m) => m.type === 'pong' && m.id === `b${answers}`, 'a pong for the bystander');
      bystander.messages.length = 0;
      ++answers;
      await new Promise((go) => setTimeout(go, 50));
    }
  })();
  try { await Promise.race([attack(), looking]); } finally { going = false; }
  await looking;
  assert.ok(most < limit + 64 * MiB, `the process had ${Math.round(most / MiB)} MiB`);
  assert.ok(answers > 3);
  return bystander;
}

/** Publishes `each` large messages to every one of the topics. */
async function flood(publisher, topics, each) {
  for (let k = 0; k < each; ++k) {
    for (const [i, topic] of topics.entries()) {
      const message = { type: 'publish', topic, payload: large };
      if (i % 20 !== 0) { publisher.send(message); continue; }
      const answer = await publisher.ask(message);
      if (answer.type === 'error') assert.equal(answer.payload.code, 'unavailable');
      publisher.messages.length = 0;
    }
  }
}

/** `n` connections, each with a topic of its own. */
async function subscribers(t, d, n, { reads = true, tag = 'own' } = {}) {
  const before = await d.metric('weir_subscriptions');
  const all = [];
  for (let i = 0; i < n; ++i) {
    const socket = await raw(t, d, reads);
    assert.ok(socket !== null, 'the subscriber was refused');
    socket.topic = `${tag}.${i}`;
    socket.say({ type: 'subscribe', topic: socket.topic });
    all.push(socket);
  }
  await until(async () => (await d.metric('weir_subscriptions')) === before + n, 'all follow');
  return all;
}
const topics = (all) => all.map((socket) => socket.topic);
const readyAgain = (d) => until(async () => (await fetch(`http://127.0.0.1:${d.internal}/readyz`)).ok, 'ready again');

test('the total is what the process has, as it grows', slow, async (t) => {
  const d = await Daemon.start(t, open().replace('topics:', 'topics:\n  - {match: "state.**", subscribe: anyone, publish: anyone, state: {kind: keyed, keys: 100000}}') +
    settings.replace('48MiB', '512MiB'));
  const publisher = await d.client(t);
  const before = { counted: await counted(d), resident: resident(d) };
  for (let i = 0; i < 1600; ++i) await publisher.ask({ type: 'publish', topic: 'state.a', key: `k${i}`, payload: large });
  const grown = { counted: await counted(d) - before.counted, resident: resident(d) - before.resident };
  assert.ok(grown.counted > 1600 * 60_000, `${grown.counted} counted`);
  assert.ok(grown.resident < grown.counted * 1.25 + 16 * MiB && grown.resident > grown.counted * 0.8,
    `counted ${grown.counted}, resident ${grown.resident}`);
  assert.ok((await d.metric('weir_memory_bytes', '{kind="messages"}')) > 1600 * 60_000);
  assert.equal(await d.metric('weir_memory_limit_bytes'), 512 * MiB);
  assert.equal(await step(d, 'publishes'), 0);
});

test('subscribers that never read', slow, async (t) => {
  const d = await Daemon.start(t, open(settings));
  const publisher = await d.client(t);
  await watched(t, d, async () => {
    const all = await subscribers(t, d, 40, { reads: false });
    await flood(publisher, topics(all), 120);
  });
  assert.ok((await step(d, 'consumers')) > 0, 'nobody gave way');
});

test('clients that confirm nothing, and then go away', slow, async (t) => {
  const d = await Daemon.start(t, open(settings));
  const publisher = await d.client(t);
  await watched(t, d, async () => {
    const all = await subscribers(t, d, 40);
    await flood(publisher, topics(all), 70);
    for (const socket of all.slice(0, 20)) socket.destroy();
    await flood(publisher, topics(all), 40);
    for (const socket of all) socket.destroy();
    await until(async () => (await d.metric('weir_sessions', '{state="attached"}')) === 2, 'all are away');
  });
  await readyAgain(d);
  assert.ok((await (await greeted(t, d)).welcome()).session);
});

test('detached sessions end, the oldest first, and are told so', slow, async (t) => {
  const d = await Daemon.start(t, open(settings));
  const publisher = await d.client(t);
  const first = await greeted(t, d);
  const { session, secret } = await first.welcome();
  first.socket.terminate();
  await watched(t, d, async () => {
    for (let round = 0; round < 20 && (await step(d, 'detached')) === 0; ++round) {
      const all = await subscribers(t, d, 2, { tag: `r${round}` });
      await flood(publisher, topics(all), 30);
      for (const socket of all) socket.destroy();
      await until(async () => (await d.metric('weir_sessions', '{state="attached"}')) === 2, 'they are away');
    }
  });
  await until(async () => (await step(d, 'detached')) > 0, 'sessions end');
  assert.equal(await step(d, 'consumers'), 0);
  await readyAgain(d);
  const again = await d.client(t);
  again.send({ type: 'hello', payload: { resume: { session, secret, received: 0 } } });
  const welcome = await again.welcome();
  assert.equal(welcome.resumed, false);
  assert.equal(welcome.reason, 'expired');
});

test('messages that are never finished', slow, async (t) => {
  const d = await Daemon.start(t, open(settings));
  await watched(t, d, async () => {
    let taken = 0;
    for (let i = 0; i < 150; ++i) {
      const s = await raw(t, d);
      if (s === null) { await new Promise((go) => setTimeout(go, 20)); continue; }
      ++taken;
      s.write(frame(`{"type":"publish","topic":"a","payload":"${'x'.repeat(900_000)}`, 1_000_000));
      await new Promise((go) => setTimeout(go, 5));
    }
    assert.ok(taken > 20, `${taken} taken`);
  });
  assert.ok((await step(d, 'consumers')) > 0 || (await step(d, 'handshakes')) > 0);
});

test('a state that grows takes half, and publishes elsewhere go on', slow, async (t) => {
  const d = await Daemon.start(t, open().replace('topics:', 'topics:\n  - {match: "state.**", subscribe: anyone, publish: anyone, state: {kind: keyed, keys: 100000}}') +
    settings);
  const publisher = await d.client(t);
  await watched(t, d, async () => {
    let refused;
    for (let i = 0; i < 1000 && refused === undefined; ++i) {
      const answer = await publisher.ask({ type: 'publish', topic: 'state.a', key: `k${i}`, payload: large });
      if (answer.type === 'error') refused = answer.payload.code;
      publisher.messages.length = 0;
    }
    assert.equal(refused, 'limit_reached');
  });
  assert.equal((await publisher.ask({ type: 'publish', topic: 'a', payload: large })).type, 'ok');
  assert.equal(await step(d, 'publishes'), 0);
  assert.equal(await step(d, 'handshakes'), 0);
});
