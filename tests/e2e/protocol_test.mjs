// What a client may send, and what it gets for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, Daemon, open, rawRequest, until, within } from './kit.mjs';

const quick = { timeout: 120_000 };

test('malformed and unusual messages', quick, async (t) => {
  const d = await Daemon.start(t, open('limits: {errors: 1000}'));
  const c = await d.client(t);
  const errors = () => c.messages.filter((m) => m.type === 'error');
  const cases = [
    ['{"type":"ping"', 'bad_request', /byte 14/],
    ['{"type":"publish","topic":"a","payload":{"a":tru}}', 'bad_request', /byte \d+/],
    ['[1]', 'bad_request', /byte 0/],
    ['{"type":"subscribe","type":"subscribe","topic":"a"}', 'bad_request', /byte/],
    ['{"type":"publish","topic":"a","payload":' + '['.repeat(70) + ']'.repeat(70) + '}', 'bad_request', /deep|depth|nest/i],
    ['{"type":"publish","topic":"a","payload":"\\ud800"}', 'bad_request', /surrogate/i],
    ['{"type":"subscribe","topic":"a..b"}', 'bad_request', /segment/],
    ['{"type":"subscribe","topic":"' + 'x'.repeat(201) + '"}', 'bad_request', /topic/],
    ['{"type":"dance"}', 'unsupported', /dance/],
    ['{"type":"publish","topic":"a"}', 'bad_request', /payload/],
    ['{"type":"subscribe","topic":"a","id":1.5}', 'bad_request', /id/],
    ['{"type":"hello"}', 'bad_request', /hello/],
  ];
  for (const [text, code, words] of cases) {
    const before = errors().length;
    c.send(text);
    await c.next(() => errors().length > before, text.slice(0, 60));
    const e = errors().at(-1).payload;
    assert.equal(e.code, code, text.slice(0, 80));
    assert.match(e.message, words, text.slice(0, 80));
  }
  // An id is echoed as it came, string or integer, and in errors too.
  c.send('{"type":"subscribe","topic":"a","id":77}');
  assert.equal((await c.next((m) => m.type === 'ok')).id, 77);
  c.send('{"type":"dance","id":"x\\u0041"}');
  await c.next((m) => m.type === 'error' && m.id === 'xA');
  assert.equal(c.messages[0].type, 'welcome');
});

test('the welcome tells what holds', quick, async (t) => {
  const d = await Daemon.start(t, open('limits: {subscriptions: 3, message_bytes: 4KiB}'));
  const c = await d.client(t);
  c.send({ type: 'hello', payload: { heartbeat: { mode: 'message', interval_ms: 1 }, resume: { session: 'AAAAAAAAAAAAAAAAAAAAAA', secret: 'AAAAAAAAAAAAAAAAAAAAAA', received: 0 } } });
  const w = await c.welcome();
  assert.equal(w.user, null);
  assert.equal(w.resumed, false);
  assert.equal(w.reason, 'unknown');
  assert.equal(w.heartbeat.mode, 'message');
  assert.equal(w.heartbeat.interval_ms, 10_000);
  assert.equal(w.limits.message_bytes, 4096);
  assert.equal(w.limits.subscriptions, 3);
  for (const topic of ['a', 'b', 'c']) assert.equal((await c.ask({ type: 'subscribe', topic })).type, 'ok');
  assert.equal((await c.ask({ type: 'subscribe', topic: 'd' })).payload.code, 'limit_reached');
  assert.equal((await c.ask({ type: 'subscribe', topic: 'a' })).type, 'ok');
  assert.equal((await c.ask({ type: 'unsubscribe', topic: 'a' })).type, 'ok');
  assert.equal((await c.ask({ type: 'unsubscribe', topic: 'a' })).payload.code, 'not_subscribed');
  assert.equal((await c.ask({ type: 'subscribe', topic: '$user.x' })).payload.code, 'forbidden');
  c.send({ type: 'publish', topic: 'a', payload: 'x'.repeat(5000) });
  assert.equal((await within(c.closed, 'close')).code, 1009);
});

