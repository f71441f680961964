/** Every row of the schemes: the card's cryptograms before the host side of keys, and before OpenSSL. */
import { createCipheriv } from 'node:crypto'
import { concat, fromHex, toHex } from '@issuerkit/apdu'
import {
  answerApplicationCryptogram,
  createKey,
  deriveIccMasterKey,
  parseIssuerApplicationData,
  SCHEMES,
  type SchemeName,
  scheme,
  verifyApplicationCryptogram,
} from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import { type Answer, application, authenticate, CDOL1, generate, TERMINAL } from './support/application.js'

const IMK = '0123456789ABCDEFFEDCBA9876543210'
const CARD = { pan: '1234567890123456', panSequence: '00' }
const names = Object.keys(SCHEMES) as SchemeName[]

function imkOf(name: SchemeName) {
  return createKey(scheme(name).algorithm, 'issuer', 'AC', fromHex(IMK))
}

/** A card of the scheme, with tag 91 in CDOL2 where that is the family's way. */
function cardOf(name: SchemeName) {
  const { family, iccKey } = scheme(name)
  const inline = family === 'mastercard' || family === 'ccd' || family === 'interac'
  const length = SCHEMES[name].arpc.method === 1 ? '0A' : '10'
  const context = application({
    scheme: name,
    key: toHex(deriveIccMasterKey(imkOf(name), CARD, iccKey).expose()),
    config: { cdol2: `8A02${inline ? `91${length}` : ''}${CDOL1}`, aip: inline ? '7800' : '7C00', dki: 5 },
    objects: { 'data/9F17': '03' },
  })
  return { context, inline }
}

function message(answer: Answer): ReadonlyMap<string, Uint8Array> {
  const tags: Record<string, string> = {
    ...TERMINAL,
    '9F27': toHex(Uint8Array.of(answer.cid)),
    '9F26': answer.cryptogram,
    '9F10': answer.iad,
    '9F36': '0010',
    '82': '',
  }
  return new Map(Object.entries(tags).map(([tag, value]) => [tag, fromHex(value)]))
}

describe.each(names)('%s', (name) => {
  const { context, inline } = cardOf(name)
  const tagsOf = (answer: Answer): ReadonlyMap<string, Uint8Array> =>
    new Map([...message(answer), ['82', fromHex(context.config.aip)]])
  const keySets = [{ dki: 5, algorithm: scheme(name).algorithm, ac: imkOf(name) }]

  it('has an ARQC that verifies, an answer that it accepts, and a TC that verifies', () => {
    const answer = generate(context, 'ARQC')
    const input = { tags: tagsOf(answer), scheme: name, keySets, card: CARD } as never
    const decision = SCHEMES[name].arpc.method === 1 ? { arc: fromHex('3030') } : { csu: fromHex('00820000') }
    const { verdict, answer: issuer } = answerApplicationCryptogram(input, decision)
    expect(verdict.code).toBe('V')
    const data = toHex(issuer?.issuerAuthenticationData ?? new Uint8Array(0))
    if (!inline) expect(authenticate(context, data)).toBe('9000')
    const tc = generate(context, 'TC', inline ? { '91': data } : {})
    expect(tc.kind).toBe('TC')
    expect(context.transaction.issuerAuthentication).toBe('succeeded')
    const last = { tags: tagsOf(tc), scheme: name, keySets, card: CARD, expectedType: 'TC' } as never
    expect(verifyApplicationCryptogram(last)).toMatchObject({ code: 'V', type: 'TC' })
  })

  it('has a 9F10 whose scheme, key index and kinds the host reads without being told', () => {
    const fresh = cardOf(name).context
    const { iad } = generate(fresh, 'ARQC')
    const parsed = parseIssuerApplicationData(fromHex(iad), { family: scheme(name).family })
    expect(parsed).toMatchObject({ scheme: name, dki: 5 })
    const kinds = { firstGenerateAc: 'ARQC', secondGenerateAc: 'notRequested' }
    if (parsed.cvrFlags !== undefined) expect(JSON.stringify(parsed.cvrFlags)).toContain(kinds.firstGenerateAc)
    else expect(name).toBe('interac-cvn133')
  })
})

