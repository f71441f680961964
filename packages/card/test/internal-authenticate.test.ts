/** INTERNAL AUTHENTICATE: what the card signs, taken apart by OpenSSL. [EMV-B2] 6.5.2 table 16, [EMV-B3] 6.5.9 */
import { constants, createHash, createPublicKey, publicDecrypt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { GPO, SELECT, shell } from './support/shell.js'
import { TEST_RSA } from './support/test-card.js'

/** s^e mod n by OpenSSL. */
function recover(signature: string): string {
  const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')
  const jwk = { kty: 'RSA', n: base64(TEST_RSA.icc.modulus), e: base64(TEST_RSA.icc.exponent) }
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const plain = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.from(signature, 'hex'))
  return plain.toString('hex').toUpperCase()
}

const COMMAND = '0088000004A1B2C3D400'

describe('INTERNAL AUTHENTICATE', () => {
  it('signs the data of the DDOL', async () => {
    const { send } = shell()
    const answer = await send(SELECT, GPO, COMMAND)
    expect(answer.slice(0, 6)).toBe('808180')
    expect(answer).toHaveLength(2 * (3 + 128 + 2))
    expect(answer.slice(-4)).toBe('9000')
    const block = recover(answer.slice(6, -4))
    // Header, format 05, SHA-1, length of the dynamic data: 08 and the number; BB up to hash and trailer.
    const signed = `050109${'08'}${'0102030405060708'}${'BB'.repeat(128 - 25 - 9)}`
    const hash = createHash('sha1')
      .update(Buffer.from(`${signed}A1B2C3D4`, 'hex'))
      .digest('hex')
      .toUpperCase()
    expect(block).toBe(`6A${signed}${hash}BC`)
  })
  it('answers again with another number', async () => {
    const { send } = shell()
    const first = await send(SELECT, GPO, COMMAND)
    const second = await send(COMMAND)
    expect(recover(second.slice(6, -4)).slice(8, 26)).toBe('08090A0B0C0D0E0F10')
    expect(second).not.toBe(first)
  })
  it('takes the data of a longer DDOL', async () => {
    const { send } = shell({ config: { ddol: '9F37049F02069A03' } })
    expect(await send(SELECT, GPO, '008800000DA1B2C3D400000000010026112100')).toMatch(/9000$/)
    expect(await send(COMMAND)).toBe('6700')
  })
  it('takes those of the default DDOL where the card has none', async () => {
    const { send } = shell({ config: { ddol: '' } })
    expect(await send(SELECT, GPO, COMMAND)).toMatch(/9000$/)
    expect(await send('00880000')).toBe('6700')
  })
  it.each([
    ['no data', '0088000000', '6700'],
    ['3 bytes', '0088000003A1B2C300', '6700'],
    ['5 bytes', '0088000005A1B2C3D4E500', '6700'],
    ['another P1', '0088010004A1B2C3D400', '6A86'],
    ['another P2', '0088000104A1B2C3D400', '6A86'],
    ['another class', '8088000004A1B2C3D400', '6E00'],
  ])('refuses %s', async (_, command, status) => {
    expect(await shell().send(SELECT, GPO, command)).toBe(status)
  })
  it('is not known to a card whose AIP does not say so', async () => {
    // Every bit but that of DDA.
    expect(await shell({ config: { aip: 'DF00' } }).send(SELECT, GPO, COMMAND)).toBe('6985')
  })
  it('is not known to a card without a key', async () => {
    expect(await shell({ objects: { 'app/0/rsa/icc': undefined } }).send(SELECT, GPO, COMMAND)).toBe('6985')
  })
})
