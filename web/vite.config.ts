import { cpSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

// Character maps of Chinese, Japanese and Korean PDF files, which pdf.js loads by name when needed.
function pdfCharacterMaps(): Plugin {
  return {
    name: 'pdf-character-maps',
    apply: 'build',
    writeBundle(options) {
      cpSync('node_modules/pdfjs-dist/cmaps', `${options.dir}/cmaps`, { recursive: true });
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [svelte(), pdfCharacterMaps()],
  build: {
    // The page's security policy allows no data: URLs for scripts, styles and fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    target: 'es2022',
  },
  worker: { format: 'es' },
});
