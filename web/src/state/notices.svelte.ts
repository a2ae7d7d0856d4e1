// Short messages at the foot of the page, gone after some seconds.

export interface Notice {
  id: number;
  text: string;
  bad: boolean;
}

const shownFor = 6000; // milliseconds
let next = 0;

export const notices: Notice[] = $state([]);

export function notify(text: string, bad = false): void {
  const id = next++;
  notices.push({ id, text, bad });
  setTimeout(() => dismiss(id), shownFor);
}

export function dismiss(id: number): void {
  const at = notices.findIndex((n) => n.id === id);
  if (at !== -1) notices.splice(at, 1);
}
