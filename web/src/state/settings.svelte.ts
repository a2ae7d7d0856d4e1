// What the user chose; kept in this browser.
import { isLanguage, preferredLanguage, type Language } from '../i18n/translate';

export interface Settings {
  language: Language;
  theme: 'system' | 'light' | 'dark';
  /** Where chats are kept. */
  keep: 'server' | 'browser';
  model: string;
  /** Null: as the model does by itself. */
  thinking: boolean | null;
  system: string;
  // Empty: what the server does by default.
  temperature: number | null;
  topP: number | null;
  maxTokens: number | null;
  seed: number | null;
}

const name = 'frugal.settings';

function load(): Settings {
  const defaults: Settings = {
    language: preferredLanguage(navigator.languages),
    theme: 'system',
    keep: 'server',
    model: '',
    thinking: null,
    system: '',
    temperature: null,
    topP: null,
    maxTokens: null,
    seed: null,
  };
  try {
    const stored = { ...defaults, ...JSON.parse(localStorage.getItem(name) ?? '{}') };
    if (!isLanguage(stored.language)) stored.language = defaults.language;
    return stored;
  } catch {
    return defaults;
  }
}

export const settings: Settings = $state(load());

/** Keeps the settings and shows language, direction and theme. Runs inside of an effect. */
export function applySettings(): void {
  localStorage.setItem(name, JSON.stringify(settings));
  const root = document.documentElement;
  root.lang = settings.language;
  root.dir = settings.language === 'ar' ? 'rtl' : 'ltr';
  if (settings.theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = settings.theme;
}
