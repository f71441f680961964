/** The overdraft limit. */
import { describe, expect, it } from 'vitest'
import { DATE, KEYS, purse, TERMINAL, TIME } from './support/purse-context.js'
import { debit, encipher, hex, initialize, mac, newLimit, onlineKey, spoilt, tac } from './support/purse-terminal.js'
import { TRANSACTION_VECTORS } from './support/purse-vectors.js'

const OBJECTS = [
  'ed/balance',
  'ed/limit',
  'ed/onlineSerial',
  'ed/offlineSerial',
  'ep/balance',
  'ep/onlineSerial',
  'cyclic/18',
  'proof/07',
]
const state = (card: ReturnType<typeof purse>) => OBJECTS.map(card.object)
const INIT = initialize('0401')

describe('UPDATE OVERDRAFT LIMIT', () => {
  it.each(TRANSACTION_VECTORS.filter(({ kind }) => kind === 'overdraft'))(
    '$id: from the first command to the last',
    ({ card: make, serial, first, initialized, command, answer, logged, amount }) => {
      const card = make()
      expect(card.send(`${first}13`)).toBe(`${initialized}9000`)
      expect(card.send(command)).toBe(`${answer}9000`)
      const before = Number.parseInt(initialized.slice(0, 8), 16)
      expect(card.object('ed/balance')).toBe(hex(before + amount, 4))
      expect(card.object('ed/limit')).toBe(hex(amount, 3))
      expect(card.object('ed/onlineSerial')).toBe(hex(Number.parseInt(serial, 16) + 1, 2))
      expect(card.object('ed/offlineSerial')).toBe('0009')
      expect(card.object('cyclic/18')).toBe(`${serial}${hex(amount, 3)}00000000${logged}`)
      expect(card.object('proof/07')).toBe(`${serial}${command.slice(-10, -2)}${answer}`)
    },
  )

  it('lowers a limit, by OpenSSL, under DTK itself where the profile says so', () => {
    const objects = { 'ed/balance': '00000400', 'ed/limit': '000300' }
    for (const overdraftTac of ['xor', 'direct'] as const) {
      const card = purse({ objects, switches: { overdraftTac } })
      const answer = card.send(INIT)
      const session = onlineKey(KEYS.DUK, answer)
      expect(answer).toBe(`0000040000050003000400A1B2C3D4${mac(session, `0000040000030007${TERMINAL}`)}9000`)
      const signed = `00000200000500010007${TERMINAL}${DATE}${TIME}`
      const said = card.send(newLimit(answer, 0x100))
      if (overdraftTac === 'xor') expect(said).toBe(`${tac(signed)}9000`)
      else expect(said).toBe(`${retailMac(signed)}9000`)
      expect(card.object('ed/balance')).toBe('00000200')
      expect(card.object('ed/limit')).toBe('000100')
    }
  })

  it('refuses a limit below what is owed, and takes the one that is just met', () => {
    const objects = { 'ed/balance': '00000080', 'ed/limit': '000100' }
    const card = purse({ objects })
    const before = state(card)
    expect(card.send(newLimit(card.send(INIT), 0x7f))).toBe('9401')
    expect(state(card)).toEqual(before)
    expect(card.send(newLimit(card.send(INIT), 0x80))).toMatch(/9000$/)
    expect(card.object('ed/balance')).toBe('00000000')
  })

  it.each(['6985', '9401'] as const)('refuses a limit that the purse cannot hold with %s', (overflowStatus) => {
    const card = purse({ maximumBalance: 0x1000, switches: { overflowStatus } })
    const before = state(card)
    expect(card.send(newLimit(card.send(INIT), 0x1000 - 0x63))).toBe(overflowStatus)
    expect(state(card)).toEqual(before)
    expect(card.send(newLimit(card.send(INIT), 0x1000 - 0x64))).toMatch(/9000$/)
  })

  it('refuses a wrong MAC2 or another one, and no second try', () => {
    const card = purse()
    const before = state(card)
    const right = newLimit(card.send(INIT), 5)
    expect(card.send(spoilt(right))).toBe('9302')
    expect(card.send(right)).toBe('6901')
    expect(card.send(INIT, right.replace('805800000E000005', '805800000E000006'))).toBe('9302')
    expect(card.send(INIT, right.replace(DATE, '20240130'))).toBe('9302')
    expect(state(card)).toEqual(before)
    expect(card.send(INIT, right)).toMatch(/9000$/)
    expect(card.send(right)).toBe('6901')
  })

  it('goes in its own state only', () => {
    const card = purse()
    const right = newLimit(card.send(INIT), 5)
    for (const header of ['0001', '0501', '0101', '0302']) expect(card.send(initialize(header, 1), right)).toBe('6901')
    expect(card.send(INIT, debit(card.send(initialize('0102', 1)), '06', 1), right)).toBe('6901')
    expect(card.object('ed/limit')).toBe('000000')
  })

  it('pays for purchases', () => {
    const card = purse()
    expect(card.send(initialize('0101', 0x65))).toBe('9401')
    card.send(newLimit(card.send(INIT), 1))
    expect(card.send(debit(card.send(initialize('0101', 0x65)), '05', 0x65))).toMatch(/9000$/)
    expect(card.object('ed/balance')).toBe('00000000')
  })
})

describe('INITIALIZE FOR UPDATE refuses', () => {
  const cases: readonly [name: string, status: string, setup: Parameters<typeof purse>[0], command: string][] = [
    ['an unknown key', '9403', { pin: false }, initialize('0401', undefined, '7F')],
    ['without PIN', '6982', { pin: false, objects: { 'ed/onlineSerial': 'FFFF' } }, INIT],
    ['the last serial', '9402', { objects: { 'ed/onlineSerial': 'FFFF', grey: '01' } }, INIT],
    ['a locked purse', '9408', { objects: { grey: '01' } }, INIT],
  ]
  it.each(cases)('%s: %s', (_, status, setup, command) => {
    const card = purse(setup)
    expect(card.send(command)).toBe(status)
    expect(card.context.session.transaction).toBeUndefined()
  })
})

/** MAC algorithm 3 under DTK, from single blocks: DES by the left half, TDES for the last. */
function retailMac(data: string): string {
  const padded = `${data}80`.padEnd(Math.ceil((data.length + 2) / 16) * 16, '0')
  const blocks = padded.match(/.{16}/g) ?? []
  const add = (a: string, b: string): string => (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(16).padStart(16, '0')
  let chained = '0'.repeat(16)
  for (const block of blocks.slice(0, -1)) chained = encipher(KEYS.DTK.slice(0, 16), add(chained, block))
  return encipher(KEYS.DTK, add(chained, blocks.at(-1) ?? '')).slice(0, 8)
}
