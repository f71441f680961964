/**
 * The PIN of an application: VERIFY, CHANGE PIN, RELOAD PIN, PIN UNBLOCK.
 *
 * The PIN is what stands in the command: 2 to 6 bytes of decimal digits, of which the last may be the filler F. A try
 * is gone before anything is compared.
 *
 * | command | clears the PIN try counter | PIN flag |
 * |---|---|---|
 * | VERIFY | when right | set; cleared when wrong |
 * | CHANGE PIN | when right | unchanged; cleared when the old PIN is wrong |
 * | RELOAD PIN, PIN UNBLOCK | when right | unchanged |
 *
 * @see [PBOC] 2 (commands of the e-purse), [ETC] 4.1.3 to 4.1.6, [FMCOS]
 */
import type { Command } from '@issuerkit/apdu'
import { constantTimeEqual } from '@issuerkit/keys'
import { counted, decipherData, messageOf, ONLY_INDEX, reloadMacIsRight, underMac } from './purse-messaging.js'
import type { PurseContext } from './purse-model.js'
import type { CardAnswer } from './virtual-card.js'

const SEPARATOR = 0xff
const FEWEST = 2
const MOST = 6

/** VERIFY: 9000, 63CX with the tries left, 6983 when none was left, 9403 without a PIN. */
export function verify(context: PurseContext, { data = new Uint8Array(0) }: Command): CardAnswer {
  const refused = unusable(context)
  if (refused !== undefined) return refused
  const answer = tryPin(context, data)
  if (answer.status === '9000') context.session.pinVerified = true
  return answer
}

/**
 * CHANGE PIN of `old FF new`: as VERIFY of the old one; 6A80 when there is no FF, or one of them is no PIN, which takes
 * no try.
 */
export function changePin(context: PurseContext, { data = new Uint8Array(0) }: Command): CardAnswer {
  const refused = unusable(context)
  if (refused !== undefined) return refused
  const end = data.indexOf(SEPARATOR)
  const current = data.subarray(0, Math.max(end, 0))
  const next = data.subarray(end + 1)
  if (!isPin(current) || !isPin(next)) return { status: '6A80' }
  const answer = tryPin(context, current)
  if (answer.status === '9000') context.memory.write('pin', next)
  return answer
}

/**
 * RELOAD PIN of `new MAC`, blocked or not: 9403 without a PIN or its key; 6988 (9302 on other cards) for a wrong MAC,
 * 9303 for the last one; 6A80 for what is no PIN.
 */
export function reloadPin(context: PurseContext, command: Command): CardAnswer {
  const { memory, config } = context
  if (!memory.has('pin') || !memory.has(`key/pin-reload/${ONLY_INDEX}`)) return { status: '9403' }
  const message = messageOf(command)
  return counted(context, 'pin-reload', config.switches.reloadMacStatus, () => {
    if (!reloadMacIsRight(context, message)) return undefined
    if (!isPin(message.body)) return { status: '6A80' }
    return setPin(context, message.body)
  })
}

/**
 * PIN UNBLOCK of `E(LD PIN 80 00 ..) MAC`: 9403 without a PIN or its key, 6985 while tries are left, 6984 without a
 * challenge; 6988 for a wrong MAC as for a wrong PIN, 9303 for the last of both; 6700 for LD 00. The PIN is the one
 * that the card has already; where cards take a new one instead, 6A80 for what is none.
 */
export function unblockPin(context: PurseContext, command: Command): CardAnswer {
  const { memory, config } = context
  if (!memory.has('pin')) return { status: '9403' }
  if (memory.readNumber('pin-tries') > 0) return { status: '6985' }
  return underMac(context, command, 'pin-unblock', (body) => {
    const given = decipherData(context, body, 'pin-unblock')
    if (given === undefined) return undefined
    try {
      if (given.length === 0) return { status: '6700' }
      if (config.switches.unblockPin === 'replace') return isPin(given) ? setPin(context, given) : { status: '6A80' }
      return isReference(context, given) ? setPin(context, given) : undefined
    } finally {
      given.fill(0)
    }
  })
}

/** Whether bytes are a PIN: 2 to 6, digits, F only as the last half of the last. */
export function isPin(bytes: Uint8Array): boolean {
  if (bytes.length < FEWEST || bytes.length > MOST) return false
  return bytes.every((byte, i) => {
    const low = byte & 0x0f
    return byte >> 4 < 10 && (low < 10 || (low === 0x0f && i === bytes.length - 1))
  })
}

/** Why no PIN can be tried: there is none, or no try is left. */
function unusable({ memory }: PurseContext): CardAnswer | undefined {
  if (!memory.has('pin')) return { status: '9403' }
  return memory.readNumber('pin-tries') === 0 ? { status: '6983' } : undefined
}

/** One try of at least one that is left. A wrong one clears the PIN flag. */
function tryPin(context: PurseContext, given: Uint8Array): CardAnswer {
  const { memory, config, session } = context
  const left = memory.readNumber('pin-tries') - 1
  memory.writeNumber('pin-tries', left)
  memory.commit()
  if (!isReference(context, given)) {
    session.pinVerified = false
    return { status: `63C${left.toString(16).toUpperCase()}` }
  }
  memory.writeNumber('pin-tries', config.pinTryLimit)
  return { status: '9000' }
}

function isReference({ memory }: PurseContext, given: Uint8Array): boolean {
  const reference = memory.read('pin')
  try {
    return constantTimeEqual(reference, given)
  } finally {
    reference.fill(0)
  }
}

function setPin({ memory, config }: PurseContext, bytes: Uint8Array): CardAnswer {
  memory.write('pin', bytes)
  memory.writeNumber('pin-tries', config.pinTryLimit)
  return { status: '9000' }
}
