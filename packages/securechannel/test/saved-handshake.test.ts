import { fromHex, toHex } from '@issuerkit/apdu'
import { AesKey } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import {
  type Credentials,
  type Handshake,
  type OpenOptions,
  open,
  resumeChannel,
  resumeHandshake,
  saveChannel,
  saveHandshake,
  type Variant,
} from '../src/index.js'
import { SAVED, SAVING_KEY } from './support/agreed.js'
import { coded, oneBitChanges } from './support/coded.js'
import {
  AGREEMENT,
  agreementRandom,
  CREDENTIALS,
  type Exchanges,
  privateKey,
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

/** The handshake after so many answers of the transcript. */
function after({ variant, exchanges, options }: Run, answers: number): Handshake {
  const handshake = open('gp', variant, CREDENTIALS, options)
  for (const [, answer] of exchanges.slice(0, answers)) handshake.answer(fromHex(answer))
  return handshake
}
const resume = (
  saved: Uint8Array,
  { variant, options }: Run,
  credentials: Credentials = CREDENTIALS,
  key = SAVING_KEY,
): Handshake => resumeHandshake(saved, key, 'gp', variant, credentials, options)
const OTHERS = coded('ERR_CHANNEL', { label: 'saved handshake', expected: 'one that was opened like this' })
const CHANGED = coded('ERR_CHANNEL', { label: 'saved handshake', expected: 'one that was saved under this key' })

describe.each([TRANSPORT_RUN, AGREEMENT_RUN])('a handshake of key $variant', (run) => {
  it('that moves before every answer comes out as the transcript, command by command', () => {
    let handshake = after(run, 0)
    for (const [command, answer] of run.exchanges) {
      const moved = resume(saveHandshake(handshake, SAVING_KEY), run)
      expect(handshake.step).toBeUndefined()
      expect(() => handshake.answer(fromHex('9000'))).toThrow(coded('ERR_CHANNEL', { label: 'handshake' }))
      expect(toHex(moved.step?.command ?? new Uint8Array(0))).toBe(command)
      moved.answer(fromHex(answer))
      handshake = moved
    }
    expect(handshake.channel.isOpen).toBe(true)
    const [plain, twin] = [after(run, run.exchanges.length).channel, handshake.channel]
    const next = { cla: 0x80, ins: 0xe2, p1: 0, p2: 0, data: fromHex('01') }
    expect(twin.wrap(next)).toEqual(plain.wrap(next))
  })

  it('draws what it drew before, and only then from the source', () => {
    const uses: string[] = []
    const { random } = run.options
    const counting = (use: string, length: number): Uint8Array => {
      uses.push(use)
      return random?.(use, length) ?? new Uint8Array(length)
    }
    const last = run.exchanges.length - 1
    const saved = saveHandshake(after(run, last), SAVING_KEY)
    const moved = resume(saved, { ...run, options: { ...run.options, random: counting } })
    expect(uses).toEqual([])
    expect(moved.answer(fromHex(run.exchanges[last]?.[1] ?? ''))).toBeUndefined()
    expect(uses).toEqual([])
  })

  it('without a source of its own draws from the platform', () => {
    const { random: _, ...options } = run.options
    const moved = resume(saveHandshake(after(run, 0), SAVING_KEY), { ...run, options })
    for (const [, answer] of run.exchanges.slice(0, -2)) moved.answer(fromHex(answer))
    // The card's challenge is random here, and so are the host's secrets: the transcript's signature is not this one.
    expect(moved.step?.command).toBeDefined()
    expect(() => moved.answer(fromHex('6982'))).toThrow(coded('ERR_CHANNEL'))
  })

  it('checks as before what comes after', () => {
    const last = run.exchanges.length - 1
    const moved = resume(saveHandshake(after(run, last), SAVING_KEY), run)
    const answer = fromHex(run.exchanges[last]?.[1] ?? '')
    answer[0] = (answer[0] as number) ^ 1
    expect(() => moved.answer(answer)).toThrow(coded('ERR_CHANNEL', { label: 'INTERNAL AUTHENTICATE' }))
  })

  it('goes on with nothing but what it was opened with', () => {
    const saved = saveHandshake(after(run, run.exchanges.length - 1), SAVING_KEY)
    const { trustPoint: _, ...without } = CREDENTIALS
    const strange: [string, Credentials][] = [
      ['nothing to know the card by', without],
      ['another trust point', { ...CREDENTIALS, trustPoint: { ...REFERENCE_HOST, id: fromHex(REFERENCE.ids.root) } }],
      ['another name', { ...CREDENTIALS, hostId: new Uint8Array(8) }],
      ['no certificates', { ...CREDENTIALS, hostCertificates: [] }],
    ]
    for (const [name, credentials] of strange) expect(() => resume(saved, run, credentials), name).toThrow(OTHERS)
    const other = run.variant === 'transport' ? AGREEMENT_RUN : TRANSPORT_RUN
    expect(() => resume(saved, { ...run, variant: other.variant })).toThrow(OTHERS)
    expect(() => resume(saved, { ...run, options: { ...run.options, certificates: { date: '20470101' } } })).toThrow(
      OTHERS,
    )
    expect(resume(saved, run).step?.name).toBe('INTERNAL AUTHENTICATE')
  })
})

const REFERENCE_HOST = { key: privateKey('host').publicKey, id: fromHex(REFERENCE.ids.host) }

describe('a saved handshake', () => {
  const saved = saveHandshake(after(TRANSPORT_RUN, 1), SAVING_KEY)

  it('that was to prove both sides is none that proves one', () => {
    const last = saveHandshake(after(TRANSPORT_RUN, TRANSPORT.length - 1), SAVING_KEY)
    const { options } = TRANSPORT_RUN
    expect(() => resume(last, { ...TRANSPORT_RUN, options: { ...options, mutual: false } })).toThrow(OTHERS)
  })

  it('differs each time, and shows nothing that it drew', () => {
    const last = () => saveHandshake(after(TRANSPORT_RUN, TRANSPORT.length - 1), SAVING_KEY)
    expect(last()).not.toEqual(last())
    const text = toHex(last())
    for (const { key } of REFERENCE.keyTransport.crts) expect(text).not.toContain(key)
  })

  it('is refused when it differs in a bit, is cut or longer', () => {
    for (const changed of oneBitChanges(saved)) expect(() => resume(changed, TRANSPORT_RUN)).toThrow(CHANGED)
    for (const length of [0, 1, 15, 16, 17, saved.length - 16, saved.length - 1]) {
      expect(() => resume(saved.slice(0, length), TRANSPORT_RUN)).toThrow(CHANGED)
    }
    expect(() => resume(Uint8Array.of(...saved, 0), TRANSPORT_RUN)).toThrow(CHANGED)
  })

  it('is refused under another key, and is no channel, nor a channel a handshake', () => {
    const other = AesKey.create('zone', 'KBPK', new Uint8Array(32).fill(8))
    expect(() => resume(saved, TRANSPORT_RUN, CREDENTIALS, other)).toThrow(CHANGED)
    expect(() => resumeChannel(saved, SAVING_KEY)).toThrow(coded('ERR_CHANNEL', { label: 'saved channel' }))
    expect(() => resume(SAVED, AGREEMENT_RUN)).toThrow(CHANGED)
  })

  it('is not made of a handshake that is over', () => {
    const over = coded('ERR_CHANNEL', { label: 'handshake', expected: 'one that is under way' })
    const open = after(TRANSPORT_RUN, TRANSPORT.length)
    expect(() => saveHandshake(open, SAVING_KEY)).toThrow(over)
    expect(open.channel.isOpen).toBe(true)
    expect(saveChannel(open.channel, SAVING_KEY)).toHaveLength(145)
    const failed = after(TRANSPORT_RUN, 1)
    expect(() => failed.answer(fromHex('6300'))).toThrow(coded('ERR_CHANNEL'))
    expect(() => saveHandshake(failed, SAVING_KEY)).toThrow(over)
    const closed = after(TRANSPORT_RUN, 1)
    closed.close()
    expect(() => saveHandshake(closed, SAVING_KEY)).toThrow(over)
  })

  it('needs a key that is not destroyed', () => {
    const gone = AesKey.create('zone', 'KBPK', new Uint8Array(16))
    gone.destroy()
    const handshake = after(TRANSPORT_RUN, 1)
    expect(() => saveHandshake(handshake, gone)).toThrow(coded('ERR_KEY_DESTROYED'))
    expect(handshake.step?.name).toBe('PSO VERIFY CERTIFICATE')
    expect(() => resume(saved, TRANSPORT_RUN, CREDENTIALS, gone)).toThrow(coded('ERR_KEY_DESTROYED'))
  })
})

describe('what a handshake has drawn', () => {
  /** The arrays that a recording holds, kept beyond its end. */
  const kept = (run: Run, answers: number): readonly Uint8Array[] => {
    let arrays: readonly Uint8Array[] = []
    after(run, answers).release(({ draws }) => {
      arrays = [...draws]
      expect(arrays.some((bytes) => bytes.some((byte) => byte !== 0))).toBe(true)
    })
    return arrays
  }
  it.each([TRANSPORT_RUN, AGREEMENT_RUN])('is zeroed when key $variant is given up', (run) => {
    const arrays = kept(run, run.exchanges.length - 1)
    expect(arrays.length).toBeGreaterThan(2)
    for (const bytes of arrays) expect(bytes.every((byte) => byte === 0)).toBe(true)
  })
})
