/** GET CHALLENGE, EXTERNAL AUTHENTICATE, INTERNAL AUTHENTICATE. @see [PBOC] 2, [FMCOS], [ETC] 4.1.7 */
import { type Command, toHex } from '@issuerkit/apdu'
import { constantTimeEqual, decipherBlocks, encipherBlocks, macAlgorithm3, pad } from '@issuerkit/keys'
import { initialValue, withPurseKey } from './purse-messaging.js'
import type { PurseContext, PurseSession } from './purse-model.js'
import type { CardAnswer } from './virtual-card.js'

const BLOCK = 8
const MAC = 4
/** P1 of INTERNAL AUTHENTICATE. */
const DECIPHER = 1
const AUTHENTICATE = 2

/** GET CHALLENGE of 4 or 8 bytes: good for the next command alone, whatever that is. */
export function getChallenge(
  { session, random }: { readonly session: PurseSession; readonly random: (length: number) => Uint8Array },
  { le = 0 }: Command,
): CardAnswer {
  const challenge = random(le)
  session.challenge = challenge
  return { status: '9000', data: challenge.slice() }
}

/**
 * EXTERNAL AUTHENTICATE: the challenge as a block, enciphered under the key that P2 names. 9403 without such a key,
 * 6983 when no try is left, 6984 without a challenge, 63CX for a wrong cryptogram. The try is gone before it is
 * compared.
 */
export function externalAuthenticate(context: PurseContext, { p2, data = new Uint8Array(0) }: Command): CardAnswer {
  const { memory, session, config } = context
  const name = `external/${toHex(Uint8Array.of(p2))}` as const
  if (!memory.has(`key/${name}`)) return { status: '9403' }
  const errors = memory.readNumber('errors/external')
  if (errors >= config.keyTryLimit) return { status: '6983' }
  if (session.challenge === undefined) return { status: '6984' }
  memory.writeNumber('errors/external', errors + 1)
  memory.commit()
  const expected = withPurseKey(context, name, 'ENC', (key) =>
    encipherBlocks(key, initialValue(context), { mode: 'ecb' }),
  )
  session.authenticated = constantTimeEqual(expected, data)
  if (!session.authenticated) {
    return { status: `63C${(config.keyTryLimit - errors - 1).toString(16).toUpperCase()}` }
  }
  memory.writeNumber('errors/external', 0)
  return { status: '9000' }
}

/**
 * INTERNAL AUTHENTICATE with the key that P2 names: P1 00 enciphers the data, 01 deciphers them, 02 forms their MAC (4
 * bytes). Data that are no whole blocks are padded with 80 00 .. first; to be deciphered they are whole, or it is 6700.
 * 6A88 without such a key.
 */
export function internalAuthenticate(context: PurseContext, { p1, p2, data = new Uint8Array(0) }: Command): CardAnswer {
  const name = `internal/${toHex(Uint8Array.of(p2))}` as const
  if (!context.memory.has(`key/${name}`)) return { status: '6A88' }
  const whole = data.length % BLOCK === 0
  if (p1 === DECIPHER && !whole) return { status: '6700' }
  const blocks = whole ? data : pad(data, 2, BLOCK)
  if (p1 === AUTHENTICATE) {
    const length = MAC
    const mac = withPurseKey(context, name, 'MAC', (key) => macAlgorithm3(key, blocks, { padding: 1, length }))
    return { status: '9000', data: mac }
  }
  const run = p1 === DECIPHER ? decipherBlocks : encipherBlocks
  return { status: '9000', data: withPurseKey(context, name, 'ENC', (key) => run(key, blocks, { mode: 'ecb' })) }
}
