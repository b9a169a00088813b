'use strict';
// The status page: reads the API every two seconds, and computes rates from the differences.

const PERIOD_MS = 2000;
const SERVICES_PERIOD_MS = 10000;
const MAX_SERVICES = 1000; // of more, the tables would be megabytes every time
const MAX_ROWS = 300;
const MAX_FLOWS = 5000; // of a page of the API
const MS = 1000;

const byId = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat('en');
let token = sessionStorage.getItem('weft-token');
let paused = false;
let busy = false;
let former = null; // ports and drops of the last reading, and when it was
let services = null;
let servicesAt = -Infinity;

class Unauthorized extends Error {}

/** The JSON document at a path of the API; null while the process that provides it is down. */
async function read(path) {
  const answer = await fetch(path, {headers: token ? {Authorization: 'Bearer ' + token} : {}, cache: 'no-cache'});
  if (answer.status === 401 || answer.status === 403) { throw new Unauthorized(); }
  if (answer.status === 503) { return null; }
  if (!answer.ok) { throw new Error(path + ': ' + answer.status); }
  return answer.json();
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) { made.className = className; }
  return made;
}

/** Replaces the rows of a table; a cell is a text, or [text, class]. The first cell of a row is its heading. */
function fill(id, rows, empty) {
  const body = byId(id).tBodies[0];
  const columns = byId(id).tHead.rows[0].cells.length;
  if (rows.length === 0) {
    const cell = element('td', empty, 'note');
    cell.colSpan = columns;
    const row = document.createElement('tr');
    row.append(cell);
    body.replaceChildren(row);
    return;
  }
  body.replaceChildren(...rows.map((cells) => {
    const row = document.createElement('tr');
    cells.forEach((cell, column) => {
      const [text, className] = Array.isArray(cell) ? cell : [cell, ''];
      const made = element(column === 0 ? 'th' : 'td', text, className);
      if (column === 0) { made.scope = 'row'; }
      row.append(made);
    });
    return row;
  }));
}

const number = (value) => [numbers.format(value), 'number'];
const millis = (micros) => [micros < 1e6 ? (micros / 1e3).toFixed(1) + ' ms' : (micros / 1e6).toFixed(1) + ' s', 'number'];

/** A state that the dataplane reports, or reported when it last ran. */
const reported = (state, good, running) => running ? [state, good ? 'good' : 'bad'] : ['was ' + state, 'note'];

/** Per second, from two readings of a counter; a counter that has become smaller has begun again. */
function rate(now, before, seconds) {
  if (before === undefined || now < before) { return ['–', 'number']; }
  return [numbers.format(Math.round((now - before) / seconds)), 'number'];
}

function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / MS));
  return seconds < 120 ? seconds + ' s' : Math.floor(seconds / 60) + ' min';
}

// -- the parts -------------------------------------------------------------------------------------------------------

/** A text, unless the number that it says is not known, because a process does not run. */
const known = (value, text) => value < 0 ? 'unknown' : text;

function showState(node) {
  const {dataplane, controlPlane, tables} = node;
  byId('node').textContent = node.node;
  document.title = 'Weft ' + node.node;
  const stale = controlPlane.stale
    ? 'stale for ' + duration(Date.now() - controlPlane.staleSinceMillis) + ': ' + controlPlane.stale : 'up to date';
  const facts = [
    ['Dataplane', dataplane.running ? 'running, ' + dataplane.workers + (dataplane.workers === 1 ? ' worker' : ' workers') : 'DOWN', dataplane.running],
    ['Control plane', controlPlane.running ? 'running' : 'DOWN', controlPlane.running],
    ['Source ' + controlPlane.source, stale, !controlPlane.stale],
    ['Uplink', known(dataplane.uplinkMtu, dataplane.uplink + ', ' + dataplane.uplinkMode + ', MTU ' + dataplane.uplinkMtu)],
    ['Flows', known(dataplane.flowCapacity,
      numbers.format(dataplane.flows) + ' of ' + numbers.format(dataplane.flowCapacity) + ' entries')],
    ['Tables', known(tables.generation, 'generation ' + tables.generation + ', in use: '
      + known(dataplane.appliedGeneration, dataplane.appliedGeneration))],
    ['Pod addresses', controlPlane.addressesGiven + ' allocated, ' + controlPlane.addressesFree + ' free in '
      + controlPlane.podCidr],
  ];
  byId('facts').replaceChildren(...facts.map(([name, text, good]) => {
    const pair = document.createElement('div');
    pair.append(element('dt', name), element('dd', text, good === undefined ? '' : good ? 'good' : 'bad'));
    return pair;
  }));
  const problems = [dataplane.fault, dataplane.frontends, ...controlPlane.errors, ...controlPlane.problems]
    .filter((line) => line);
  byId('problems').replaceChildren(...problems.slice(0, MAX_ROWS).map((line) => element('li', line)));
  showWrites(controlPlane.operator);
  const wrong = [!dataplane.running && 'the dataplane is down', !controlPlane.running && 'the control plane is down',
    controlPlane.stale && 'the source is stale', problems.length > 0 && problems.length + ' problem(s)']
    .filter((line) => line);
  summarize(wrong.length === 0 ? 'All is well' : wrong.join(', '), wrong.length === 0);
  const latency = controlPlane.updateLatency;
  fill('latency', latency.count === 0 ? [] : [[number(latency.count), millis(latency.p50Micros),
    millis(latency.p90Micros), millis(latency.p99Micros), millis(latency.maxMicros)]], 'No change yet');
}

function showWrites(writes) {
  byId('writes-part').hidden = writes.length === 0;
  byId('writes').replaceChildren(...writes.slice(0, MAX_ROWS).map((write) => element('li', write.write + ', for '
    + duration(Date.now() - write.sinceMillis) + (write.comment ? ' (' + write.comment + ')' : '') + ': ' + write.use)));
}