test('order, and not back to the sender', quick, async (t) => {
  const d = await Daemon.start(t, open('limits: {messages_per_second: 100000, messages_per_second_per_user: 100000}'));
  const [a, b] = [await d.client(t), await d.client(t)];
  for (const c of [a, b]) await c.ask({ type: 'subscribe', topic: 'o' });
  for (let i = 0; i < 500; ++i) a.send({ type: 'publish', topic: 'o', payload: i, echo: i % 2 === 0 });
  assert.deepEqual((await b.count('o', 500)).map((m) => m.payload), [...Array(500).keys()]);
  assert.deepEqual((await a.count('o', 250)).map((m) => m.payload), [...Array(250).keys()].map((i) => 2 * i));
  assert.deepEqual(b.of('o').map((m) => m.offset), [...Array(500).keys()].map((i) => i + 1));
});

test('who may do what', quick, async (t) => {
  const d = await Daemon.start(t);
  const ann = await d.client(t);
  ann.send({ type: 'hello', payload: { token: d.token('ann') } });
  assert.equal((await ann.welcome()).user, 'ann');
  const guest = await d.client(t);
  for (const [who, type, topic, code] of [
    [ann, 'subscribe', 'inbox.ann', null], [ann, 'subscribe', 'inbox.bob', 'forbidden'],
    [ann, 'subscribe', 'members.x', null], [guest, 'subscribe', 'members.x', 'unauthorized'],
    [guest, 'publish', 'inbox.ann', 'unauthorized'], [ann, 'subscribe', 'closed.x', 'forbidden'],
    [guest, 'subscribe', 'other', null],
  ]) {
    const r = await who.ask({ type, topic, payload: 1 });
    assert.equal(r.payload.code ?? null, code, `${type} ${topic}: ${JSON.stringify(r)}`);
  }
  const m = await ann.ask({ type: 'publish', topic: 'members.x', payload: 1 });
  assert.equal(m.type, 'ok');
  assert.equal((await ann.count('members.x', 1))[0].from, 'ann');
});

test('credentials', quick, async (t) => {
  const d = await Daemon.start(t, open().replace('anonymous: true', 'anonymous: false').replace('jwt: {', 'jwt: {leeway: 0s, '));
  const good = d.token('ann');
  const bad = `${good.slice(0, -4)}AAAA`;
  const header = (token) => ({ headers: { Authorization: `Bearer ${token}` } });
  const code = async (c) => (await within(c.closed, 'close')).code;

  assert.equal(await code(await d.client(t, header(bad))), 4001);
  const hello = await d.client(t);
  hello.send({ type: 'hello', payload: { token: bad } });
  assert.equal(await code(hello), 4001);
  const none = await d.client(t);
  none.send({ type: 'subscribe', topic: 'a' });
  assert.equal(await code(none), 4001);
  const sub = await d.client(t, { protocols: ['weir.v1.json', `weir.token.${good}`] });
  assert.equal(sub.socket.protocol, 'weir.v1.json');
  sub.send({ type: 'hello' });
  assert.equal((await sub.welcome()).user, 'ann');
  const two = await d.client(t, { protocols: ['weir.v1.json', `weir.token.${d.token('bob')}`], ...header(good) });
  assert.equal(await code(two), 4001);
  const brief = await d.client(t, header(d.token('ann', '2s')));
  brief.send({ type: 'hello' });
  await brief.welcome();
  assert.equal(await code(brief), 4204);
});

test('limits of rates and errors', quick, async (t) => {
  const d = await Daemon.start(t, open('limits: {messages_per_second: 5, errors: 4}'));
  const c = await d.client(t);
  let refused = null;
  for (let i = 0; i < 40 && !refused; ++i) {
    const r = await c.ask({ type: 'subscribe', topic: 'a' });
    if (r.type === 'error') refused = r.payload;
  }
  assert.equal(refused.code, 'rate_limited');
  assert.ok(refused.retry_after_ms > 0 && refused.retry_after_ms <= 1000);
  await new Promise((go) => setTimeout(go, refused.retry_after_ms));
  assert.equal((await c.ask({ type: 'subscribe', topic: 'a' })).type, 'ok');

  const wrong = await d.client(t);
  for (let i = 0; i < 5; ++i) wrong.send('nonsense');
  assert.equal((await within(wrong.closed, 'close')).code, 4000);
  assert.ok(await d.metric('weir_errors_total', '{code="bad_request"}') >= 5);
});

test('time limits', quick, async (t) => {
  const d = await Daemon.start(t, open('session: {hello_timeout: 300ms, idle_timeout: 1s, max_lifetime: 0s}'));
  const silent = await d.client(t);
  assert.equal((await within(silent.closed, 'close')).code, 4000);
  const idle = await d.client(t);
  idle.send({ type: 'hello' });
  await idle.welcome();
  assert.equal((await within(idle.closed, 'close')).code, 4207);
  const old = await Daemon.start(t, open('session: {max_lifetime: 1s}'));
  const c = await old.client(t);
  c.send({ type: 'hello' });
  assert.equal((await within(c.closed, 'close')).code, 4205);
});

