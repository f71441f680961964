import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runVectorFile } from '../src/vectors/run.js'

const folder = new URL('../../vectors/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
const closed = readdirSync(folder).filter(
  (name) => name.endsWith('.json') && read(name).includes('issuerkit-vectors/1'),
)

interface Case {
  id: string
  inputs: Record<string, unknown>
  expect?: Record<string, unknown>
  error?: string
  [field: string]: unknown
}
interface File {
  operation: string
  cases: Case[]
  [field: string]: unknown
}

/** The file as data, to be changed by a test. */
const load = (name: string): File => JSON.parse(read(name)) as File
const run = (file: unknown) => runVectorFile(JSON.stringify(file))
const first = (file: File): Case => file.cases[0] as Case
const refused = (label?: unknown) => expect.objectContaining({ code: 'ERR_VECTOR_FILE', ...(label ? { label } : {}) })

describe('the files of the project', () => {
  it('are all there', () => expect(closed.length).toBeGreaterThanOrEqual(9))

  it.each(closed)('%s passes', (name) => {
    const report = runVectorFile(read(name))
    expect(report.failures).toEqual([])
    expect(report).toMatchObject({ passed: load(name).cases.length, failed: 0 })
  })

  it.each(closed)('%s reports exactly the expectation that was changed', (name) => {
    const file = load(name)
    const last = file.cases.at(-1) as Case
    const [field, value] = Object.entries(last.expect ?? {})[0] as [string, unknown]
    const changed =
      typeof value === 'boolean' ? !value : `${value}`.replace(/.$/, (digit) => (digit === '0' ? 'F' : '0'))
    last.expect = { [field]: changed }
    const report = run(file)
    expect(report).toMatchObject({ passed: file.cases.length - 1, failed: 1 })
    const got = expect.stringMatching(`^${value}`)
    expect(report.failures).toEqual([{ id: last.id, stage: field, expected: String(changed), got }])
  })
})

describe('what is compared', () => {
  it('hexadecimal text without regard to case', () => {
    const file = load('mac.json')
    const only = first(file)
    only.expect = { mac: String(only.expect?.['mac']).toLowerCase() }
    expect(run({ ...file, cases: [only] })).toMatchObject({ passed: 1, failed: 0 })
  })

  it('a KCV by its prefix, of one digit too, but never by nothing', () => {
    const file = load('key-check-value.json')
    const only = first(file)
    const kcv = String(only.expect?.['kcv'])
    for (const [given, passed] of [
      [`${kcv}00`, 0],
      [kcv.slice(0, 2), 1],
      ['', 0],
    ] as const) {
      expect(run({ ...file, cases: [{ ...only, expect: { kcv: given } }] }).passed).toBe(passed)
    }
  })

  it('keys without parity bits only where the case says so', () => {
    const file = load('session-key.json')
    const only = file.cases.find(({ inputs }) => inputs['method'] === 'emv-common') as Case
    const { key } = only.expect as { key: string }
    const flipped = key.replace(/.$/, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16).toUpperCase())
    for (const [ignoreParity, passed] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const one = (value: string) => run({ ...file, cases: [{ ...only, ignoreParity, expect: { key: value } }] }).passed
      expect(one(flipped) + one(key)).toBe(1 + passed)
    }
  })

  it('an error by its code', () => {
    const file = load('icc-master-key.json')
    const inputs = { ...first(file).inputs, pan: '123456789012345A' }
    const one = (rest: object) => run({ ...file, cases: [{ id: 'x', source: 'test', inputs, ...rest }] })
    expect(one({ error: 'ERR_PAN' })).toMatchObject({ passed: 1, failed: 0 })
    expect(one({ error: 'ERR_KEY' }).failures).toMatchObject([{ stage: 'error', expected: 'ERR_KEY' }])
    expect(one({ expect: { key: '00' } }).failures).toMatchObject([{ stage: 'error', expected: 'an answer' }])
  })

  it('an answer where an error was expected', () => {
    const file = load('icc-master-key.json')
    const only = { ...first(file), error: 'ERR_PAN', expect: undefined }
    expect(run({ ...file, cases: [only] }).failures).toMatchObject([{ stage: 'error', expected: 'ERR_PAN' }])
  })
})

