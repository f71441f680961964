/** The corpus in the tree: fuzz/corpus/<target>/*.hex, one input a file: a comment line (#), then hexadecimal digits. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fromHex } from '../packages/apdu/src/index.js'

const FOLDER = fileURLToPath(new URL('corpus/', import.meta.url))

/** File name -> input, in the order of the names. */
export function readCorpus(target: string): Map<string, Uint8Array> {
  const folder = `${FOLDER}${target}`
  if (!existsSync(folder)) return new Map()
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.hex'))
    .sort()
  return new Map(names.map((name) => [name, parseInput(readFileSync(`${folder}/${name}`, 'utf8'), name)]))
}

/** The bytes of one corpus file. */
export function parseInput(text: string, label: string): Uint8Array {
  if (!text.startsWith('# ')) throw new Error(`${label}: the first line must say what the input is`)
  return fromHex(text.replaceAll(/^#.*$/gm, '').replaceAll(/\s/g, ''), label)
}
