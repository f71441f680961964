import { describe, expect, it } from 'vitest'
import { record, replay } from '../src/index.js'
import { hex, rejected, scripted, text } from './support.js'

const SESSION = [
  { command: hex('00A4040007A0000003330101'), response: hex('6F009000') },
  { command: hex('0020008008241234FFFFFFFFFF'), response: hex('63C2') },
]

describe('replay', () => {
  it('gives the recorded answers in order, as copies', async () => {
    const card = replay(SESSION)
    const first = await card(hex('00A4040007A0000003330101'))
    expect(text(first)).toBe('6F009000')
    first.fill(0)
    expect(text((SESSION[0] as { response: Uint8Array }).response)).toBe('6F009000')
    expect(text(await card(hex('0020008008241234FFFFFFFFFF')))).toBe('63C2')
  })

  it('refuses a command that differs, says where, and shows no data', async () => {
    const card = replay(SESSION.slice(1))
    const error = await rejected(card(hex('0020008008249876FFFFFFFFFF')))
    expect(error).toMatchObject({ code: 'ERR_TRANSCRIPT', label: 'entry 1', offset: 6 })
    expect(error.expected).toBe('00200080, 13 bytes in all')
    expect(error.got).toBe('00200080, 13 bytes in all')
    expect(error.message).not.toMatch(/1234|9876|24/)
  })

  it.each([
    ['10A4040007A0000003330101', 0],
    ['00A4040007A0000003330102', 11],
    ['00A4040007A00000033301', 11],
    ['00A4040007A000000333010100', 12],
    ['', 0],
  ])('refuses %s, which differs at %d', async (command, offset) => {
    expect(await rejected(replay(SESSION)(hex(command)))).toMatchObject({ code: 'ERR_TRANSCRIPT', offset })
  })

  it('stays at the entry after a refusal', async () => {
    const card = replay(SESSION)
    await rejected(card(hex('00')))
    expect(text(await card(hex('00A4040007A0000003330101')))).toBe('6F009000')
    expect(await rejected(card(hex('00A4040007A0000003330101')))).toMatchObject({ label: 'entry 2' })
  })

  it('runs out', async () => {
    const card = replay(SESSION.slice(0, 1))
    await card(hex('00A4040007A0000003330101'))
    const error = await rejected(card(hex('0020008008241234FFFFFFFFFF')))
    expect(error).toMatchObject({ code: 'ERR_EXCHANGE', label: 'entry 2', got: '00200080, 13 bytes in all' })
    expect((await rejected(replay([])(hex('00A40400')))).code).toBe('ERR_EXCHANGE')
  })
})

describe('record', () => {
  it('writes down what passes, and replays to the same', async () => {
    const { exchange, entries } = record(scripted('6113', '9000').exchange)
    const command = hex('00A40400')
    const response = await exchange(command)
    command.fill(0xff)
    expect(entries).toEqual([{ command: hex('00A40400'), response: hex('6113') }])
    response.fill(0xff)
    await exchange(hex('00C0000013'))
    expect(entries.map((entry) => text(entry.response))).toEqual(['6113', '9000'])
    expect(text(await replay(entries)(hex('00A40400')))).toBe('6113')
  })

  it('leaves out an exchange that failed', async () => {
    const { exchange, entries } = record(scripted(new Error('reset'), '9000').exchange)
    await expect(exchange(hex('00A40400'))).rejects.toThrow('reset')
    expect(entries).toEqual([])
  })

  it('writes down the command as it was sent, though it changes before the answer', async () => {
    const { exchange, entries } = record(scripted('9000').exchange)
    const command = hex('00A40400')
    const answer = exchange(command)
    command.fill(0xff)
    await answer
    expect(text((entries[0] as { command: Uint8Array }).command)).toBe('00A40400')
  })
})
