// Builds the widget into one file, and beside it the solver that it fetches in a flood: `node scripts/build_widget.mjs`.
// With `--check` nothing is written; it exits 1 when a committed file is not what the sources give. Either way it exits 1
// when a file is over its budget.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync } from 'node:zlib'
import { build, transform } from 'esbuild'
import { minify } from 'uglify-js'

const BUDGET = 6144
const SOLVER_BUDGET = 400
const WIDGET = new URL('../comments_service/widget/', import.meta.url).pathname
const EMBED = `${WIDGET}dist/embed.js`
const SOLVER = `${WIDGET}dist/pow.js`
// Names that only the script itself uses: never those of the browser, of the service's answers, or of what is stored.
const OWN_NAMES =
  /^(answers|article|buttons|complain|depth|element|follow|grow|heading|home|list|memory|note|offer|order|path|problem|put|read|recall|refresh|refusal|replies|say|send|show|stand|tell|turn|visit|write)$/
const TARGET = ['es2022', 'chrome123', 'firefox121', 'safari17.5']

/** The stylesheet becomes a string in the script, minified first; the spaces in custom properties esbuild leaves to us. */
const styles = {
  name: 'styles',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { loader: 'css', minify: true, target: TARGET })
      const contents = code.trim().replace(/(--\w+:|[,/*]) /g, '$1').replace(/ (?=[/*)])/g, '')
      return { contents, loader: 'text' }
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
// A second opinion: what esbuild leaves, UglifyJS makes a twentieth smaller. Which of its ways suits brotli best is luck, so
// it goes without each that does not serve.
const WAYS = ['arrows', 'collapse_vars', 'comparisons', 'join_vars', 'negate_iife', 'rests', 'strings', 'varify']
let chosen = { inline: 2, passes: 4 }
let code = shorten(chosen)
for (const way of WAYS) {
  const without = { ...chosen, [way]: false }
  const other = shorten(without)
  if (weigh(other) < weigh(code)) [code, chosen] = [other, without]
}
keep(EMBED, code, BUDGET)

const solver = await build({
  entryPoints: [`${WIDGET}src/pow.js`],
  format: 'esm',
  legalComments: 'none',
  minify: true,
  target: TARGET,
  write: false,
})
keep(SOLVER, Buffer.from(solver.outputFiles[0].contents), SOLVER_BUDGET)

/** Write `code` to the file at `path`, or see that it is there, and hold it to its budget. */
function keep(path, code, budget) {
  const name = path.split('/').pop()
  const size = weigh(code)
  const integrity = createHash('sha384').update(code).digest('base64')
  if (!process.argv.includes('--check')) {
    writeFileSync(path, code)
  } else if (!existsSync(path) || !readFileSync(path).equals(code)) {
    fail(`${name} is stale: run "npm run build" and commit the result.`)
  }
  if (size > budget) fail(`${name} has ${size} bytes under brotli, ${size - budget} over its budget of ${budget}.`)
  console.log(`${name}: ${code.length} bytes, ${size} under brotli of ${budget}; integrity="sha384-${integrity}"`)
}

function shorten(compress) {
  const { code, error } = minify(built.outputFiles[0].text, { compress })
  if (error) throw error
  return Buffer.from(code)
}

function weigh(bytes) {
  return brotliCompressSync(bytes).length
}

function fail(sentence) {
  console.error(sentence)
  process.exitCode = 1
}
