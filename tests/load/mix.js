// 70 % read their profile, 20 % refresh, 5 % log in, 5 % register; each client waits for its answer before it goes on.
import http from 'k6/http';
import { check } from 'k6';
import exec from 'k6/execution';

const API = __ENV.API_URL;
const USERS = Number(__ENV.USERS);
const PASSWORD = 'correct horse battery staple';
const JSON_BODY = { 'Content-Type': 'application/json' };

export const options = {
  vus: Number(__ENV.CLIENTS),
  duration: __ENV.DURATION,
  // Not one answer may be another than is due.
  thresholds: { checks: ['rate==1.0'], http_req_failed: ['rate==0.0'] },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

function post(endpoint, body) {
  return http.post(`${API}/api/${endpoint}/`, JSON.stringify(body), { headers: JSON_BODY, tags: { name: endpoint } });
}

// The tokens of this client, whose access token is fresh enough for the whole run only if it logs in and refreshes.
let tokens = null;

function logIn() {
  const email = `user${Math.floor(Math.random() * USERS)}@example.com`;
  const answer = post('login', { email, password: PASSWORD });
  check(answer, { 'login 200': (a) => a.status === 200 });
  tokens = answer.json();
}

function refresh() {
  const answer = post('refresh', { refresh: tokens.refresh });
  check(answer, { 'refresh 200': (a) => a.status === 200 });
  tokens.access = answer.json('access');
}

function readProfile() {
  const headers = { Authorization: `Bearer ${tokens.access}` };
  const answer = http.get(`${API}/api/me/`, { headers, tags: { name: 'me' } });
  check(answer, { 'me 200': (a) => a.status === 200 });
}

function register() {
  const email = `new-${exec.vu.idInTest}-${exec.vu.iterationInInstance}-${Date.now()}@example.com`;
  const answer = post('register', { email, password: PASSWORD });
  check(answer, { 'register 201': (a) => a.status === 201 });
}

export default function () {
  if (tokens === null) logIn();
  const dice = Math.random();
  if (dice < 0.7) readProfile();
  else if (dice < 0.9) refresh();
  else if (dice < 0.95) logIn();
  else register();
}
