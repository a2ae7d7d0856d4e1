// Requests to the server that this page came from.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const keyName = 'frugal.key';

export function apiKey(): string {
  return localStorage.getItem(keyName) ?? '';
}

export function setApiKey(key: string): void {
  if (key) localStorage.setItem(keyName, key);
  else localStorage.removeItem(keyName);
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  let message = text;
  try {
    message = JSON.parse(text).error.message ?? text;
  } catch {
    // Not of our server: a proxy in between speaks its own way.
  }
  return new ApiError(response.status, message || response.statusText);
}

/** Sends a request with the key. Throws ApiError when the answer is not 2xx. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (apiKey()) headers.set('Authorization', `Bearer ${apiKey()}`);
  if (init.body) headers.set('Content-Type', 'application/json');
  const response = await fetch(path, { ...init, headers });
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** Sends a body, and gives the answer. */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
  return (await request(path, { method: 'POST', body: JSON.stringify(body) })).json();
}

export async function getJson<T>(path: string): Promise<T> {
  return (await request(path)).json();
}
