/** Answers to reset that a profile may name, and the profiles of examples/cards. */
import { readdirSync, readFileSync } from 'node:fs'
import { SCHEMES } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { atrProtocol } from '../src/answer-to-reset.js'
import { parseCardProfile } from '../src/profile.js'
import { etcPurseProfile, personalisePurse } from '../src/purse-personalise.js'
import { parsePurseProfile } from '../src/purse-profile.js'

describe('an answer to reset', () => {
  it.each([
    ['3B00', 'T=0'],
    ['3F00', 'T=0'],
    // Of the Debian documentation of vsmartcard's virtual reader and of an EMV T=1 card ([EMV-B1] 8.3).
    ['3B6800000073C84000009000', 'T=0'],
    ['3BE000008131204535', 'T=1'],
    ['3B80800101', 'T=0'],
    ['3B801F', undefined],
    ['3B8001', undefined],
    ['3B8101', undefined],
    ['3B800181', 'T=1'],
    ['3B800180', undefined],
    ['3B800E8E', undefined],
    ['3B81018080', undefined],
    ['3BE000008131204534', undefined],
    ['3BE0000081312045', undefined],
    ['3B6800000073C840000090', undefined],
    ['3B0000', undefined],
    ['3C00', undefined],
    ['3B', undefined],
    ['3B80', undefined],
  ])('%s says %s', (atr, protocol) => expect(atrProtocol(atr)).toBe(protocol))
})

describe('the example profiles', () => {
  const PURSE = 'etc-purse.json'
  const folder = new URL('../../../examples/cards/', import.meta.url)
  const profiles = new Map(
    readdirSync(folder)
      .filter((file) => file !== PURSE)
      .map((file) => [file.slice(0, -5), parseCardProfile(example(file))]),
  )

  function example(file: string): unknown {
    return JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  }

  it.each(Object.keys(SCHEMES))('has one of %s', (scheme) =>
    expect(profiles.get(scheme)?.applications.map((one) => one.scheme)).toEqual([scheme]),
  )

  it('has one with two applications, and no other', () => {
    expect(profiles.get('two-applications')?.applications).toHaveLength(2)
    expect(profiles.size).toBe(Object.keys(SCHEMES).length + 1)
  })

  it('has one of an e-purse: the card of the test specification', () => {
    expect(personalisePurse(parsePurseProfile(example(PURSE))).save()).toEqual(
      personalisePurse(etcPurseProfile()).save(),
    )
    expect(() => parseCardProfile(example(PURSE))).toThrow('ERR_CARD')
  })
})
