/** VERIFY against [EMV-B3] 6.5.12 and [EMV-B2] 7.2; enciphered blocks are made by OpenSSL. */
import { constants, createPublicKey, publicEncrypt } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { GPO, SELECT, type Shell, shell } from './support/shell.js'
import { TEST_RSA, type TestCardOverrides } from './support/test-card.js'

const RIGHT = '0020008008241234FFFFFFFFFF'
const WRONG = '0020008008241235FFFFFFFFFF'
const TRIES = 'app/0/data/9F17'
const BLOCKED = 'app/0/state/blocked'

async function started(overrides: TestCardOverrides = {}): Promise<Shell> {
  const card = shell(overrides)
  await card.send(SELECT, GPO)
  return card
}

/** m^e mod n by OpenSSL, as long as the modulus. */
function encipher(key: { readonly modulus: string; readonly exponent: string }, plain: string): string {
  const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')
  const jwk = { kty: 'RSA', n: base64(key.modulus), e: base64(key.exponent) }
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  return publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, Buffer.from(plain, 'hex')).toString('hex')
}

/** VERIFY with an enciphered PIN: header, block, challenge, padding. */
function enciphered(
  name: 'icc' | 'pin',
  challenge: string,
  { header = '7F', block = '241234FFFFFFFFFF' }: { readonly header?: string; readonly block?: string } = {},
): string {
  const key = TEST_RSA[name]
  const length = key.modulus.length / 2
  const data = encipher(key, (header + block + challenge).padEnd(2 * length, '5A'))
  return `00200088${toHex(Uint8Array.of(length))}${data}`
}

async function challengeOf({ send }: Shell): Promise<string> {
  return (await send('0084000008')).slice(0, 16)
}

describe('a plain PIN', () => {
  it('is right', async () => {
    const { send, object } = await started()
    expect(await send(RIGHT)).toBe('9000')
    expect(object(TRIES)).toBe('03')
  })
  it.each([
    ['1234567890', '2A1234567890FFFF'],
    ['123456789012', '2C123456789012FF'],
    ['12345', '2512345FFFFFFFFF'],
  ])('of other lengths: %s', async (pin, block) => {
    const value = new TextEncoder().encode(pin)
    const { send } = await started({ objects: { 'app/0/pin': { value, capacity: 12 } } })
    expect(await send(RIGHT)).toBe('63C2')
    expect(await send(`0020008008${block}`)).toBe('9000')
  })
  it('takes a try for a wrong one, and gives all back for a right one', async () => {
    const { send, object } = await started()
    expect(await send(WRONG)).toBe('63C2')
    expect(object(TRIES)).toBe('02')
    expect(await send(WRONG)).toBe('63C1')
    expect(await send(RIGHT)).toBe('9000')
    expect(object(TRIES)).toBe('03')
  })
  it('is blocked after the last try: 6983 in this transaction, 6984 in later ones', async () => {
    const { send, object } = await started()
    expect(await send(WRONG, WRONG, WRONG)).toBe('63C0')
    expect(await send(RIGHT)).toBe('6983')
    expect(await send(WRONG)).toBe('6983')
    expect(await send(SELECT, GPO, RIGHT)).toBe('6984')
    expect(object(TRIES)).toBe('00')
    expect(object(BLOCKED)).toBe('00')
  })
  it('has no more than F tries to show', async () => {
    const { send, object } = await started({ objects: { [TRIES]: 'FF', 'app/0/pin-try-limit': 'FF' } })
    expect(await send(WRONG)).toBe('63CF')
    expect(object(TRIES)).toBe('FE')
  })
  it.each([
    ['another format', '041234FFFFFFFFFF'],
    ['another length of the PIN', '251234FFFFFFFFFF'],
    ['another fill', '2412340000000000'],
    ['a length out of range', '2F1234FFFFFFFFFF'],
    ['the beginning of the PIN', '24123FFFFFFFFFFF'],
    ['more digits', '2512344FFFFFFFFF'],
  ])('that is no PIN block is a wrong PIN: %s', async (_, block) => {
    const { send, object } = await started()
    expect(await send(`0020008008${block}`)).toBe('63C2')
    expect(object(TRIES)).toBe('02')
  })
  it.each([
    ['7 bytes', '0020008007241234FFFFFFFF', '6700'],
    ['9 bytes', '0020008009241234FFFFFFFFFFFF', '6700'],
    ['no data', '00200080', '6700'],
    ['another P1', '0020018008241234FFFFFFFFFF', '6A86'],
    ['P2 00', '0020000008241234FFFFFFFFFF', '6A86'],
    ['P2 81', '0020008108241234FFFFFFFFFF', '6A86'],
    ['another class', '8020008008241234FFFFFFFFFF', '6E00'],
  ])('takes no try for %s', async (_, command, status) => {
    const { send, object } = await started()
    expect(await send(command)).toBe(status)
    expect(object(TRIES)).toBe('03')
  })
  it('is not known to an application without one', async () => {
    const { send } = await started({ objects: { 'app/0/pin': undefined } })
    expect(await send(RIGHT)).toBe('6A88')
  })
})

