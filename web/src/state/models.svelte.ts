// The models of the server.
import { getJson } from '../api/client';
import { settings } from './settings.svelte';

export interface Model {
  id: string;
}

export const models: { list: Model[]; failed: string } = $state({ list: [], failed: '' });

/** The model that answers: the chosen one, if the server still has it. */
export function chosenModel(): Model | undefined {
  return models.list.find((m) => m.id === settings.model) ?? models.list[0];
}

export async function loadModels(): Promise<void> {
  try {
    models.list = (await getJson<{ data: Model[] }>('models')).data;
    models.failed = '';
  } catch (error) {
    models.failed = String((error as Error).message);
    throw error;
  }
}
