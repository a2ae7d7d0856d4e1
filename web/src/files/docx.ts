// The text of a Word file: paragraphs, tabs and line breaks of word/document.xml.
import { unzipSync } from 'fflate';
import { FileError } from './extract';

const part = 'word/document.xml';
const largestPart = 100e6; // bytes when unpacked: a small zip can hold a great deal

function paragraphText(paragraph: Element): string {
  let text = '';
  for (const node of paragraph.getElementsByTagName('*')) {
    // Text boxes hold paragraphs of their own.
    if (node.closest('p') !== paragraph) continue;
    if (node.localName === 't') text += node.textContent ?? '';
    else if (node.localName === 'tab') text += '\t';
    else if (node.localName === 'br' || node.localName === 'cr') text += '\n';
  }
  return text;
}

/** Throws FileError when it is a zip of another kind. */
export function docxText(bytes: Uint8Array): string {
  let xml: Uint8Array | undefined;
  try {
    xml = unzipSync(bytes, { filter: (f) => f.name === part && f.originalSize <= largestPart })[part];
  } catch {
    throw new FileError('fileUnknown');
  }
  if (!xml) throw new FileError('fileUnknown');
  const document = new DOMParser().parseFromString(new TextDecoder().decode(xml), 'application/xml');
  return Array.from(document.getElementsByTagNameNS('*', 'p'), paragraphText).join('\n');
}