describe('the application default action', () => {
  it.each([
    ['0080', '02'],
    ['00FF', '02'],
    // Every other bit, and none.
    ['FF7F', '00'],
    ['0000', '00'],
    ['00', '00'],
  ])('%s leaves the application state %s when no try is left', async (ada, state) => {
    const { send, object } = await started({ objects: { 'app/0/data/9F52': ada } })
    await send(WRONG, WRONG)
    expect(object(BLOCKED)).toBe('00')
    expect(await send(WRONG)).toBe('63C0')
    expect(object(BLOCKED)).toBe(state)
    expect(await send(SELECT)).toMatch(state === '00' ? /9000$/ : /6283$/)
  })
  it('does not block for a right PIN at the last try', async () => {
    const { send, object } = await started({ objects: { 'app/0/data/9F52': '0080', [TRIES]: '01' } })
    expect(await send(RIGHT)).toBe('9000')
    expect([object(BLOCKED), object(TRIES)]).toEqual(['00', '03'])
  })
  it('leaves an application that is blocked already as it is', async () => {
    const { send, object } = await started({ objects: { 'app/0/data/9F52': '0080', [TRIES]: '01', [BLOCKED]: '01' } })
    expect(await send(WRONG)).toBe('63C0')
    expect(object(BLOCKED)).toBe('01')
  })
  it('may be absent', async () => {
    const { send, object } = await started({ objects: { 'app/0/data/9F52': undefined, [TRIES]: '01' } })
    expect(await send(WRONG)).toBe('63C0')
    expect(object(BLOCKED)).toBe('00')
  })
})

