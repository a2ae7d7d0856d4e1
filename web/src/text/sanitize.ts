// The last gate before HTML reaches the page: only what Markdown and formulas need passes.
import DOMPurify from 'dompurify';

export function sanitize(html: string): string {
  return DOMPurify.sanitize(html, {
    USE_PROFILES: { html: true, mathMl: true },
    ADD_ATTR: ['target'],
    FORBID_TAGS: ['style', 'form', 'input', 'img', 'audio', 'video', 'picture', 'source', 'dialog'],
    FORBID_ATTR: ['style', 'id', 'name'],
    // The LaTeX source inside of a formula would be shown as text.
    FORBID_CONTENTS: ['annotation', 'style', 'script'],
  });
}