const des = (key: Uint8Array, data: Uint8Array, mode: 'ecb' | 'cbc'): Uint8Array => {
  const triple = key.length === 8 ? concat(key, key, key) : concat(key, key.subarray(0, 8))
  const cipher = createCipheriv(
    mode === 'ecb' ? 'des-ede3' : 'des-ede3-cbc',
    triple,
    mode === 'ecb' ? null : new Uint8Array(8),
  )
  cipher.setAutoPadding(false)
  return concat(cipher.update(data), cipher.final())
}
const sm4 = (key: Uint8Array, data: Uint8Array, mode: 'ecb' | 'cbc'): Uint8Array => {
  const cipher = createCipheriv(`sm4-${mode}`, key, mode === 'ecb' ? null : new Uint8Array(16))
  cipher.setAutoPadding(false)
  return concat(cipher.update(data), cipher.final())
}
/** 80 and zeros to whole blocks. */
const padded = (data: Uint8Array, block: number): Uint8Array => {
  const bytes = new Uint8Array((Math.floor(data.length / block) + 1) * block)
  bytes.set(data)
  bytes[data.length] = 0x80
  return bytes
}
/** ISO 9797-1 algorithm 3: CBC under the left half, the last block under both. */
const retailMac = (key: Uint8Array, data: Uint8Array): Uint8Array => {
  const blocks = padded(data, 8)
  const chain = des(key.subarray(0, 8), blocks.subarray(0, -8), 'cbc').subarray(-8)
  return des(
    key,
    blocks.subarray(-8).map((byte, i) => byte ^ (chain[i] as number)),
    'ecb',
  )
}
const ODD = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte) => ((byte >> 1).toString(2).replaceAll('0', '').length % 2 === 0 ? byte | 1 : byte & 0xfe))
const KEY = fromHex('154F349D8585CB7F6B0798E9839B10C1')
const ATC = '0010'
const INVERSE = 'FFEF'
const DATA = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37'].map((tag) => TERMINAL[tag]).join('')
const COMMON_KEY = ODD(des(KEY, fromHex(`${ATC}F00000000000${ATC}0F0000000000`), 'ecb'))
const SM4_KEY = sm4(KEY, fromHex(`000000000000${ATC}000000000000${INVERSE}`), 'ecb')
const PBOC_KEY = des(KEY, fromHex(`000000000000${ATC}000000000000${INVERSE}`), 'ecb')

describe('schemes without published cryptograms, by OpenSSL', () => {
  const arqc = (name: SchemeName, issuerDiscretionaryData = '') =>
    generate(application({ scheme: name, config: { issuerDiscretionaryData } }), 'ARQC')
  const own = `7C00${ATC}`

  it('visa-cvn22: the whole 9F10, format 2', () => {
    const iad = `1F220100A0000001AA${'00'.repeat(23)}`
    const expected = retailMac(COMMON_KEY, fromHex(`${DATA}${own}${iad}`))
    expect(arqc('visa-cvn22', 'AA')).toMatchObject({ iad, cryptogram: toHex(expected) })
  })

  it('emv-ccd: the whole 9F10', () => {
    const iad = `0FA501A00000000000000000000000FF0FBB${'00'.repeat(14)}`
    const expected = retailMac(COMMON_KEY, fromHex(`${DATA}${own}${iad}`))
    expect(arqc('emv-ccd', 'BB')).toMatchObject({ iad, cryptogram: toHex(expected) })
  })

  it('mastercard-cvn21: CVR and counters', () => {
    const covered = 'A00000200000' + '00000000000000FF'
    const expected = retailMac(COMMON_KEY, fromHex(`${DATA}${own}${covered}`))
    expect(arqc('mastercard-cvn21')).toMatchObject({
      iad: `0115A000002000000000${'00'.repeat(7)}FF`,
      cryptogram: toHex(expected),
    })
  })

  it('pboc-cvn17: amount, unpredictable number, ATC and byte 5 of 9F10', () => {
    const expected = retailMac(PBOC_KEY, fromHex(`000000010000${TERMINAL['9F37']}${ATC}A0`))
    expect(arqc('pboc-cvn17')).toMatchObject({ iad: '07011703A0000001', cryptogram: toHex(expected) })
  })

  it('pboc-sm4: CBC-MAC under SM4, algorithm 04, and the ARPC', () => {
    const context = application({ scheme: 'pboc-sm4' })
    const answer = generate(context, 'ARQC')
    const mac = sm4(SM4_KEY, padded(fromHex(`${DATA}${own}03A00000`), 16), 'cbc').subarray(-16, -8)
    expect(answer).toMatchObject({ iad: '07010103A0000004', cryptogram: toHex(mac) })
    const block = new Uint8Array(16)
    block.set(mac)
    block[0] = (block[0] as number) ^ 0x30
    block[1] = (block[1] as number) ^ 0x30
    const arpc = sm4(SM4_KEY, block, 'ecb').subarray(0, 8)
    expect(authenticate(context, `${toHex(arpc)}3030`)).toBe('9000')
  })

  it('pboc-sm4-cvn17', () => {
    const covered = fromHex(`000000010000${TERMINAL['9F37']}${ATC}A0`)
    const mac = sm4(SM4_KEY, padded(covered, 16), 'cbc').subarray(-16, -8)
    expect(arqc('pboc-sm4-cvn17')).toMatchObject({ iad: '07011703A0000004', cryptogram: toHex(mac) })
  })
})
