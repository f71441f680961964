/** scriptor sends bytes and prints bytes: the habits of T=0 as another program sees them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VirtualReader } from '../packages/terminal/src/index.js'
import { exampleCard, insert, READERS, remove, run } from './support.js'

let inserted: VirtualReader
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scriptor-'))
  inserted = await insert(exampleCard('pboc', { protocol: 'T=0' }))
})
afterAll(async () => {
  await remove(inserted)
  rmSync(folder, { recursive: true })
})

/** The answers that scriptor prints to commands, in hexadecimal without blanks. */
async function answers(...commands: string[]): Promise<string[]> {
  const file = join(folder, 'commands')
  writeFileSync(file, `reset\n${commands.join('\n')}\n`)
  const { stdout } = await run('scriptor', ['-r', READERS[0].name, '-p', 'T=0', file])
  const said = [...stdout.matchAll(/^< ([0-9A-F ]+(?:\n[0-9A-F ]+)*?) :/gm)].map(([, hex = '']) =>
    hex.replace(/\s/g, ''),
  )
  return said
}

const SELECT = '00 A4 04 00 07 A0 00 00 03 33 01 01'

describe('T=0 through scriptor', () => {
  it('announces the FCI with 61XX and gives it by GET RESPONSE', async () => {
    const [announced = ''] = await answers(SELECT)
    expect(announced).toMatch(/^61[0-9A-F]{2}$/)
    const length = announced.slice(2)
    const [, fci = ''] = await answers(SELECT, `00 C0 00 00 ${length}`)
    expect(fci).toMatch(/^6F.*84..A000000333.*9000$/)
    expect(fci.length / 2).toBe(Number.parseInt(length, 16) + 2)
  })
  it('corrects a length with 6CXX, and then gives the record', async () => {
    const [, corrected = ''] = await answers(SELECT, '00 B2 01 0C 00')
    expect(corrected).toMatch(/^6C[0-9A-F]{2}$/)
    const [, record = ''] = await answers(SELECT, `00 B2 01 0C ${corrected.slice(2)}`)
    expect(record).toMatch(/^70.*9000$/)
  })
  it('gives up the answer when another command comes between', async () => {
    expect((await answers(SELECT, '00 84 00 00 08', '00 C0 00 00 10'))[2]).toBe('6D00')
  })
  it('corrects the length of GET RESPONSE without losing the answer', async () => {
    const [, corrected = '', fci = ''] = await answers(SELECT, '00 C0 00 00 00', '00 C0 00 00 05')
    expect(corrected).toMatch(/^6C[0-9A-F]{2}$/)
    expect(fci).toMatch(/^6F........61[0-9A-F]{2}$/)
  })
  it('has nothing to give where nothing is pending', async () => {
    expect(await answers('00 C0 00 00 10')).toEqual(['6D00'])
  })
})
