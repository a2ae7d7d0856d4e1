// A model being fetched by the server.
import { getJson, postJson, request } from '../api/client';
import { loadStatus } from './models.svelte';
import { notify } from './notices.svelte';
import { t } from './texts.svelte';

interface Pull {
  model: string;
  done: number; // bytes
  total: number; // 0: not known yet
  running: boolean;
  error: string;
}

const askEvery = 1000; // milliseconds

export const pull: Pull = $state({ model: '', done: 0, total: 0, running: false, error: '' });

/** Looks until it is over; then the server has a model more. */
async function watch(): Promise<void> {
  while (pull.running) {
    await new Promise((resolve) => setTimeout(resolve, askEvery));
    Object.assign(pull, await getJson<Pull>('api/pulls'));
  }
  if (pull.error) notify(t('pullFailed', { message: pull.error }), true);
  await loadStatus();
}

export async function startPull(model: string): Promise<void> {
  Object.assign(pull, await postJson<Pull>('api/pulls', { model }));
  await watch();
}

export async function stopPull(): Promise<void> {
  await request('api/pulls', { method: 'DELETE' });
}

/** Takes up a fetch that was started before the page was loaded. */
export async function findPull(): Promise<void> {
  if (pull.running) return;
  Object.assign(pull, await getJson<Pull>('api/pulls'));
  if (pull.running) await watch();
}
