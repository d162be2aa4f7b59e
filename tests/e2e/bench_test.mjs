// weir-bench as its users see it: counts and reports, never speed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Daemon, binary, open, selfSigned, weir } from './kit.mjs';

const quick = { timeout: 120_000 };

function bench(...args) {
  const r = spawnSync(join(dirname(binary), 'weir-bench'), args, { encoding: 'utf8', timeout: 100_000 });
  let report;
  try { report = JSON.parse(r.stdout); } catch { report = undefined; }
  return { status: r.status, out: r.stdout, err: r.stderr, report };
}

const short = ['--rounds', '1', '--seconds', '0.2', '--json'];

test('the daemon says where its benchmarks are, and both programs have one version', quick, () => {
  const gone = weir(['bench', 'fanout']);
  assert.equal(gone.status, 2);
  assert.match(gone.err, /weir-bench/);
  const version = bench('--version');
  assert.equal(version.status, 0);
  assert.equal(version.out.trim().replace('weir-bench', 'weir'), weir(['version']).out.trim());
  for (const command of ['limit', 'fanout', 'echo', 'idle', 'soak', 'storm', 'target']) {
    const help = bench(command, '--help');
    assert.equal(help.status, 0, command);
    assert.match(help.out, /Options:/);
  }
  assert.equal(bench('fanuot').status, 2);
  assert.equal(bench('soak', '--seeds', '7..3').status, 2);
});

test('fanout starts the daemon beside it', quick, () => {
  const { status, err, report } = bench('fanout', '-n', '5', ...short);
  assert.equal(status, 0, err);
  assert.ok(report['deliveries per second'].median > 0);
  assert.ok(report['ratio to the limit, round by round'] !== undefined);
});

test('fanout compares a server with detached sessions with one without', quick, () => {
  const { status, err, report } = bench('fanout', '-n', '5', '--detached', '30', ...short);
  assert.equal(status, 0, err);
  assert.equal(report['detached sessions'].median, 30);
  assert.ok(report['per detached session'] !== undefined);
  assert.ok(report['ratio to that, round by round'] !== undefined);
});

test('fanout, echo and idle load a server that runs already', quick, async (t) => {
  const d = await Daemon.start(t, open('limits: {messages_per_second: 1000000, messages_per_second_per_user: 1000000}'));
  const metrics = ['--metrics', `http://127.0.0.1:${d.internal}/metrics`];
  const known = bench('fanout', '--url', d.url, ...metrics, '-n', '5', '--open-rate', '0', '--topic', 'mine', ...short);
  assert.equal(known.status, 0, known.err);
  assert.ok(known.report['server CPU per delivery'].median >= 0);
  const unknown = bench('fanout', '--url', d.url, '-n', '5', '--open-rate', '0', ...short);
  assert.equal(unknown.status, 0, unknown.err);
  assert.match(unknown.report['server CPU per delivery'], /not known/);
  const echo = bench('echo', '--url', d.url, '-n', '1', ...short);
  assert.equal(echo.status, 0, echo.err);
  assert.ok(echo.report['round trips per second'].median > 0);
  const idle = bench('idle', '--url', d.url, ...metrics, '-n', '5', '--open-rate', '0', '--watch', '0.1', '--json');
  assert.equal(idle.status, 0, idle.err);
  assert.ok(idle.report['resident memory per session'] !== undefined);
  assert.match(bench('idle', '--url', d.url, '-n', '1', '--json').err, /--metrics/);
});

test('a token, from a file too, and TLS reach the server', quick, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'weir-bench-e2e-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const { certificate, key } = selfSigned(directory);
  const d = await Daemon.start(t, open(`listen: {public: {tls: {certificate: ${certificate}, key: ${key}}}}`), { tls: true });
  const file = join(directory, 'token');
  writeFileSync(file, `${d.token('ann')}\n`);
  const members = ['fanout', '--url', d.url, '-n', '3', '--open-rate', '0', '--topic', 'members.a', ...short];
  assert.match(bench(...members).err, /insecure/);
  const stranger = bench(...members, '--insecure');
  assert.equal(stranger.status, 1);
  assert.match(stranger.err, /forbidden|unauthorized|4001/);
  const user = bench(...members, '--insecure', '--token-file', file);
  assert.equal(user.status, 0, user.err);
  assert.ok(user.report['deliveries per second'].median > 0);
});
