// The REST API, and the one shape of its errors.

const TIMEOUT_MS = 10_000;
const TOKEN_KEY = "apiToken";

/** A refusal or fault of the API; `status` 0 means that no answer came. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body.message);
    this.status = status;
    this.code = body.code;
    this.retryable = Boolean(body.retryable);
    this.details = body.details ?? {};
  }

  // Both parts of the page have this class; an error of one is an error of the other.
  static [Symbol.hasInstance](error) {
    return error?.constructor?.name === "ApiError";
  }
}

/** The caller's API token of this tab, or null. */
export function apiToken() {
  try {
    return sessionStorage.getItem(TOKEN_KEY);
  } catch {
    return null;
  }
}

export function keepApiToken(token) {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export function forgetApiToken() {
  sessionStorage.removeItem(TOKEN_KEY);
}

/** Send `body` (or nothing) by `method`; the answer's JSON. Throws ApiError. */
export function send(method, path, body = undefined) {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  // A session's writes carry the token of its cookie.
  const csrf = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  const headers = { "Content-Type": "application/json", ...(csrf ? { "X-CSRFToken": csrf } : {}) };
  return ask(path, { method, headers, ...json });
}

/** GET `path`; `query` values that are empty are left out. Throws ApiError, or AbortError when `signal` says so. */
export async function get(path, query = {}, signal = undefined) {
  const wanted = Object.entries(query).filter(
    ([, value]) => value !== "" && value !== null && value !== undefined,
  );
  const address = wanted.length ? `${path}?${new URLSearchParams(wanted)}` : path;
  return ask(address, {}, signal);
}

/** GET `path` as text, such as CSV. Throws ApiError. */
export const getText = (path) => ask(path, {}, undefined, (response) => response.text());

async function ask(address, { headers = {}, ...more }, signal = undefined, read = undefined) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const token = apiToken();
  try {
    const response = await fetch(address, {
      headers: { Accept: "application/json", ...headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      cache: "no-store",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...more,
    });
    return read && response.ok ? await read(response) : await answer(response);
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError(0, { code: "OFFLINE", message: "The engine does not answer", retryable: true });
  }
}

async function answer(response) {
  const isJson = response.headers.get("Content-Type")?.includes("json");
  const body = isJson
    ? await response.json()
    : { code: "UNEXPECTED", message: `The server answered ${response.status}` };
  if (response.ok && isJson) return body;
  throw new ApiError(response.status, body);
}

/** Whether an error means that this request was given up on purpose. */
export const isAbort = (error) => error?.name === "AbortError";
