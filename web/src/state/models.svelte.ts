// What the server can do: its models, their prices, and those it could fetch.
import { getJson } from '../api/client';
import type { Prices } from '../chat/usage';
import { settings } from './settings.svelte';

export interface Model {
  id: string;
  loaded: boolean;
  // Known once it is loaded:
  context?: number; // tokens
  parameters?: number;
  /** Whether it thinks before it answers: as asked, always, or never. */
  thinking?: 'switch' | 'always' | 'never';
  /** Whether it thinks when nobody says. */
  thinks?: boolean;
}

export interface CatalogEntry {
  id: string;
  gigabytes: number;
  licence: string;
  here: boolean;
}

interface Status {
  version: string;
  user: string;
  models: Model[];
  catalog: CatalogEntry[];
  prices: Record<string, Prices>;
}

export const server: Status = $state({ version: '', user: '', models: [], catalog: [], prices: {} });

/** The model that answers: the chosen one, if the server still has it. */
export function chosenModel(): Model | undefined {
  return server.models.find((m) => m.id === settings.model) ?? server.models[0];
}

/** Models that were trained to think lose by being kept from it; the switch still can. */
export function thinkingIsPossible(): boolean {
  return chosenModel()?.thinking !== 'never';
}

/** As the user chose, or else as the model was trained; undefined: nobody knows before it is loaded. */
export function wantedThinking(): boolean | undefined {
  return thinkingIsPossible() ? (settings.thinking ?? chosenModel()?.thinks) : false;
}

export function toggleThinking(): void {
  settings.thinking = !wantedThinking();
}

export async function loadStatus(): Promise<void> {
  Object.assign(server, await getJson<Status>('api/status'));
}
