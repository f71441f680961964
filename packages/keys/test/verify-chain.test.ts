/** The whole chain of vectors/unionpay-field55-chain.json: request, answer, script result, next requests, contactless. */
import { readFileSync } from 'node:fs'
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import {
  answerApplicationCryptogram,
  createKey,
  type KeySet,
  parseField55,
  verifyApplicationCryptogram,
} from '../src/index.js'

const path = new URL('../../../vectors/unionpay-field55-chain.json', import.meta.url)
const chain = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
const bytes = (name: string): Uint8Array => fromHex(chain[name] ?? '', name)
const card = { pan: chain['pan'] ?? '', panSequence: chain['psn'] ?? '' }
const keySets: readonly KeySet[] = [
  {
    dki: 1,
    algorithm: 'tdes',
    ac: createKey('tdes', 'issuer', 'AC', bytes('imkAc')),
    mac: createKey('tdes', 'issuer', 'MAC', bytes('imkMac')),
    enc: createKey('tdes', 'issuer', 'ENC', bytes('imkEnc')),
  },
]

describe('the chain', () => {
  it.each([
    ['request', 'pboc', 0x64, 0, []],
    ['nextRequestOk', 'pboc', 0x65, 2, []],
    ['nextRequestScriptFailed', 'pboc', 0x65, 2, ['scriptFailed']],
    ['contactlessCvn17', 'pboc-cvn17', 0x66, 0, []],
  ] as const)('%s is valid', (name, scheme, atc, scriptCounter, set) => {
    const verdict = verifyApplicationCryptogram({ card, keySets, field55: bytes(name) })
    expect(verdict).toMatchObject({
      ok: true,
      code: 'V',
      cryptogramValid: true,
      findings: [],
      scheme,
      algorithm: 'tdes',
      dki: 1,
      type: 'ARQC',
      atc,
      padding: 2,
      missing: [],
      tolerances: [],
      cvr: { values: { scriptCounter } },
      idd: { id: 1, macVerdict: 'valid' },
      cvmResults: { values: { method: 'encipheredPinOnline' } },
      terminalCapabilities: { table: 'terminal-capabilities' },
    })
    expect(verdict.cvr?.set.map((flag) => flag.name)).toEqual(set)
    expect(verdict.proven).toEqual(scheme === 'pboc' ? { cvr: true, tvr: true } : { cvr: false, tvr: false })
  })

  it('is answered with tag 91 of the published answer', () => {
    const { verdict, answer } = answerApplicationCryptogram(
      { card, keySets, field55: bytes('request') },
      { arc: fromHex('3030') },
    )
    expect(verdict.code).toBe('V')
    expect(toHex(answer?.tag91 ?? new Uint8Array(0))).toBe((chain['response'] ?? '').slice(0, 24))
    expect(answer?.method).toBe(1)
  })

  it('takes the values of a script result from the request that it belongs to', () => {
    const original = parseField55(bytes('request')).tags
    const notice = { card, keySets, field55: bytes('scriptResult0620') }
    const alone = verifyApplicationCryptogram(notice)
    expect(alone).toMatchObject({ code: 'U', missing: ['9F02', '5F2A', '9C'], type: 'TC', cryptogramValid: undefined })

    const verdict = verifyApplicationCryptogram({ ...notice, original, expectedType: 'TC' })
    expect(verdict).toMatchObject({ code: 'V', type: 'TC', atc: 0x64, idd: { macVerdict: 'valid' } })
    expect(verdict.tolerances.map(({ name, tag }) => `${name} ${tag}`)).toEqual([
      'from-original 9F02',
      'from-original 9F03',
      'from-original 5F2A',
      'from-original 9C',
    ])
    expect(toHex(verdict.tags.get('DF31') ?? new Uint8Array(0))).toBe('2000000A01')
    expect(verifyApplicationCryptogram({ ...notice, original })).toMatchObject({ code: 'G', cryptogramValid: true })
  })
})
