// Clients that keep one session for the whole run, and beside each a service that verifies its access tokens. Every other client
// refreshes when its access token is refused, since it has expired; the rest about once a second, so that new keys soon sign. Now
// and then a user logs in elsewhere, too.
import http from 'k6/http';
import { check, sleep } from 'k6';
import encoding from 'k6/encoding';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

const API = __ENV.API_URL;
const PASSWORD = 'correct horse battery staple';
const JSON_BODY = { 'Content-Type': 'application/json' };
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export const options = {
  vus: Number(__ENV.CLIENTS),
  duration: __ENV.DURATION,
  // Not one answer may be another than is due.
  thresholds: { checks: ['rate==1.0'] },
};

const due401s = new Counter('due_401s');
const verified = new Counter('verified');

// Seconds, as in a token's `exp`. The stack runs on this machine, so its clock is the same.
const now = () => Date.now() / 1000;

// The log gets a line for everything that is wrong.
function expect(holds, name, found) {
  check(null, { [name]: () => holds });
  if (!holds) console.log(`undue, client ${exec.vu.idInTest}, ${new Date().toISOString()}: ${name}: ${found}`);
  return holds;
}

function post(endpoint, body, status) {
  const answer = http.post(`${API}/api/${endpoint}/`, JSON.stringify(body), { headers: JSON_BODY, tags: { name: endpoint } });
  const holds = expect(answer.status === status, `${endpoint} ${status}`, `${answer.status} ${answer.body}`);
  return holds ? answer.json() : null;
}

// What this client has: its account, the tokens of its session, and the kinds of tokens that it has seen.
const account = { email: null, password: PASSWORD };
let tokens = null;
const seen = {};

function parts(token) {
  const [header, claims, signature] = token.split('.');
  const json = (part) => JSON.parse(encoding.b64decode(part, 'rawurl', 's'));
  return {
    header: json(header),
    claims: json(claims),
    signed: Uint8Array.from([...`${header}.${claims}`].map((character) => character.charCodeAt(0))),
    signature: encoding.b64decode(signature, 'rawurl'),
  };
}

// The log gets a line for each key that signed for this client.
function keep(received) {
  tokens = { ...tokens, ...received };
  const { alg, kid } = parts(tokens.access).header;
  if (!seen[`${alg} ${kid}`]) console.log(`key ${alg} ${kid}`);
  seen[`${alg} ${kid}`] = true;
}

// A refresh is never refused. If it is, the client is logged out, and its user logs in again.
function refresh() {
  const received = post('refresh', { refresh: tokens.refresh }, 200) || post('login', account, 200);
  if (received !== null) keep(received);
}

// Until it expires an access token is accepted, and not one second longer. A token that expires under way may get either answer.
function readProfile() {
  const { exp } = parts(tokens.access).claims;
  const headers = { Authorization: `Bearer ${tokens.access}` };
  const sentAt = now();
  const answer = http.get(`${API}/api/me/`, { headers, tags: { name: 'me' } });
  const isDue401 = answer.status === 401 && now() >= exp;
  const is200 = answer.status === 200 && sentAt < exp;
  const left = (exp - sentAt).toFixed(1);
  expect(is200 || isDue401, 'me 200, or 401 after exp', `${answer.status} with ${left} s left: ${answer.body}`);
  if (isDue401) due401s.add(1);
  return answer.status;
}

// The other service's key set. It is kept for as long as it may be, and not fetched again for a key that is not in it.
let keySet = null;

async function fetchKeySet() {
  const sentAt = now();
  const answer = http.get(`${API}/.well-known/jwks.json`, { tags: { name: 'jwks' } });
  const maxAge = /max-age=(\d+)/.exec(answer.headers['Cache-Control']);
  if (!expect(answer.status === 200 && maxAge !== null, 'jwks 200', `${answer.status} ${answer.body}`)) return;
  const keys = {};
  for (const jwk of answer.json('keys')) {
    keys[jwk.kid] = await crypto.subtle.importKey('jwk', jwk, ECDSA, false, ['verify']);
  }
  keySet = { keys, until: sentAt + Number(maxAge[1]) };
}

async function verify(token) {
  const { header, claims, signed, signature } = parts(token);
  // With HS256 only this service itself can verify, and what has expired needs no key.
  if (header.alg !== 'ES256' || now() >= claims.exp) return;
  if (keySet === null || now() >= keySet.until) await fetchKeySet();
  const key = keySet && keySet.keys[header.kid];
  const left = (claims.exp - now()).toFixed(1);
  if (!expect(Boolean(key), 'kid in the cached key set', `${header.kid} with ${left} s left is not`)) return;
  const isGood = await crypto.subtle.verify(ECDSA, key, signature, signed);
  if (expect(isGood, 'ES256 signature', header.kid)) verified.add(1);
}

async function step() {
  if (account.email === null) {
    account.email = `client${exec.vu.idInTest}@example.com`;
    post('register', account, 201);
  }
  if (tokens === null) {
    const received = post('login', account, 200);
    if (received === null) return;
    keep(received);
  }
  await verify(tokens.access);
  const isEager = exec.vu.idInTest % 2 === 0;
  const dice = Math.random();
  if (readProfile() === 401 || (isEager && dice < 0.2)) refresh();
  else if (dice > 0.97) {
    const elsewhere = post('login', account, 200);
    if (elsewhere !== null) await verify(elsewhere.access);
  }
}

export default async function () {
  try {
    await step();
  } catch (error) {
    expect(false, 'no exception', `${error} ${error.stack}`);
  }
  sleep(0.1 + Math.random() * 0.2);
}

// For the script: requests, due 401s, signatures verified, and what was not due.
export function handleSummary({ metrics }) {
  const values = (name) => (metrics[name] ? metrics[name].values : {});
  const counts = [values('http_reqs').count, values('due_401s').count, values('verified').count, values('checks').fails];
  return { [__ENV.SUMMARY]: `${counts.map((count) => count || 0).join(' ')}\n` };
}
