import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { type Handshake, type OpenOptions, open, PROFILES, type Profile, type Variant } from '../src/index.js'
import { coded, oneBitChanges } from './support/coded.js'
import {
  AGREEMENT,
  agreementRandom,
  CREDENTIALS,
  type Exchanges,
  named,
  REFERENCE,
  TRANSPORT,
  TRANSPORT_OPTIONS,
} from './support/reference.js'

interface Run {
  readonly variant: Variant
  readonly exchanges: Exchanges
  readonly options: OpenOptions
}
const TRANSPORT_RUN: Run = { variant: 'transport', exchanges: TRANSPORT, options: TRANSPORT_OPTIONS }
const AGREEMENT_RUN: Run = { variant: 'agreement', exchanges: AGREEMENT, options: { random: agreementRandom } }
const RUNS = [TRANSPORT_RUN, AGREEMENT_RUN]
const start = ({ variant, options }: Run, profile: 'gp' | Profile = 'gp'): Handshake =>
  open(profile, variant, CREDENTIALS, options)

/** The handshake up to the step of this name, its answers as in the transcript. */
function upTo(run: Run, name: string): Handshake {
  const handshake = start(run)
  for (const [, answer] of run.exchanges) {
    if (handshake.step?.name === name) break
    handshake.answer(fromHex(answer))
  }
  expect(handshake.step?.name).toBe(name)
  return handshake
}

