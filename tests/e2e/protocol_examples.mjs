// Reads the exchanges of a Markdown page, and matches what a server says against them.
//
//   ann → {…}     ann's connection sends; without a name it is somebody anonymous
//   ann ← {…}     the next message that it gets
//   ann ← close 4200
//   ann → close 1000
//   ann ✕         the connection breaks; what ann sends next opens another one
//   ann' → {…}    another connection of the same user
//   POST send {…} a call of the server API
//
// `…` stands for any value, at the end of an object or list for any others, in a text for any rest;
// "…name" is the same value throughout its block.
import assert from 'node:assert/strict';

const rest = '\u0000rest';
const statement = /^(?:([a-z]+)('*) )?(→|←|✕)(?: (.*))?$/u;

/** The first block of a language; null: none. */
export function firstBlock(text, language) {
  return new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(text)?.[1] ?? null;
}

/** Blocks of `jsonl` as [{line, steps: [{line, who, user, act, …}]}]. Throws on what it cannot read. */
export function readExchanges(text) {
  const blocks = [];
  let block = null;
  text.split('\n').forEach((raw, i) => {
    const line = i + 1;
    if (block === null) {
      if (raw.trim() === '```jsonl') block = { line, steps: [] };
    } else if (raw.trim() === '```') {
      assert.ok(block.steps.length > 0, `line ${block.line}: an empty exchange`);
      blocks.push(block);
      block = null;
    } else if (raw.trim() !== '') {
      block.steps.push({ line, text: raw, ...readStep(raw, line) });
    }
  });
  assert.equal(block, null, 'an exchange is not closed');
  return blocks;
}

function readStep(raw, line) {
  const call = /^POST (\S+) (\{.*\})$/.exec(raw);
  if (call) return { act: 'call', path: call[1], body: JSON.parse(call[2]) };
  const found = statement.exec(raw.replace(/ +/, ' ').trim());
  assert.ok(found, `line ${line}: not a line of an exchange: ${raw}`);
  const [, user = '', primes = '', arrow, what = ''] = found;
  const who = { who: user + primes, user };
  if (arrow === '✕') return { ...who, act: 'break' };
  const sends = arrow === '→';
  const close = /^close (\d{4})$/.exec(what);
  if (close) return { ...who, act: sends ? 'close' : 'closed', code: Number(close[1]) };
  try {
    // What is sent goes out as it is written, so that the page may show what a server refuses.
    return sends ? { ...who, act: 'send', text: what } : { ...who, act: 'expect', message: readPattern(what) };
  } catch (e) {
    throw new Error(`line ${line}: ${e.message}: ${what}`);
  }
}

/** JSON in which … may stand outside of strings. */
export function readPattern(text) {
  const json = text.replace(/"(?:[^"\\]|\\.)*"|([{[,]\s*)…(?=\s*([}\]]))|…/gu, (all, before, after) => {
    if (all.startsWith('"')) return all;
    if (before === undefined) return '"…"';
    return before + JSON.stringify(rest) + (after === '}' ? ':0' : '');
  });
  return JSON.parse(json);
}

/** Puts what is bound into a text to be sent. */
export function fill(text, bound) {
  return text.replace(/"…([a-z]+)"/gu, (_, name) => {
    assert.ok(bound.has(name), `…${name} is not known at this point`);
    return JSON.stringify(bound.get(name));
  });
}

/** Throws where `actual` is not what `wanted` says; binds names in `bound`. */
export function match(wanted, actual, bound, path = '') {
  if (typeof wanted === 'string' && wanted.includes('…')) return matchText(wanted, actual, bound, path);
  if (Array.isArray(wanted)) {
    assert.ok(Array.isArray(actual), `${path}: not a list`);
    const open = wanted.at(-1) === rest;
    const items = open ? wanted.slice(0, -1) : wanted;
    assert.ok(open ? actual.length >= items.length : actual.length === items.length, `${path}: ${actual.length} items`);
    items.forEach((item, i) => match(item, actual[i], bound, `${path}[${i}]`));
  } else if (wanted !== null && typeof wanted === 'object') {
    assert.ok(actual !== null && typeof actual === 'object' && !Array.isArray(actual), `${path}: not an object`);
    const keys = Object.keys(wanted).filter((k) => k !== rest);
    for (const k of keys) {
      assert.ok(k in actual, `${path}.${k} is missing`);
      match(wanted[k], actual[k], bound, `${path}.${k}`);
    }
    if (rest in wanted) return;
    for (const k of Object.keys(actual)) assert.ok(keys.includes(k), `${path}.${k} is not in the example`);
  } else {
    assert.deepEqual(actual, wanted, path);
  }
}

function matchText(wanted, actual, bound, path) {
  const name = /^…([a-z]+)$/u.exec(wanted)?.[1];
  if (name !== undefined) {
    if (bound.has(name)) assert.equal(actual, bound.get(name), `${path} is not the …${name} from before`);
    bound.set(name, actual);
  } else if (wanted !== '…') {
    const parts = wanted.split('…').map((p) => p.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    assert.match(String(actual), new RegExp(`^${parts.join('.*')}$`, 's'), path);
  }
}
