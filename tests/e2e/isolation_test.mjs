// One client's behaviour is nobody else's trouble.
import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { Daemon, open, until, within } from './kit.mjs';

const quick = { timeout: 120_000 };
const fast = 'limits: {messages_per_second: 100000, messages_per_second_per_user: 100000, outbox_bytes: 256KiB, message_bytes: 64KiB}';

/** Upgrades by hand and then never reads. */
async function neverReads(t, d, topic) {
  const socket = createConnection(d.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await within(once(socket, 'connect'), 'connect');
  socket.write(`GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:${d.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  await within(once(socket, 'data'), 'upgrade');
  socket.pause();
  const text = Buffer.from(JSON.stringify({ type: 'subscribe', topic }));
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  return socket;
}

test('who never reads is cut with 4104 and changes nobody else', quick, async (t) => {
  const d = await Daemon.start(t, open(fast));
  const [reader, publisher] = [await d.client(t), await d.client(t)];
  await reader.ask({ type: 'subscribe', topic: 's' });
  await neverReads(t, d, 's');
  await until(async () => (await d.api('topics/s')).json?.subscribers === 2, 'both follow');
  const payload = 'x'.repeat(20_000);
  let sent = 0;
  await until(async () => {
    // A round fits into an outbox, so that nobody who reads can be cut for it.
    for (let i = 0; i < 5; ++i, ++sent) publisher.send({ type: 'publish', topic: 's', payload: { n: sent, payload } });
    await reader.count('s', sent);
    return (await d.metric('weir_connections_closed_total', '{reason="slow_consumer"}')) === 1 ||
      (await d.metric('weir_messages_dropped_total', '{reason="outbox_full"}')) > 0;
  }, 'the slow one is cut', 60_000);
  assert.deepEqual(reader.of('s').map((m) => m.payload.n), [...Array(sent).keys()]);
  await until(async () => (await d.metric('weir_connections_closed_total', '{reason="slow_consumer"}')) === 1, 'closed as 4104');
  await until(async () => (await d.metric('weir_outbox_bytes')) === 0, 'its memory is given back');
});

test('a flood of pings, publishes and garbage leaves others in order', quick, async (t) => {
  const d = await Daemon.start(t);
  const [reader, publisher, flooder] = [await d.client(t), await d.client(t), await d.client(t)];
  await reader.ask({ type: 'subscribe', topic: 'f' });
  let flooding = true;
  flooder.socket.on('close', () => { flooding = false; });
  const flood = (async () => {
    while (flooding) {
      for (let i = 0; i < 200 && flooding; ++i) {
        flooder.socket.ping();
        flooder.send({ type: 'publish', topic: 'f', payload: 'flood' });
        flooder.send('{"type":');
      }
      await new Promise((go) => setImmediate(go));
    }
  })();
  for (let i = 0; i < 100; ++i) {
    assert.equal((await publisher.ask({ type: 'publish', topic: 'f', payload: i })).type, 'ok');
    await new Promise((go) => setTimeout(go, 12));
  }
  flooding = false;
  await flood;
  await reader.next(() => reader.of('f').filter((m) => m.payload !== 'flood').length === 100);
  const mine = reader.of('f').filter((m) => m.payload !== 'flood');
  assert.deepEqual(mine.map((m) => m.payload), [...Array(100).keys()]);
  const offsets = reader.of('f').map((m) => m.offset);
  assert.deepEqual(offsets, offsets.map((_, i) => offsets[0] + i));
  const end = await within(flooder.closed, 'the flooder is closed');
  assert.ok([4000, 4101].includes(end.code), String(end.code));
});

test('half handshakes and drips hold nothing up', quick, async (t) => {
  const d = await Daemon.start(t, open('limits: {handshakes_per_ip_per_second: 1000}'));
  const half = [];
  for (let i = 0; i < 40; ++i) {
    const socket = createConnection(d.port, '127.0.0.1');
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    await within(once(socket, 'connect'), 'connect');
    socket.write('GET /v1/ws HTTP/1.1\r\nHos');
    half.push(socket);
  }
  const c = await d.client(t);
  assert.equal((await c.ask({ type: 'subscribe', topic: 'a' })).type, 'ok');
  for (const socket of half) socket.destroy();
});