describe.each(RUNS)('the transcript of key $variant', (run) => {
  it('comes out command by command', () => {
    const handshake = start(run)
    for (const [command, answer] of run.exchanges) {
      expect(toHex(handshake.step?.command ?? new Uint8Array(0))).toBe(command)
      handshake.answer(fromHex(answer))
    }
    expect(handshake.step).toBeUndefined()
    expect(handshake.channel.isOpen).toBe(true)
    expect(handshake.channel.level).toBe(0x33)
  })

  it('names its steps as the patent does', () => {
    const handshake = start(run)
    const steps = run.exchanges.map(([, answer]) => {
      const { name, patent } = handshake.step ?? {}
      handshake.answer(fromHex(answer))
      return `${patent} ${name}`
    })
    const prime = run.variant === 'agreement' ? "'" : ''
    expect([...new Set(steps)]).toEqual(
      [
        `105${prime} MANAGE SECURITY ENVIRONMENT`,
        `113${prime} PSO VERIFY CERTIFICATE`,
        `116${prime} GET DATA`,
        '118 PSO DECIPHER',
        `128${prime} GET CHALLENGE`,
        `131${prime} EXTERNAL AUTHENTICATE`,
        `140${prime} INTERNAL AUTHENTICATE`,
      ].filter((step) => run.variant === 'transport' || !step.endsWith('DECIPHER')),
    )
  })

  it.each(run.exchanges.map((_, i) => i))('ends when the card refuses command %i', (index) => {
    const handshake = start(run)
    for (const [, answer] of run.exchanges.slice(0, index)) handshake.answer(fromHex(answer))
    const label = handshake.step?.name ?? ''
    expect(() => handshake.answer(fromHex('6300'))).toThrow(coded('ERR_CHANNEL', { label, got: '6300' }))
    expect(handshake.step).toBeUndefined()
    expect(() => handshake.answer(fromHex('9000'))).toThrow(coded('ERR_CHANNEL', { label: 'handshake' }))
    expect(() => handshake.channel).toThrow(coded('ERR_CHANNEL', { label: 'handshake' }))
  })

  it('refuses every certificate that differs in a bit', () => {
    const certificate = fromHex(REFERENCE.certificates.cardByIntermediate)
    let refused = 0
    for (const changed of oneBitChanges(certificate)) {
      const handshake = upTo(run, 'GET DATA')
      expect(() => handshake.answer(Uint8Array.of(...changed, 0x90, 0x00))).toThrow(coded('ERR_CERTIFICATE'))
      refused += 1
    }
    expect(refused).toBe(324 * 8)
  }, 300_000)

  it('refuses every answer to INTERNAL AUTHENTICATE that differs in a bit', () => {
    const [, answer] = run.exchanges.at(-1) ?? ['', '']
    for (const changed of oneBitChanges(fromHex(answer))) {
      const handshake = upTo(run, 'INTERNAL AUTHENTICATE')
      expect(() => handshake.answer(changed)).toThrow(coded('ERR_CHANNEL', { label: 'INTERNAL AUTHENTICATE' }))
    }
  }, 300_000)

  it('refuses every status of a command without data that differs in a bit', () => {
    for (const changed of oneBitChanges(fromHex('9000'))) {
      expect(() => start(run).answer(changed)).toThrow(coded('ERR_CHANNEL'))
    }
  })

  it.each([
    ['', 'no answer of a card'],
    ['90', 'no answer of a card'],
    ['0000', 'no answer of a card'],
    ['6100', '6100'],
  ])('refuses the answer %j', (answer, got) => {
    const refused = coded('ERR_CHANNEL', { label: 'MANAGE SECURITY ENVIRONMENT', expected: 'status 9000', got })
    expect(() => start(run).answer(fromHex(answer))).toThrow(refused)
  })

  it('refuses data where none are due', () => {
    const refused = coded('ERR_CHANNEL', { label: 'MANAGE SECURITY ENVIRONMENT', expected: 'an answer without data' })
    expect(() => start(run).answer(fromHex('009000'))).toThrow(refused)
    const chained = upTo(run, 'PSO VERIFY CERTIFICATE')
    expect(() => chained.answer(fromHex('009000'))).toThrow(coded('ERR_CHANNEL', { label: 'PSO VERIFY CERTIFICATE' }))
  })

  it.each([-1, 1])('refuses a challenge of another length by %i', (more) => {
    const length = (run.variant === 'transport' ? 16 : 8) + more
    const handshake = upTo(run, 'GET CHALLENGE')
    const refused = coded('ERR_CHANNEL', {
      label: 'GET CHALLENGE',
      expected: `${length - more} bytes`,
      got: `${length} bytes`,
    })
    expect(() => handshake.answer(Uint8Array.of(...new Uint8Array(length), 0x90, 0x00))).toThrow(refused)
  })

  it('refuses the answer of another session', () => {
    const [, own] = run.exchanges.at(-1) ?? ['', '']
    const [, other] = (run.variant === 'transport' ? AGREEMENT : TRANSPORT).at(-1) ?? ['', '']
    const challenged = (fill: number): Handshake => {
      const random = run.options.random ?? (() => new Uint8Array(0))
      const options: OpenOptions = {
        ...run.options,
        random: (use, length) => (use === 'host challenge' ? new Uint8Array(length).fill(fill) : random(use, length)),
      }
      return upTo({ ...run, options }, 'INTERNAL AUTHENTICATE')
    }
    expect(() => challenged(1).answer(fromHex(own))).toThrow(coded('ERR_CHANNEL'))
    expect(() => upTo(run, 'INTERNAL AUTHENTICATE').answer(fromHex(other))).toThrow(coded('ERR_CHANNEL'))
  })

  it('is over after close, at any step', () => {
    const handshake = upTo(run, 'EXTERNAL AUTHENTICATE')
    handshake.close()
    expect(handshake.step).toBeUndefined()
    expect(() => handshake.answer(fromHex('9000'))).toThrow(coded('ERR_CHANNEL'))
  })

  it('closes the channel with it', () => {
    const handshake = start(run)
    for (const [, answer] of run.exchanges) handshake.answer(fromHex(answer))
    const { channel } = handshake
    handshake.close()
    expect(channel.isOpen).toBe(false)
  })
})

