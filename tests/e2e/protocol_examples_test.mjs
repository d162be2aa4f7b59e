// Every exchange of docs/protocol.md, played against a fresh daemon with the configuration of that page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Client, Daemon, until, within } from './kit.mjs';
import { fill, firstBlock, match, readExchanges, readPattern } from './protocol_examples.mjs';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const configuration = firstBlock(page, 'yaml');
const key = /key: "([^"]+)"/.exec(configuration)?.[1];
const exchanges = readExchanges(page);
const soon = 10_000;

/** One connection of an example: what came and is not accounted for, in its order. */
class Voice {
  unread = [];
  published = new Set();
  constructor(client) {
    this.client = client;
    this.taken = 0;
  }
  /** What keeps its order among its own kind only: a page may leave the welcome out, and answers to a
      publish and changes of presence overtake others. */
  kind(m) {
    if (m.type === 'welcome' || m.type === 'presence') return m.type;
    const answers = (m.type === 'ok' || m.type === 'error') && this.published.has(JSON.stringify(m.id));
    return answers ? `answer ${m.id}` : 'rest';
  }
  send(text) {
    const m = /"type":"publish"/.test(text) && /"id":("[^"]*"|\d+)/.exec(text);
    if (m) this.published.add(m[1]);
    this.client.send(text);
  }
  take() {
    this.unread.push(...this.client.messages.slice(this.taken));
    this.taken = this.client.messages.length;
    return this.unread;
  }
  /** The message that `wanted` is to be compared with. */
  async candidate(wanted) {
    const kind = this.kind(wanted);
    let close = null;
    this.client.closed.then((c) => { close = c; });
    const found = await until(() => this.take().find((m) => this.kind(m) === kind) ?? close, `a message like ${JSON.stringify(wanted)}`, soon);
    assert.notEqual(found, close, `closed with ${JSON.stringify(close)} instead`);
    this.unread.splice(this.unread.indexOf(found), 1);
    return found;
  }
  /** Nothing came that the page does not show. */
  async finish() {
    if (this.client.socket.readyState === 1) {
      this.client.send({ type: 'unsubscribe', id: 'the end', topic: 'the.end' });
      await this.client.next((m) => m.id === 'the end', 'the end');
    }
    this.take();
    const extra = this.unread.filter((m) => m.id !== 'the end' && m.type !== 'welcome');
    assert.deepEqual(extra, [], 'came and is not in the example');
  }
}

class Play {
  voices = new Map();
  bound = new Map();
  constructor(t, daemon) {
    this.t = t;
    this.daemon = daemon;
  }
  async voice({ who, user }) {
    const known = this.voices.get(who);
    if (known) return known;
    const headers = user === '' ? {} : { Authorization: `Bearer ${this.daemon.token(user)}` };
    const fresh = new Voice(await Client.open(this.t, this.daemon.url, { headers }));
    this.voices.set(who, fresh);
    return fresh;
  }
  /** A name without a connection: what it says next opens one. */
  async forget(who) {
    await within(this.voices.get(who).client.closed, 'the end of the connection');
    this.voices.delete(who);
    await until(async () => await this.daemon.metric('weir_connections', '{transport="websocket"}') === this.voices.size,
      'the server has noticed');
  }
  async step(s) {
    if (s.act === 'call') {
      const r = await this.daemon.api(s.path, s.body, { key });
      assert.ok(r.status >= 200 && r.status < 300, `${r.status} ${r.text}`);
    } else if (s.act === 'send') {
      if (/"…token"/u.test(s.text)) this.bound.set('token', this.daemon.token('ann'));
      (await this.voice(s)).send(fill(s.text, this.bound));
    } else if (s.act === 'expect') {
      const found = await (await this.voice(s)).candidate(s.message);
      try {
        match(s.message, found, this.bound);
      } catch (e) {
        throw new Error(`${e.message}\n  came: ${JSON.stringify(found)}`);
      }
    } else if (s.act === 'closed') {
      const { code, reason } = await within((await this.voice(s)).client.closed, `close ${s.code}`, soon);
      assert.equal(code, s.code, reason);
      await (await this.voice(s)).finish();
      await this.forget(s.who);
    } else {
      const { client } = this.voices.get(s.who);
      if (s.act === 'break') client.socket.terminate();
      if (s.act === 'close') client.socket.close(s.code);
      await this.forget(s.who);
    }
  }
}

test('the page shows a configuration and exchanges', () => {
  assert.ok(configuration, 'a block of yaml');
  assert.ok(key, 'an API key in it');
  assert.ok(exchanges.length > 10, `${exchanges.length} exchanges`);
  const fences = page.match(/^ *```.*$/gm).filter((_, i) => i % 2 === 0);
  for (const f of fences) assert.match(f, /^```(jsonl|yaml)$/, 'an example that nobody plays');
});

test('patterns match what they say and nothing else', () => {
  const says = (pattern, value) => { try { match(readPattern(pattern), value, new Map()); return true; } catch { return false; } };
  for (const [pattern, value, right] of [
    ['{"a":1}', { a: 1 }, true], ['{"a":1}', { a: 1, b: 2 }, false], ['{"a":1, …}', { a: 1, b: 2 }, true], ['{"a":1, …}', { b: 2 }, false],
    ['{"a":…}', { a: [1] }, true], ['{"a":…}', {}, false], ['{…}', { a: 1 }, true], ['[1, …]', [1, 2], true], ['[1, …]', [2], false],
    ['[1]', [1, 2], false], ['{"a":"x…"}', { a: 'xyz' }, true], ['{"a":"x…"}', { a: 'yx' }, false], ['{"a":"1"}', { a: 1 }, false],
    ['{"a":"…n","b":"…n"}', { a: 'q', b: 'q' }, true], ['{"a":"…n","b":"…n"}', { a: 'q', b: 'r' }, false], ['{"a":null}', { a: {} }, false],
  ]) assert.equal(says(pattern, value), right, `${pattern} ${JSON.stringify(value)}`);
  assert.throws(() => readExchanges('```jsonl\n-> {}\n```'), /line 2/);
  assert.throws(() => fill('{"a":"…unknown"}', new Map()), /not known/);
});

for (const { line, steps } of exchanges) {
  test(`docs/protocol.md:${line}`, { timeout: 120_000 }, async (t) => {
    const play = new Play(t, await Daemon.start(t, configuration));
    for (const s of steps) {
      try {
        await play.step(s);
      } catch (e) {
        throw new Error(`docs/protocol.md:${s.line}: ${s.text}\n  ${e.message}`, { cause: e });
      }
    }
    for (const [who, voice] of play.voices) {
      try {
        await voice.finish();
      } catch (e) {
        throw new Error(`docs/protocol.md:${line}: at the end, ${who || 'the client'}: ${e.message}`, { cause: e });
      }
    }
  });
}
