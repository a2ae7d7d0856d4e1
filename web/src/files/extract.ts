// Files as text, read in the browser: they reach the server only as part of a question.
import type { Attachment } from '../chat/types';

export const largest = 20; // MB

export type Problem = 'fileTooBig' | 'fileNoText' | 'fileUnknown';

export class FileError extends Error {
  constructor(readonly problem: Problem) {
    super(problem);
  }
}

/** Text in UTF-8 or UTF-16; undefined for anything else. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const utf16 = { 'ff fe': 'utf-16le', 'fe ff': 'utf-16be' }[
    Array.from(bytes.slice(0, 2), (b) => b.toString(16)).join(' ')
  ];
  try {
    const text = new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return Array.from(magic).every((c, i) => bytes[i] === c.charCodeAt(0));
}

async function textOf(bytes: Uint8Array): Promise<string> {
  if (startsWith(bytes, '%PDF-')) return (await import('./pdf')).pdfText(bytes);
  if (startsWith(bytes, 'PK\x03\x04')) return (await import('./docx')).docxText(bytes);
  const text = decodeText(bytes);
  if (text === undefined) throw new FileError('fileUnknown');
  return text;
}

/** Throws FileError when the file cannot be read as text. */
export async function extract(file: File): Promise<Attachment> {
  if (file.size > largest * 1e6) throw new FileError('fileTooBig');
  const text = (await textOf(new Uint8Array(await file.arrayBuffer()))).trim();
  if (!text) throw new FileError('fileNoText');
  return { name: file.name, text };
}
