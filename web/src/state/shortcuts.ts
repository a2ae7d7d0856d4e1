// Keys that work anywhere on the page.
import type { Key } from '../i18n/en';

export type Shortcut = 'new' | 'search' | 'focus' | 'stop' | 'think';

const mac = /mac|iphone|ipad/i.test(navigator.platform);
const control = mac ? '⌘' : 'Ctrl';

/** As the settings list them. */
export const shortcutList: { keys: string[]; label: Key }[] = [
  { keys: ['Enter'], label: 'shortcutSend' },
  { keys: ['Esc'], label: 'shortcutStop' },
  { keys: [control, 'Shift', 'O'], label: 'shortcutNew' },
  { keys: [control, 'K'], label: 'shortcutSearch' },
  { keys: ['/'], label: 'shortcutFocus' },
  { keys: ['Alt', 'T'], label: 'shortcutThink' },
];

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, dialog, [popover]') !== null;
}

/** Whether Escape has something nearer to close than the answer. */
function closesSomething(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open], :popover-open')) return true;
  return target instanceof Element && target.closest('.editor, li input') !== null;
}

/** What a key press asks for. Letters go by their place on the keyboard, for Arabic ones too. */
export function shortcutOf(event: KeyboardEvent): Shortcut | undefined {
  const command = mac ? event.metaKey : event.ctrlKey;
  if (command && event.shiftKey && event.code === 'KeyO') return 'new';
  if (command && !event.shiftKey && event.code === 'KeyK') return 'search';
  if (event.altKey && event.code === 'KeyT') return 'think';
  if (event.key === '/' && !isTyping(event.target)) return 'focus';
  if (event.key === 'Escape' && !closesSomething(event.target)) return 'stop';
  return undefined;
}
