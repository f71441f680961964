/**
 * `node scripts/bundle.mjs`, behind every build: the packages that small programs start with become one file each. Node
 * takes half a millisecond to load a module, and they have a hundred: a program that derives one key would wait for them
 * three times as long as for the key. Only files of the package go in; other packages stay imports.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

for (const name of ['apdu', 'keys']) {
  const dist = join(ROOT, 'packages', name, 'dist')
  const outfile = join(dist, 'bundle.js')
  const { outputFiles } = buildSync({
    entryPoints: [join(dist, 'index.js')],
    outfile,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    // What is not there need not be read; names stay, for errors and stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
  })
  const [{ text }] = outputFiles
  // A file that stays as it is keeps its time.
  if (!existsSync(outfile) || readFileSync(outfile, 'utf8') !== text) writeFileSync(outfile, text)
}