describe('variations', () => {
  const commands = (handshake: Handshake, answers: readonly string[]): string[] =>
    answers.map((answer) => {
      const command = toHex(handshake.step?.command ?? new Uint8Array(0))
      handshake.answer(fromHex(answer))
      return command
    })
  const { keyTransport, keyAgreement, certificates } = REFERENCE

  it('name keys by version and index', () => {
    const keyReferences = { publicKey: fromHex('0201'), privateKey: fromHex('0102') }
    const of = (variant: Variant) => open('gp', variant, { ...CREDENTIALS, keyReferences }).step?.command
    expect(toHex(of('transport') ?? new Uint8Array(0))).toBe('0022C1B60C800210028302020184020102')
    expect(toHex(of('agreement') ?? new Uint8Array(0))).toBe('0022C1B60C800210018302020184020102')
  })

  it('need no certificates where both sides know the keys', () => {
    const { hostKey, hostId } = CREDENTIALS
    const handshake = open('feitian', 'transport', { hostKey, hostId, card: named('card') }, TRANSPORT_OPTIONS)
    expect(commands(handshake, ['9000'])).toEqual(['0022C1A4088002100283008400'])
    expect(handshake.step?.name).toBe('PSO DECIPHER')
  })

  it('end after EXTERNAL AUTHENTICATE when the card need not prove itself', () => {
    const run = { ...TRANSPORT_RUN, options: { ...TRANSPORT_OPTIONS, mutual: false } }
    const handshake = start(run)
    expect(toHex(handshake.step?.command ?? new Uint8Array(0)).slice(0, 8)).toBe('002281B6')
    for (const [, answer] of TRANSPORT.slice(0, -1)) handshake.answer(fromHex(answer))
    expect(handshake.step).toBeUndefined()
    expect(handshake.channel.isOpen).toBe(true)
  })

  it('set bit 5 on every certificate but the last, in the reading of the patent', () => {
    const sent = commands(open('feitian', 'transport', CREDENTIALS, TRANSPORT_OPTIONS), Array(5).fill('9000'))
    expect(sent.slice(1)).toEqual(keyTransport.psoVerifyCertificate['chain_feitian_bit5MeansMoreCertificates'])
  })

  it('send one certificate', () => {
    const hostCertificates = [fromHex(certificates.hostByRoot)]
    const handshake = open('gp', 'transport', { ...CREDENTIALS, hostCertificates }, TRANSPORT_OPTIONS)
    const sent = commands(handshake, Array(3).fill('9000'))
    expect(sent.slice(1)).toEqual(keyTransport.psoVerifyCertificate['singleCertificate'])
  })

  it('pad with FF', () => {
    const handshake = start(TRANSPORT_RUN, { ...PROFILES.gp, paddingString: 'ff' })
    for (const [, answer] of TRANSPORT.slice(0, 6)) handshake.answer(fromHex(answer))
    const data = toHex(handshake.step?.command.subarray(5) ?? new Uint8Array(0))
    expect(data).toBe(keyTransport.psoDecipher.ciphertextFFps)
  })

  it('draw their own random bytes', () => {
    const { random: _, ...options } = TRANSPORT_OPTIONS
    const handshake = open('gp', 'transport', CREDENTIALS, options)
    const twin = open('gp', 'transport', CREDENTIALS, options)
    for (const one of [handshake, twin]) for (const [, answer] of TRANSPORT.slice(0, 6)) one.answer(fromHex(answer))
    expect(handshake.step?.name).toBe('PSO DECIPHER')
    expect(handshake.step?.command).not.toEqual(twin.step?.command)
  })

  it('keep templates free of keys and counters in key agreement', () => {
    const options = { ...TRANSPORT_OPTIONS, random: agreementRandom }
    const handshake = open('gp', 'agreement', CREDENTIALS, options)
    for (const [, answer] of AGREEMENT.slice(0, 7)) handshake.answer(fromHex(answer))
    expect(toHex(handshake.step?.command ?? new Uint8Array(0))).toBe(keyAgreement.externalAuthenticate.apdus[0])
  })
})
