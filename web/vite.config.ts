// Builds the desk into `dist/` under stable names. Every address carries the hash of the whole build (`?v=`), so that the
// api can have browsers keep the files for ever.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import preact from '@preact/preset-vite'
import tailwind from '@tailwindcss/vite'
import { defineConfig, type Plugin } from 'vite'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Adds `?v=` to every address of a file of the build, and writes each file as brotli and gzip too. */
function stable(): Plugin {
  return {
    name: 'stable-names',
    writeBundle({ dir = '' }) {
      const names = readdirSync(dir).sort()
      const texts = new Map(names.map((name) => [name, readFileSync(join(dir, name), 'utf8')]))
      const hash = createHash('sha256')
      for (const [name, text] of texts) hash.update(name).update(text)
      const version = hash.digest('hex').slice(0, 10)
      const files = names.filter((name) => /\.(js|css)$/.test(name)).join('|').replaceAll('.', '\\.')
      const quoted = new RegExp(`(["'\`])((?:\\./|/desk/|desk/)?)(${files})\\1`, 'g')
      for (const [name, text] of texts) {
        const versioned = Buffer.from(text.replace(quoted, (_, quote, folder, file) => `${quote}${folder}${file}?v=${version}${quote}`))
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }
        writeFileSync(join(dir, name), versioned)
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(versioned, quality))
        writeFileSync(join(dir, `${name}.gz`), gzipSync(versioned, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  base: '/desk/',
  // The components are written for React. Without the alias of Preact's plugin they run on React: `npm run check` builds both.
  plugins: [process.env.DESK_RUNTIME === 'react' ? [] : preact(), tailwind(), stable()],
  resolve: {
    alias: {
      '@client/base': at('../openapi/client/src/client.gen.ts'),
      '@client/hooks': at('../openapi/client/src/@tanstack/react-query.gen.ts'),
      '@client': at('../openapi/client/src/index.ts'),
      '@tanstack/react-query': at('./node_modules/@tanstack/react-query'),
    },
  },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        entryFileNames: 'app.js',
        chunkFileNames: '[name].js',
        assetFileNames: (asset) => (asset.names[0]?.endsWith('.css') ? 'app.css' : '[name][extname]'),
      },
    },
  },
  server: { proxy: { '/api': 'http://localhost:3001', '/webhooks': 'http://localhost:3001' } },
})
