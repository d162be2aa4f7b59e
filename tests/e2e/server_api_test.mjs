// The server API on what topics keep, on publishing once, and on sessions without a connection.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKey, Daemon, until, within } from './kit.mjs';

const rules = `auth: {anonymous: true, jwt: {secret: e2e-secret-0123456789abcdef0123456789}}
topics:
  - {match: "log.*", subscribe: anyone, publish: anyone, history: {messages: 1000, age: 1h}}
  - {match: "short.*", subscribe: anyone, publish: anyone, history: {messages: 2, age: 1h}}
  - {match: "ticker.*", subscribe: anyone, publish: anyone, state: {kind: keyed, keys: 3}}
  - {match: "room.*", subscribe: anyone, publish: anyone, presence: true}
  - {match: "**", subscribe: anyone, publish: anyone}
api:
  keys:
    - {name: e2e, key: ${apiKey}, scopes: ["*"]}
    - {name: reader, key: reader-${apiKey}, scopes: [read]}
    - {name: other, key: other-${apiKey}, scopes: [publish]}
`;
const offsets = (page) => page.messages.map((m) => m.offset);

test('history, page by page in both directions, and gone', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t, rules);
  for (const name of ['log.a', 'log.b', 'log.c']) {  // homes on both shards
    await d.api('publish/batch', [1, 2, 3, 4, 5].map((n) => ({ topic: name, event: 'e', payload: { n } })));
    const newest = (await d.api(`topics/${name}/history?last=2`)).json;
    assert.deepEqual(offsets(newest), [4, 5]);
    assert.equal(newest.more, true);
    const { epoch } = newest.position;
    assert.deepEqual(newest.position, { epoch, offset: 5 });
    const { time, ...message } = newest.messages[1];
    assert.deepEqual(message, { type: 'message', topic: name, event: 'e', offset: 5, payload: { n: 5 } });
    assert.equal(typeof time, 'number');
    const whole = (await d.api(`topics/${name}/history`)).json;
    assert.deepEqual([offsets(whole), whole.more], [[1, 2, 3, 4, 5], false]);
    const since = `since_epoch=${epoch}&since_offset`;
    const after = (await d.api(`topics/${name}/history?${since}=3`)).json;
    assert.deepEqual([offsets(after), after.more, after.missing], [[4, 5], false, undefined]);
    const before = (await d.api(`topics/${name}/history?${since}=4&last=2`)).json;
    assert.deepEqual([offsets(before), before.more], [[2, 3], true]);

    const facts = (await d.api(`topics/${name}`)).json;
    assert.deepEqual([facts.messages, facts.state_keys, facts.members], [5, 0, 0]);
    assert.ok(facts.bytes > 0);
    assert.equal((await d.api('topics')).json.topics.find((x) => x.topic === name).messages, 5);

    const path = `topics/${name}/history`;
    assert.equal((await d.api(path, undefined, { method: 'DELETE', key: `reader-${apiKey}` })).status, 403);
    assert.deepEqual((await d.api(path, undefined, { method: 'DELETE' })).json, { cleared: true });
    assert.deepEqual((await d.api(path, undefined, { method: 'DELETE' })).json, { cleared: false });
    const empty = (await d.api(`${path}?${since}=3`)).json;
    assert.deepEqual([offsets(empty), empty.position, empty.missing], [[], { epoch, offset: 5 }, { reason: 'trimmed', from: 4, to: 5, count: 2 }]);
    assert.equal((await d.api('publish', { topic: name, payload: 6 })).json.position.offset, 6);
  }
  await d.api('publish/batch', [1, 2, 3].map((payload) => ({ topic: 'short.a', payload })));
  const { epoch } = (await d.api('topics/short.a')).json.position;
  const cut = (await d.api(`topics/short.a/history?since_epoch=${epoch}&since_offset=0`)).json;
  assert.deepEqual([offsets(cut), cut.missing.reason, cut.missing.from, cut.missing.to], [[2, 3], 'trimmed', 1, 1]);

  for (const [path, status] of [
    ['topics/log.a/history?last=0', 400], ['topics/log.a/history?last=1001', 400], ['topics/log.a/history?last=x', 400],
    [`topics/log.a/history?since_epoch=${epoch}`, 400], ['topics/log.a/history?since_offset=1', 400],
    ['topics/log.a/history?since_epoch=no&since_offset=1', 400],
    ['topics/log.none/history', 404], ['topics/log.none/state', 404], ['topics/log.none/presence', 404],
  ]) assert.equal((await d.api(path)).status, status, path);
  for (const what of ['history', 'state']) {
    assert.equal((await d.api(`topics/log.none/${what}`, undefined, { method: 'DELETE' })).status, 404);
  }
});

