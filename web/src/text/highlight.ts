// Colours for code. Each piece is coloured once, however often the answer around it is drawn anew.
import hljs from 'highlight.js/lib/common';

const longest = 50_000; // characters; longer code is shown plain

/** HTML, or undefined for a language that is not known or code that is too long. */
export function highlight(code: string, language: string): string | undefined {
  if (!hljs.getLanguage(language) || code.length > longest) return undefined;
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}

const extensions: Record<string, string> = {
  py: 'python', js: 'javascript', ts: 'typescript', rs: 'rust', cc: 'cpp', h: 'cpp', hpp: 'cpp',
  sh: 'bash', yml: 'yaml', md: 'markdown', htm: 'html', kt: 'kotlin', rb: 'ruby', cs: 'csharp',
};

/** The language of a file, by its name; empty when unknown. */
export function languageOf(fileName: string): string {
  const extension = fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase();
  const name = extensions[extension] ?? extension;
  return hljs.getLanguage(name) ? name : '';
}