describe('what refuses a file', () => {
  const mac = () => load('mac.json')
  it.each([
    ['an unknown field of the file', () => ({ ...mac(), more: 1 }), 'file'],
    ['another format', () => ({ ...mac(), format: 'issuerkit-vectors/2' }), 'format'],
    ['an unknown operation', () => ({ ...mac(), operation: 'mac2' }), 'operation'],
    ['the name of an inherited property', () => ({ ...mac(), operation: 'constructor' }), 'operation'],
    ['no case', () => ({ ...mac(), cases: [] }), 'cases'],
    ['cases that are no list', () => ({ ...mac(), cases: {} }), 'cases'],
    ['a case that is no object', () => ({ ...mac(), cases: [1] }), 'case 0'],
    ['a case without a name', () => ({ ...mac(), cases: [{ ...first(mac()), id: '' }] }), 'case 0: id'],
  ] as const)('%s', (_, file, label) => expect(() => run(file())).toThrow(refused(label)))

  it.each([
    ['an unknown field', { typo: 1 }],
    ['no source', { source: undefined }],
    ['both expect and error', { error: 'ERR_PAN' }],
    ['neither', { expect: undefined }],
    ['an empty expectation', { expect: {} }],
    ['an error that is no code', { expect: undefined, error: 'wrong' }],
    ['an unknown expected field', { expect: { mac: '00', kcv: '00' } }],
    ['an expectation that is no hexadecimal text', { expect: { mac: 'xy' } }],
    ['ignoreParity that is no truth value', { ignoreParity: 'yes' }],
    ['a note that is no text', { note: 1 }],
    ['an unknown input', { inputs: { ...first(mac()).inputs, iv: '00' } }],
    ['an inherited input', { inputs: { ...first(mac()).inputs, toString: '00' } }],
    ['an unknown value', { inputs: { ...first(mac()).inputs, algorithm: 'hmac' } }],
    ['an unknown padding', { inputs: { ...first(mac()).inputs, padding: 3 } }],
    ['a number as text', { inputs: { ...first(mac()).inputs, length: '4' } }],
    ['an odd number of digits', { inputs: { ...first(mac()).inputs, data: '0' } }],
    ['a missing input', { inputs: { ...first(mac()).inputs, key: undefined } }],
    ['inputs that are no object', { inputs: [] }],
  ] as const)('in a case: %s', (_, change) => {
    expect(() => run({ ...mac(), cases: [{ ...first(mac()), ...change }] })).toThrow(refused())
  })

  it('what is not JSON', () => expect(() => runVectorFile('{')).toThrow(refused('file')))

  it.each([
    ['application-cryptogram.json', (c: Case) => ({ ...c, inputs: { ...c.inputs, tags: { '9F0': '00' } } })],
    [
      'offline-data-authentication.json',
      (c: Case) => ({ ...c, inputs: { ...c.inputs, caKey: { rid: '00', more: '' } } }),
    ],
    ['offline-data-authentication.json', (c: Case) => ({ ...c, expect: { stage: 'nowhere' } })],
    ['offline-data-authentication.json', (c: Case) => ({ ...c, expect: { ok: 'true' } })],
    ['pin-block.json', (c: Case) => ({ ...c, inputs: { ...c.inputs, pin: 1234 } })],
  ] as const)('a malformed value in %s', (name, change) => {
    const file = load(name)
    expect(() => run({ ...file, cases: [change(first(file))] })).toThrow(refused())
  })
})

describe('an operation of the channel', () => {
  const only = (name: string, change: (inputs: Case['inputs']) => void, index = 0, error?: string) => {
    const file = load(name)
    const { expect: _, ...one } = file.cases[index] as Case
    change(one.inputs)
    const outcome = error === undefined ? { expect: (file.cases[index] as Case).expect ?? {} } : { error }
    return run({ ...file, cases: [{ ...one, ...outcome }] })
  }

  it('says so when the card cannot open a key transport', () => {
    const zero = (inputs: Case['inputs']): void => {
      inputs['ciphertext'] = '00'.repeat(128)
    }
    expect(only('channel-decipher.json', zero, 0, 'ERR_CHANNEL')).toMatchObject({ passed: 1, failed: 0 })
  })

  it('takes private keys without their primes', () => {
    const shorten = (inputs: Case['inputs']): void => {
      const { n, e, d } = inputs['cardKey'] as Record<string, string>
      inputs['cardKey'] = { n, e, d }
    }
    expect(only('channel-decipher.json', shorten)).toMatchObject({ passed: 1, failed: 0 })
  })

  it('refuses a malformed list, number or length', () => {
    const set = (name: string, value: unknown) => (inputs: Case['inputs']) => {
      inputs[name] = value
    }
    expect(() => only('channel-internal-authenticate.json', set('sessionKeys', '00'))).toThrow(refused())
    expect(() => only('channel-internal-authenticate.json', set('sessionKeys', ['0']))).toThrow(refused())
    expect(() => only('channel-internal-authenticate.json', set('cardKey', { n: 'no' }))).toThrow(refused())
    expect(() => only('secure-messaging.json', set('command', { le: '00' }))).toThrow(refused())
    const list = (inputs: Case['inputs']): void => set('sessionKeys', 'none')(inputs)
    expect(only('channel-internal-authenticate.json', list, 0, 'ERR_VECTOR_FILE').passed).toBe(1)
  })

  it('derives what the templates ask for, and nothing else', () => {
    const payload = (value: string) => (inputs: Case['inputs']) => {
      inputs['payload'] = value
    }
    const file = load('channel-session-keys.json')
    const { dek } = first(file).expect as Record<string, string>
    const one = { ...first(file), expect: { mac: '00', dek } }
    payload('D30100B8069501C0800180')(one.inputs)
    expect(run({ ...file, cases: [one] }).failures).toEqual([
      { id: one.id, stage: 'mac', expected: '00', got: 'nothing' },
    ])
    const answers = {
      ...first(file),
      expect: { rmac: first(load('channel-session-keys.json')).expect?.['mac'], counter: 'A9800645CED753BB' },
    }
    payload('D30100B406950120800180')(answers.inputs)
    expect(run({ ...file, cases: [answers] }).failures).toEqual([])
  })
})

describe('a case that expects an error', () => {
  it('may carry any value, which the function judges', () => {
    const file = load('mac.json')
    const one = (inputs: object, error: string) =>
      run({ ...file, cases: [{ id: 'x', source: 'test', inputs: { ...first(file).inputs, ...inputs }, error }] }).passed
    expect(one({ length: 0 }, 'ERR_MAC_LENGTH')).toBe(1)
    expect(one({ length: 99 }, 'ERR_MAC_LENGTH')).toBe(1)
    expect(one({ padding: 3 }, 'ERR_PADDING')).toBe(1)
  })
})
