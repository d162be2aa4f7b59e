// Starts the finished daemon and talks to it as its users do. No fixed ports; every wait has a
// deadline; whatever was started ends with the test.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';

export const binary = process.env.WEIR_BINARY ?? new URL('../../build/release/weir', import.meta.url).pathname;
export const patience = 30_000;
export const apiKey = 'e2e-key-0123456789abcdef0123456789abcdef';
export const jwtSecret = 'e2e-secret-0123456789abcdef0123456789';

/** Fails when `promise` takes longer than `ms`. */
export function within(promise, what, ms = patience) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Calls `look` until it answers something true. */
export async function until(look, what, ms = patience) {
  const end = Date.now() + ms;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs `weir ARGS` to its end. */
export function weir(args, { input, env } = {}) {
  const r = spawnSync(binary, args, { input, encoding: 'utf8', timeout: patience, env: { ...process.env, ...env } });
  return { status: r.status, out: r.stdout, err: r.stderr };
}

/** A configuration that lets everybody do everything, with `extra` lines of YAML. */
export function open(extra = '') {
  return `auth: {anonymous: true, jwt: {secret: ${jwtSecret}}}
topics:
  - {match: "inbox.{user}", subscribe: owner, publish: authenticated}
  - {match: "members.**", subscribe: authenticated, publish: authenticated}
  - {match: "closed.**", subscribe: nobody, publish: nobody}
  - {match: "**", subscribe: anyone, publish: anyone}
api: {keys: [{name: e2e, key: ${apiKey}, scopes: ["*"]}, {name: reader, key: reader-${apiKey}, scopes: [read]}]}
${extra}`;
}

export class Daemon {
  static async start(t, yaml = open(), { args = [], tls = null } = {}) {
    const d = new Daemon();
    d.directory = mkdtempSync(join(tmpdir(), 'weir-e2e-'));
    d.file = join(d.directory, 'weir.yaml');
    writeFileSync(d.file, yaml, { mode: 0o600 });
    d.port = await freePort();
    d.internal = await freePort();
    d.tls = tls;
    d.args = ['serve', '-c', d.file, '--set', 'listen.public.address=127.0.0.1', '--set', `listen.public.port=${d.port}`,
      '--set', `listen.internal.port=${d.internal}`, '--set', 'shards=2', ...args];
    d.run();
    t.after(async () => { await d.kill(); rmSync(d.directory, { recursive: true, force: true }); });
    await d.ready();
    return d;
  }
  run() {
    this.log = '';
    this.child = spawn(binary, this.args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr.setEncoding('utf8').on('data', (s) => { this.log += s; });
    this.ended = once(this.child, 'exit').then(([code, signal]) => { this.exit = { code, signal }; return this.exit; });
  }
  async ready() {
    await until(async () => {
      if (this.exit) throw new Error(`the daemon ended: ${JSON.stringify(this.exit)}\n${this.log}`);
      try { return (await fetch(`http://127.0.0.1:${this.internal}/readyz`)).ok; } catch { return false; }
    }, 'daemon ready');
  }
  async kill() {
    if (!this.exit) this.child.kill('SIGKILL');
    await this.ended;
  }
  get url() { return `${this.tls ? 'wss' : 'ws'}://${this.tls ? 'localhost' : '127.0.0.1'}:${this.port}/v1/ws`; }

  async api(path, body, { key = apiKey, type = 'application/json', method } = {}) {
    const r = await fetch(`http://127.0.0.1:${this.internal}/api/v1/${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...(key ? { Authorization: `Bearer ${key}` } : {}), ...(body === undefined ? {} : { 'Content-Type': type }) },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await r.text();
    let json;
    try { json = JSON.parse(text); } catch { json = undefined; }
    return { status: r.status, json, text, headers: r.headers };
  }
  async metric(name, labels = '') {
    const text = await (await fetch(`http://127.0.0.1:${this.internal}/metrics`)).text();
    const line = text.split('\n').find((l) => l.startsWith(`${name}${labels} `));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  token(user, ttl = '1h') {
    const r = weir(['token', '-c', this.file, '--user', user, '--ttl', ttl]);
    if (r.status !== 0) throw new Error(r.err);
    return r.out.trim();
  }
  async client(t, options) { return Client.open(t, this.url, options); }
}

/** A stock WebSocket client that keeps what came. */
export class Client {
  static async open(t, url, { protocols = ['weir.v1.json'], wait = true, ...options } = {}) {
    const c = new Client();
    c.socket = new WebSocket(url, protocols, options);
    c.messages = [];
    c.raw = [];
    c.nextId = 1;
    c.waiters = new Set();
    c.socket.on('message', (data) => {
      const text = data.toString();
      c.raw.push(text);
      c.messages.push(JSON.parse(text));
      for (const w of c.waiters) w();
    });
    c.closed = new Promise((resolve) => {
      c.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    c.failed = new Promise((resolve) => c.socket.on('error', resolve));
    c.refused = new Promise((resolve) => c.socket.on('unexpected-response', (_, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (s) => { body += s; })
        .on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    }));
    t.after(() => c.socket.terminate());
    if (wait) await within(once(c.socket, 'open'), 'open');
    return c;
  }
  send(message) { this.socket.send(typeof message === 'string' ? message : JSON.stringify(message)); }
  /** The first message that came, or comes, for which `match` is true. */
  async next(match, what = 'message') {
    const look = () => this.messages.find(match);
    if (look()) return look();
    let wake;
    const found = new Promise((resolve) => { wake = () => { const m = look(); if (m) resolve(m); }; });
    this.waiters.add(wake);
    try { return await within(found, what); } finally { this.waiters.delete(wake); }
  }
  /** Sends with an id and answers with its `ok` or `error`. */
  async ask(message) {
    const id = `q${this.nextId++}`;
    this.send({ ...message, id });
    return this.next((m) => m.id === id && (m.type === 'ok' || m.type === 'error'), `answer to ${message.type}`);
  }
  async welcome() { return (await this.next((m) => m.type === 'welcome', 'welcome')).payload; }
  of(topic) { return this.messages.filter((m) => m.type === 'message' && m.topic === topic); }
  async count(topic, n) {
    await this.next(() => this.of(topic).length >= n, `${n} messages of ${topic}`);
    return this.of(topic);
  }
  async close() {
    this.socket.close(1000);
    return within(this.closed, 'close');
  }
}

/** Bytes over TCP, for what no client library would send. */
export async function rawRequest(port, bytes, { end = true } = {}) {
  const socket = createConnection(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (s) => { answer += s; }).on('error', () => {});
  await within(once(socket, 'connect'), 'connect');
  socket.write(bytes);
  if (end) await within(once(socket, 'close'), 'close');
  return answer;
}

/** A way to the daemon that can be cut. */
export class Cable {
  static async to(t, port) {
    const c = new Cable();
    c.plugged = true;
    c.ends = new Set();
    c.server = createServer((near) => {
      if (!c.plugged) { near.destroy(); return; }
      const far = createConnection(port, '127.0.0.1');
      for (const [a, b] of [[near, far], [far, near]]) {
        c.ends.add(a);
        a.on('error', () => {}).on('close', () => { c.ends.delete(a); b.destroy(); });
        a.pipe(b);
      }
    }).listen(0, '127.0.0.1');
    await once(c.server, 'listening');
    c.port = c.server.address().port;
    t.after(() => { c.cut(); c.server.close(); });
    return c;
  }
  cut() { this.plugged = false; for (const end of this.ends) end.destroy(); }
  plug() { this.plugged = true; }
}

export function selfSigned(directory) {
  const certificate = join(directory, 'cert.pem');
  const key = join(directory, 'key.pem');
  const r = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
  { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(r.stderr);
  return { certificate, key };
}
