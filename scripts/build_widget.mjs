// Builds the widget into one file: `node scripts/build_widget.mjs`. With `--check` nothing is written; it exits 1 when
// the committed file is not what the sources give. Either way it exits 1 when the file is over its budget.

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync } from 'node:zlib'
import { build, transform } from 'esbuild'

const BUDGET = 6144
const WIDGET = new URL('../comments_service/widget/', import.meta.url).pathname
const EMBED = `${WIDGET}dist/embed.js`
const TARGET = ['es2022', 'chrome123', 'firefox121', 'safari17.5']

/** The stylesheet becomes a string in the script, minified first. */
const styles = {
  name: 'styles',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { loader: 'css', minify: true, target: TARGET })
      return { contents: code.trim(), loader: 'text' }
    })
  },
}

const built = await build({
  entryPoints: [`${WIDGET}src/embed.js`],
  bundle: true,
  charset: 'utf8',
  format: 'iife',
  legalComments: 'none',
  minify: true,
  plugins: [styles],
  target: TARGET,
  write: false,
})
const code = built.outputFiles[0].contents
const size = brotliCompressSync(code).length
const integrity = createHash('sha384').update(code).digest('base64')

if (process.argv.includes('--check')) {
  if (!readFileSync(EMBED).equals(code)) fail('embed.js is stale: run "npm run build" and commit the result.')
} else {
  writeFileSync(EMBED, code)
}
if (size > BUDGET) fail(`embed.js has ${size} bytes under brotli, ${size - BUDGET} over its budget of ${BUDGET}.`)
console.log(`embed.js: ${code.length} bytes, ${size} under brotli of ${BUDGET}; integrity="sha384-${integrity}"`)

function fail(sentence) {
  console.error(sentence)
  process.exitCode = 1
}