describe('an enciphered PIN', () => {
  it.each([
    ['the key for PINs', {}, 'pin'],
    ['the ICC key where there is none', { objects: { 'app/0/rsa/pin': undefined } }, 'icc'],
  ] as const)('is right with %s', async (_, overrides, name) => {
    const card = await started(overrides)
    expect(await card.send(WRONG)).toBe('63C2')
    expect(await card.send(enciphered(name, await challengeOf(card)))).toBe('9000')
    expect(card.object(TRIES)).toBe('03')
  })
  it.each([
    ['another PIN', { block: '241235FFFFFFFFFF' }],
    ['another header', { header: '6A' }],
    ['no header', { header: '00' }],
    ['another block', { block: '041234FFFFFFFFFF' }],
  ])('takes a try for %s', async (_, change) => {
    const card = await started()
    expect(await card.send(enciphered('pin', await challengeOf(card), change))).toBe('63C2')
    expect(card.object(TRIES)).toBe('02')
  })
  it('takes a try for another challenge', async () => {
    const card = await started()
    const challenge = await challengeOf(card)
    expect(await card.send(enciphered('pin', `${challenge.slice(0, 14)}FF`))).toBe('63C2')
  })
  it('takes a try for what is no number below the modulus', async () => {
    const card = await started()
    await challengeOf(card)
    expect(await card.send(`0020008870${'FF'.repeat(112)}`)).toBe('63C2')
    expect(card.object(TRIES)).toBe('02')
  })
  it('needs its challenge to be the answer to the command before', async () => {
    const card = await started()
    const first = enciphered('pin', await challengeOf(card))
    expect(await card.send('80CA9F3600')).toBe('9F360200019000')
    expect(await card.send(first)).toBe('6985')
    const second = enciphered('pin', await challengeOf(card))
    expect(await card.send(second)).toBe('9000')
    // Once used it is no challenge any more.
    expect(await card.send(second)).toBe('6985')
    expect(card.object(TRIES)).toBe('03')
  })
  it('takes the latest of two challenges', async () => {
    const card = await started()
    const first = await challengeOf(card)
    const second = await challengeOf(card)
    expect(second).not.toBe(first)
    expect(await card.send(enciphered('pin', first))).toBe('63C2')
    await challengeOf(card)
    const third = await challengeOf(card)
    expect(await card.send(enciphered('pin', third))).toBe('9000')
  })
  it.each(['00100000', '0084010008', '80AE1F0000', '00A40400'])('has lost its challenge after %s', async (between) => {
    const card = await started()
    const command = enciphered('pin', await challengeOf(card))
    expect(await card.send(between)).toMatch(/^6/)
    expect(await card.send(command)).toBe('6985')
  })
  it('does not carry a challenge into the next transaction', async () => {
    const card = await started()
    const command = enciphered('pin', await challengeOf(card))
    expect(await card.send(SELECT, GPO, command)).toBe('6985')
    expect(await card.send('0084000008', SELECT, GPO, command)).toBe('6985')
  })
  it.each([
    ['a byte short', 111],
    ['a byte long', 113],
    ['as long as the other key', 128],
  ])('takes no try when %s', async (_, length) => {
    const card = await started()
    await challengeOf(card)
    const data = '00'.repeat(length)
    expect(await card.send(`00200088${toHex(Uint8Array.of(length))}${data}`)).toBe('6700')
    expect(card.object(TRIES)).toBe('03')
  })
  it('without data is too short', async () => {
    expect(await (await started()).send('00200088')).toBe('6700')
  })
  it('is not known to an application without a key', async () => {
    const card = await started({ objects: { 'app/0/rsa/pin': undefined, 'app/0/rsa/icc': undefined } })
    await challengeOf(card)
    expect(await card.send(enciphered('pin', '00'.repeat(8)))).toBe('6A86')
    expect(card.object(TRIES)).toBe('03')
  })
  it('is blocked as the plain one is', async () => {
    const card = await started()
    await card.send(WRONG, WRONG, WRONG)
    expect(await card.send(enciphered('pin', await challengeOf(card)))).toBe('6983')
  })
})

describe('power that goes at any write of VERIFY', () => {
  it.each([
    ['a wrong PIN', WRONG, '0000', '02'],
    ['a wrong PIN at the last try that blocks', WRONG, '0080', '01'],
    ['a right PIN', RIGHT, '0000', '02'],
    ['a right PIN at the last try', RIGHT, '0080', '01'],
  ])('%s never gains a try', async (_, command, ada, tries) => {
    const objects = { 'app/0/data/9F52': ada, [TRIES]: tries }
    const whole = await started({ objects })
    const before = whole.memory.writes
    await whole.send(command)
    const end = whole.object(TRIES)
    const writes = whole.memory.writes - before
    const left = toHex(Uint8Array.of((fromHex(tries)[0] as number) - 1))
    expect(writes).toBeGreaterThan(2)
    for (let write = 1; write <= writes; write++) {
      for (const at of ['before', 'torn', 'after'] as const) {
        const { card, send, memory, object } = await started({ objects })
        memory.arm({ write, at })
        await expect(send(command)).rejects.toMatchObject({ code: 'ERR_POWER' })
        card.powerUp()
        // Untouched before anything was compared, one less, or what the command makes of it.
        expect([tries, left, end]).toContain(object(TRIES))
        if (command === WRONG && object(TRIES) === '00') expect(object(BLOCKED)).toBe(ada === '0080' ? '02' : '00')
      }
    }
  })
})
