// Checks the committed build: it is what the sources give, its compressed forms are of the same files, it is within its
// budgets, no word is unused, and the sources run on React too.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

const WEB = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(WEB, 'dist')

/** What the page loads at once, by its own tags. */
const START = [...readFileSync(join(DIST, 'index.html'), 'utf8').matchAll(/\/desk\/([\w.-]+\.js)/g)].map((match) => match[1])
/** The most kilobytes, as brotli, of what a screen loads. */
const BUDGETS = [
  ['the start and an agent’s offers: scripts', 45, START],
  ['the start: styles', 8, ['app.css']],
  ['an admin’s start', 80, [...START, 'app.css', 'board.js']],
]
const CHUNK_BUDGET = 30

const problems = []

function build(runtime) {
  const into = mkdtempSync(join(tmpdir(), 'desk-'))
  const vite = join(WEB, 'node_modules/vite/bin/vite.js')
  const env = { ...process.env, DESK_RUNTIME: runtime, NODE_ENV: 'production' }
  execFileSync(process.execPath, [vite, 'build', '--logLevel', 'error', '--outDir', into, '--emptyOutDir'], { cwd: WEB, env, stdio: 'inherit' })
  return into
}

const isPlain = (name) => !name.endsWith('.br') && !name.endsWith('.gz')

const fresh = build('preact')
const wanted = readdirSync(fresh).sort()
const kept = readdirSync(DIST).sort()
if (wanted.join() !== kept.join()) problems.push(`web/dist has other files than a build: ${kept} instead of ${wanted}`)
for (const name of kept) {
  const bytes = readFileSync(join(DIST, name))
  if (isPlain(name)) {
    if (wanted.includes(name) && !bytes.equals(readFileSync(join(fresh, name)))) problems.push(`web/dist/${name} is stale`)
    continue
  }
  // Another version of Node can compress otherwise, so that what is inside is compared.
  const inside = name.endsWith('.br') ? brotliDecompressSync(bytes) : gunzipSync(bytes)
  if (!inside.equals(readFileSync(join(DIST, name.slice(0, -3))))) problems.push(`web/dist/${name} is not the file beside it`)
}
rmSync(fresh, { recursive: true })

const kilobytes = (name) => readFileSync(join(DIST, `${name}.br`)).length / 1000
for (const [what, most, files] of BUDGETS) {
  const size = files.reduce((sum, name) => sum + kilobytes(name), 0)
  console.log(`${what}: ${size.toFixed(1)} kB of ${most}`)
  if (size > most) problems.push(`${what}: ${size.toFixed(1)} kB, more than ${most}`)
}
for (const name of kept.filter((name) => name.endsWith('.js') && name !== 'app.js')) {
  if (kilobytes(name) > CHUNK_BUDGET) problems.push(`${name}: ${kilobytes(name).toFixed(1)} kB, more than ${CHUNK_BUDGET}`)
}

const sources = readdirSync(join(WEB, 'src'), { recursive: true }).filter((name) => /\.tsx?$/.test(name) && !/words\.\w\w\.ts$/.test(name))
const code = sources.map((name) => readFileSync(join(WEB, 'src', name), 'utf8')).join('\n')
const prefixes = [...code.matchAll(/`([\w.]+)\$\{/g)].map((match) => match[1])
const words = readFileSync(join(WEB, 'src/app/words.id.ts'), 'utf8')
for (const [, key] of words.matchAll(/^ {2}'([^']+)':/gm)) {
  if (!code.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix))) problems.push(`no screen uses the words '${key}'`)
}

// Every code with which the api refuses something has its words, but for those that no screen can be answered with.
const NOT_OF_SCREENS = ['confirm_password', 'epoch_is_over', 'not_the_owner', 'older_processes_live']
const told = JSON.parse(readFileSync(join(WEB, 'src/app/problems.json'), 'utf8'))
const rust = ['shared/src', 'api/src'].flatMap((folder) => {
  const root = join(WEB, '..', folder)
  return readdirSync(root, { recursive: true }).filter((name) => name.endsWith('.rs')).map((name) => readFileSync(join(root, name), 'utf8'))
})
const codes = new Set(rust.flatMap((text) => [...text.matchAll(/code: "(\w+)"|code = Some\("(\w+)"/g)].map((match) => match[1] ?? match[2])))
if (codes.size < 20) problems.push('the codes of the api were not found')
for (const code of codes) {
  if (!(code in told) && !NOT_OF_SCREENS.includes(code)) problems.push(`problems.json does not say what ${code} means`)
}
for (const [code, texts] of Object.entries(told)) {
  if (!texts.id || !texts.en) problems.push(`problems.json says ${code} in one language only`)
  if (!/^\d+$/.test(code) && !codes.has(code)) problems.push(`the api never answers ${code}, which problems.json has`)
}

rmSync(build('react'), { recursive: true })

if (problems.length > 0) {
  console.error(problems.join('\n'))
  console.error('run `./test web` and commit web/dist')
  process.exit(1)
}
