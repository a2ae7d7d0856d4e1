// The text of a PDF file, page by page, in lines.
import { getDocument, GlobalWorkerOptions } from 'pdfjs-dist/legacy/build/pdf.mjs';
import workerUrl from 'pdfjs-dist/legacy/build/pdf.worker.mjs?url';
import { FileError } from './extract';

GlobalWorkerOptions.workerSrc = workerUrl;

/** Throws FileError when pdf.js cannot read it. */
export async function pdfText(bytes: Uint8Array): Promise<string> {
  const task = getDocument({
    data: bytes,
    cMapUrl: new URL('cmaps/', document.baseURI).href,
    cMapPacked: true,
    isEvalSupported: false, // nor does the page's security policy allow it
    useWasm: false, // only pictures would need it
  });
  try {
    const pdf = await task.promise;
    const pages: string[] = [];
    for (let i = 1; i <= pdf.numPages; ++i) {
      const { items } = await (await pdf.getPage(i)).getTextContent();
      pages.push(items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join(''));
    }
    return pages.join('\n\n');
  } catch {
    throw new FileError('fileUnknown');
  } finally {
    void task.destroy();
  }
}
