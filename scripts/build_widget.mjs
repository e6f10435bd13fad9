// Builds the widget into one file: `node scripts/build_widget.mjs`. With `--check` nothing is written; it exits 1 when
// the committed file is not what the sources give. Either way it exits 1 when the file is over its budget.

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync } from 'node:zlib'
import { build, transform } from 'esbuild'
import { minify } from 'terser'

const BUDGET = 6144
const WIDGET = new URL('../comments_service/widget/', import.meta.url).pathname
const EMBED = `${WIDGET}dist/embed.js`
// Names that only the script itself uses: never those of the browser, of the service's answers, or of what is stored.
const OWN_NAMES =
  /^(answers|buttons|complain|depth|home|ids|isNewestFirst|keep|memory|offer|problem|put|recall|refresh|replies|restore|send|stand|tell|visit)$/
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
  format: 'iife',
  legalComments: 'none',
  minify: true,
  plugins: [styles],
  mangleProps: OWN_NAMES,
  target: TARGET,
  write: false,
})
// A second opinion: what esbuild leaves, terser makes a twentieth smaller. Which of its ways suits brotli best is luck.
const ways = ['hoist_funs', 'hoist_vars', 'sequences', 'join_vars', 'conditionals', 'collapse_vars', 'reduce_vars', 'inline', 'if_return']
const several = await Promise.all(
  ways.flatMap((way) => [true, false].map((is) => shorten(built.outputFiles[0].text, { [way]: is }))),
)
const code = several.reduce((best, other) => (weigh(other) < weigh(best) ? other : best))
const size = weigh(code)
const integrity = createHash('sha384').update(code).digest('base64')

if (process.argv.includes('--check')) {
  if (!readFileSync(EMBED).equals(code)) fail('embed.js is stale: run "npm run build" and commit the result.')
} else {
  writeFileSync(EMBED, code)
}
if (size > BUDGET) fail(`embed.js has ${size} bytes under brotli, ${size - BUDGET} over its budget of ${BUDGET}.`)
console.log(`embed.js: ${code.length} bytes, ${size} under brotli of ${BUDGET}; integrity="sha384-${integrity}"`)

async function shorten(script, way) {
  const compress = { passes: 3, keep_fargs: false, unsafe_arrows: true, ...way }
  return Buffer.from((await minify(script, { ecma: 2022, compress })).code)
}

function weigh(bytes) {
  return brotliCompressSync(bytes).length
}

function fail(sentence) {
  console.error(sentence)
  process.exitCode = 1
}