test('heartbeats in both modes', quick, async (t) => {
  const d = await Daemon.start(t, open('heartbeat: {interval: 1s, timeout: 500ms, min: 500ms, max: 10s}'));
  const answering = await d.client(t);
  answering.send({ type: 'hello' });
  const mute = await d.client(t, { autoPong: false });
  mute.send({ type: 'hello' });
  assert.equal((await within(mute.closed, 'close')).code, 4201);
  const speaking = await d.client(t);
  speaking.send({ type: 'hello', payload: { heartbeat: { mode: 'message', interval_ms: 500 } } });
  await speaking.next((m) => m.type === 'ping');
  speaking.send({ type: 'pong' });
  assert.equal((await within(speaking.closed, 'close')).code, 4201);
  assert.equal(answering.socket.readyState, 1);
  await until(async () => await d.metric('weir_heartbeat_rtt_seconds_count') >= 1, 'a measured heartbeat');
});

test('counts of connections', quick, async (t) => {
  const d = await Daemon.start(t, open('limits: {connections_per_user: 2, connections_per_ip: 4}'));
  const token = d.token('ann');
  const clients = [];
  for (let i = 0; i < 3; ++i) {
    const c = await d.client(t, { headers: { Authorization: `Bearer ${token}` } });
    c.send({ type: 'hello' });
    clients.push(c);
    if (i < 2) await c.welcome();
  }
  assert.equal((await within(clients[2].closed, 'close')).code, 4102);
  await until(async () => await d.metric('weir_connections', '{transport="websocket"}') === 2, 'two left');
  for (let i = 0; i < 2; ++i) (await d.client(t)).send({ type: 'hello' });
  const refused = await within((await d.client(t, { wait: false })).refused, 'refusal');
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers['retry-after']) >= 1);
});

test('what comes before the upgrade', quick, async (t) => {
  const d = await Daemon.start(t, open('origins: [same, "https://app.example.com"]\nlimits: {handshakes_per_ip_per_second: 10000}'));
  const base = { Host: `127.0.0.1:${d.port}`, Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  const status = async (line, headers, rest = '') => {
    const all = { ...base, ...headers };
    const head = Object.entries(all).filter(([, v]) => v !== null).map(([k, v]) => `${k}: ${v}\r\n`).join('');
    const answer = await rawRequest(d.port, `${line} HTTP/1.1\r\n${head}\r\n${rest}`, { end: true });
    return Number(answer.split(' ')[1]);
  };
  for (const [line, headers, expected, rest] of [
    ['GET /v1/ws', { Origin: 'https://evil.example' }, 403],
    ['GET /v1/ws', { Origin: 'null' }, 403],
    ['GET /v1/wss', { Connection: 'close', Upgrade: null }, 404],
    ['POST /v1/ws', { 'Content-Length': '0', Connection: 'close', Upgrade: null }, 405],
    ['GET /v1/ws', { Upgrade: null, Connection: 'close' }, 426],
    ['GET /v1/ws', { 'Sec-WebSocket-Version': '12' }, 426],
    ['GET /v1/ws', { 'Sec-WebSocket-Key': 'short' }, 400],
    ['GET /v1/ws', { 'Content-Length': '3' }, 400, 'abc'],
    ['GET /v1/ws', { 'Transfer-Encoding': 'chunked', 'Content-Length': '3' }, 400, 'abc'],
    ['GET /v1/ws', { 'Sec-WebSocket-Protocol': 'graphql-ws' }, 400],
    ['GET /metrics', { Connection: 'close', Upgrade: null }, 404],
    ['GET /api/v1/topics', { Connection: 'close', Upgrade: null }, 404],
    ['GET /v1/ws', { 'X-Long': 'y'.repeat(20_000) }, 431],
  ]) {
    assert.equal(await status(line, headers, rest), expected, `${line} ${JSON.stringify(headers).slice(0, 80)}`);
  }
  for (const origin of [`http://127.0.0.1:${d.port}`, 'https://app.example.com']) await d.client(t, { headers: { Origin: origin } });
  const binary = await d.client(t);
  binary.socket.send(Buffer.from([1, 2, 3]));
  assert.equal((await within(binary.closed, 'close')).code, 1003);
});