/** Assistive technology reads this text when it changes, so it changes only when the state does. */
function summarize(text, good) {
  const summary = byId('summary');
  if (summary.textContent !== text) { summary.textContent = text; }
  summary.className = good ? 'good' : 'bad';
}

function showPorts(ports, before, seconds, running) {
  fill('ports', ports.map((port) => {
    const last = before.get(port.name) || {};
    return [port.name, port.pod, reported(port.state, port.state === 'up', running), port.mode,
      rate(port.rxFrames, last.rxFrames, seconds), rate(port.txFrames, last.txFrames, seconds),
      rate(port.drops, last.drops, seconds), rate(port.missed, last.missed, seconds)];
  }), 'No port: the dataplane is down');
}

function showDrops(drops, before, seconds) {
  fill('drops', drops.map((drop) => [drop.reason, number(drop.frames),
    rate(drop.frames, before.get(drop.reason) === undefined ? 0 : before.get(drop.reason), seconds), drop.from]),
  'No frame has been dropped');
}

function showTunnels(tunnels, running) {
  fill('tunnels', tunnels.map((tunnel) => [tunnel.node, tunnel.endpoint, tunnel.podCidr, tunnel.runs, tunnel.nextHop,
    reported(tunnel.state, tunnel.state === 'resolved', running)]), 'No other node');
}

/** Flows by Service and backend. Only the original direction counts, so that each connection does once. */
function countFlows(flows) {
  const counts = new Map();
  for (const flow of flows) {
    if (flow.service && flow.direction === 'original') {
      for (const key of [flow.service, flow.service + ' ' + flow.newDestination]) {
        counts.set(key, (counts.get(key) || 0) + 1);
      }
    }
  }
  return counts;
}

async function readServices(count) {
  if (performance.now() - servicesAt < SERVICES_PERIOD_MS) { return; }
  servicesAt = performance.now();
  if (count > MAX_SERVICES) {
    services = {rows: [], note: numbers.format(count) + ' frontends are too many for this page: weft show services'};
    return;
  }
  const [backends, flows] = await Promise.all([read('api/v1/backends'), read('api/v1/flows?limit=' + MAX_FLOWS)]);
  const counts = countFlows(flows || []);
  services = {
    rows: (backends || []).map((backend) => {
      const target = backend.backend + ':' + backend.backendPort;
      const own = counts.get(backend.service + ' ' + target) || 0;
      const all = counts.get(backend.service) || 0;
      return [backend.service, backend.address + ':' + backend.port + '/' + backend.protocol, backend.kind,
        target + (backend.local ? ' (this node)' : ''),
        backend.operator ? [backend.operator + ': ' + backend.use, 'bad'] : backend.use, number(own),
        [all === 0 ? '–' : (100 * own / all).toFixed(0) + ' %', 'number']];
    }),
    note: flows && flows.length >= MAX_FLOWS ? 'Shares are of the first ' + numbers.format(MAX_FLOWS)
      + ' entries of the flow table.' : '',
  };
}

function showServices() {
  const wanted = byId('filter').value.trim();
  const rows = services === null ? [] : services.rows.filter((row) => row[0].includes(wanted));
  byId('services-note').textContent = services === null ? '' : services.note
    + (rows.length > MAX_ROWS ? ' The first ' + MAX_ROWS + ' of ' + numbers.format(rows.length) + ' rows.' : '');
  fill('services', rows.slice(0, MAX_ROWS), 'None');
}

// -- the loop --------------------------------------------------------------------------------------------------------

async function refresh() {
  const node = await read('api/v1/node');
  const [ports, drops, tunnels] = await Promise.all(['ports', 'drops', 'tunnels'].map((name) => read('api/v1/' + name)));
  await readServices(node.tables.services);
  const now = performance.now();
  const seconds = former === null ? 1 : (now - former.at) / MS;
  showState(node);
  showPorts(ports || [], former === null ? new Map() : former.ports, seconds, node.dataplane.running);
  showDrops(drops || [], former === null ? new Map((drops || []).map((drop) => [drop.reason, drop.frames]))
    : former.drops, seconds);
  showTunnels(tunnels || [], node.dataplane.running);
  showServices();
  former = {at: now, ports: new Map((ports || []).map((port) => [port.name, port])),
    drops: new Map((drops || []).map((drop) => [drop.reason, drop.frames]))};
  byId('updated').textContent = 'as of ' + new Date().toLocaleTimeString();
  byId('login').hidden = true;
  byId('figures').hidden = false;
}

function askForToken() {
  byId('login-error').textContent = token ? 'The node does not know this token.' : '';
  token = null;
  sessionStorage.removeItem('weft-token');
  byId('figures').hidden = true;
  if (byId('login').hidden) {
    byId('login').hidden = false;
    byId('token').focus();
  }
  summarize('A token is needed', false);
}

async function tick() {
  if (busy || paused || document.hidden) { return; }
  busy = true;
  try {
    await refresh();
  } catch (e) {
    if (e instanceof Unauthorized) {
      askForToken();
    } else {
      summarize('The control plane does not answer: these are the last figures', false);
    }
  } finally {
    busy = false;
  }
}

byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  token = byId('token').value.trim();
  byId('token').value = '';
  sessionStorage.setItem('weft-token', token);
  tick();
});
byId('pause').addEventListener('click', () => {
  paused = !paused;
  byId('pause').setAttribute('aria-pressed', String(paused));
  tick();
});
byId('filter').addEventListener('input', showServices);
document.addEventListener('visibilitychange', tick);
setInterval(() => { if (token !== null || !byId('figures').hidden || byId('login').hidden) { tick(); } }, PERIOD_MS);
tick();
