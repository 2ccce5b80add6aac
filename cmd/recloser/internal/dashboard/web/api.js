// The HTTP API. Everything fails with an Error whose message can be shown.

import { segment } from './dom.js';

/** An answer that is not what was asked for. */
export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Goes to the login page, and comes back here after it. */
export function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

async function call(method, path, body, signal) {
  let res;
  try {
    res = await fetch(path, {
      method,
      signal,
      cache: 'no-store',
      credentials: 'same-origin',
      headers: body === undefined ? { Accept: 'application/json' }
        : { Accept: 'application/json', 'Content-Type': 'application/json', 'Recloser-Actor': 'page' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (err) {
    if (err.name === 'AbortError') throw err;
    throw new ApiError('The proxy’s admin listener cannot be reached.', 0);
  }
  if (res.status === 401) {
    toLogin();
    throw new ApiError('Your session has ended.', 401);
  }
  const data = await res.json().catch(() => null);
  if (!res.ok) throw new ApiError(data?.error?.message || `The answer was ${res.status} ${res.statusText}`.trim(), res.status);
  if (data == null) throw new ApiError('The answer was no JSON.', res.status);
  return data;
}

/** What one circuit's page shows, of a range of times (RFC 3339). */
export const getDetail = (name, from, to, signal) =>
  call('GET', `/api/circuits/${segment(name)}/detail?from=${from}&to=${to}`, undefined, signal);

/** @param {'normal'|'observe'|'forced-open'|'disabled'} mode */
export const setMode = (name, mode) => call('POST', `/api/circuits/${segment(name)}/mode`, { mode });

/** Closes a circuit and lets it forget what it counted. */
export const resetCircuit = (name) => call('POST', `/api/circuits/${segment(name)}/reset`, {});

/** Lets all calls through, whatever circuits say, or ends that. */
export const setBypass = (on) => call('POST', '/api/bypass', { on });

/** What fires, what did within the last 30 days, and where alerts go. */
export const getAlerts = (signal) => call('GET', '/api/alerts?last=30d', undefined, signal);

/** @param {{for: string} | {until: string|null}} until null: no longer */
export const muteAlert = (key, until) => call('POST', '/api/alerts/mute', { key, ...until });

/** Lets a gate forget its limits. A gate of a key as such has an empty model. */
export const resetGate = (key, model) => call('POST', `/api/gates/${segment(key)}${model ? `/${segment(model)}` : ''}/reset`, {});
