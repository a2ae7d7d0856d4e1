/** Gives the user a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replace(/[\p{Cc}/\\:*?"<>|]/gu, ' ').trim();
  link.click();
  URL.revokeObjectURL(url);
}