test('state, presence, and what the bounds refuse', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t, rules);
  for (const key of ['a', 'b', 'c', 'a']) await d.api('publish', { topic: 'ticker.x', key, payload: key });
  const full = await d.api('publish', { topic: 'ticker.x', key: 'd', payload: 1 });
  assert.deepEqual([full.status, full.json.error.code, full.json.error.outcome], [409, 'limit_reached', 'not_stored']);
  const first = (await d.api('topics/ticker.x/state?limit=2')).json;
  assert.deepEqual([first.messages.map((m) => m.key), first.more], [['b', 'c'], true]);
  const { epoch } = first.position;
  const rest = (await d.api(`topics/ticker.x/state?since_epoch=${epoch}&since_offset=${first.messages[1].offset}`)).json;
  assert.deepEqual([rest.messages.map((m) => m.key), rest.more], [['a'], false]);
  assert.equal((await d.api('topics/ticker.x')).json.state_keys, 3);
  await until(async () => await d.metric('weir_rate_limited_total', '{limit="state_keys"}') === 1, 'counted');
  assert.deepEqual((await d.api('topics/ticker.x/state', undefined, { method: 'DELETE' })).json, { cleared: true });
  assert.deepEqual((await d.api('topics/ticker.x/state')).json.messages, []);

  const ann = await d.client(t, { headers: { Authorization: `Bearer ${d.token('ann')}` } });
  await ann.ask({ type: 'subscribe', topic: 'room.1' });
  const there = await until(async () => {
    const page = (await d.api('topics/room.1/presence')).json;
    return page.total === 1 && page;
  }, 'present');
  assert.deepEqual(there.members.map((m) => [m.user, m.connections]), [['ann', 1]]);
  assert.equal((await d.api('topics/room.1')).json.members, 1);
});

test('a dedupe id belongs to the key', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t, rules);
  const one = { topic: 'log.a', payload: 1, dedupe: 'x' };
  const first = await d.api('publish', one);
  assert.equal(first.status, 200);
  assert.deepEqual((await d.api('publish', one)).json, first.json);
  const other = await d.api('publish', { ...one, payload: 2 });
  assert.deepEqual([other.status, other.json.error.code, other.json.error.outcome], [409, 'conflict', 'not_stored']);
  const batch = (await d.api('publish/batch', [one, { ...one, payload: 2 }, { ...one, dedupe: 'y' }])).json;
  assert.deepEqual(batch.map((x) => x.position?.offset ?? x.error.code), [1, 'conflict', 2]);
  assert.equal((await d.api('publish', one, { key: `other-${apiKey}` })).json.position.offset, 3);
  // Users whose ids look like the key's.
  let offset = 3;
  for (const user of ['e2e', 'key:e2e', '$key:e2e']) {
    const client = await d.client(t, { headers: { Authorization: `Bearer ${d.token(user)}` } });
    const told = await client.ask({ type: 'publish', topic: 'log.a', payload: 1, dedupe: 'x' });
    assert.equal(told.payload.position.offset, ++offset, user);
  }
  for (const dedupe of ['', 'x'.repeat(129), 7]) {
    assert.equal((await d.api('publish', { ...one, dedupe })).status, 400, String(dedupe));
  }
});

test('a session that waits for its client', { timeout: 120_000 }, async (t) => {
  const d = await Daemon.start(t, rules);
  const ann = await d.client(t, { headers: { Authorization: `Bearer ${d.token('ann')}` } });
  await ann.ask({ type: 'subscribe', topic: 'log.a' });
  const { session } = await ann.welcome();
  const attached = (await d.api(`connections/${session}`)).json;
  assert.equal(attached.state, 'attached');
  assert.equal(attached.replay_frames, 1);
  assert.ok(attached.replay_bytes > 0);
  ann.socket.terminate();
  await within(ann.closed, 'closed');
  await until(async () => (await d.api(`connections/${session}`)).json.state === 'detached', 'detached');
  const away = (await d.api(`connections/${session}`)).json;
  assert.deepEqual([away.user, away.topics, away.replay_frames], ['ann', ['log.a'], 1]);
  assert.deepEqual((await d.api('connections')).json.connections, []);
});
