import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  server: { fs: { allow: ['..'] } },
  // The tests lie outside of this folder, where no package is found.
  resolve: { alias: { fflate: fileURLToPath(new URL('node_modules/fflate', import.meta.url)) } },
  test: {
    dir: '../tests/web/unit',
    globals: true,
    pool: 'threads',
    poolOptions: { threads: { singleThread: true } },
  },
});
