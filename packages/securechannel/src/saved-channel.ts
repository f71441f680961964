/**
 * A channel put away and taken up again elsewhere, enciphered and authenticated under a key of the caller.
 *
 * | bytes | |
 * |---|---|
 * | 1 | 01: the form |
 * | 16 | initial value |
 * | 112 | state, AES-CBC |
 * | 16 | AES-CMAC of all that |
 *
 * Both keys come from the caller's by AES-CMAC over a label, so that neither does two things.
 */
import { concat, toHex } from '@issuerkit/apdu'
import {
  AesKey,
  constantTimeEqual,
  decipherBlocks,
  encipherBlocks,
  type KeyPurpose,
  macAesCmac,
  pad,
  randomBytes,
} from '@issuerkit/keys'
import { Channel, type ChannelState } from './channel.js'
import { Counter } from './counter.js'
import { channelError } from './failure.js'
import { SessionKeys } from './session-keys.js'
import { type KeyRole, ROLES } from './templates.js'

/** The caller's key for saved channels. */
export type SavingKey = AesKey<'zone', 'KBPK'>

const FORM = 0x01
const BLOCK = 16
const STATE_LENGTH = 111
const LENGTH = 1 + BLOCK + STATE_LENGTH + 1 + BLOCK

/** Bits of the flags byte. */
const FLAG = { protectedCla: 0x01, bareHeader: 0x02, protectedErrors: 0x04, sharedCounter: 0x08 } as const
const DUE = ['none', 'plain', 'protected'] as const

/**
 * The channel as 145 bytes, for {@link resumeChannel}. It is closed here: a counter must not run in two places, so the
 * caller must also see to it that what is saved is taken up once.
 * @throws ERR_CHANNEL when the channel is closed; ERR_KEY_DESTROYED
 */
export function saveChannel(channel: Channel, key: SavingKey): Uint8Array {
  const [encKey, macKey] = [derive(key, 'ENC'), derive(key, 'MAC')]
  const state = channel.release(encodeState)
  const iv = randomBytes(BLOCK)
  const cipher = encipherBlocks(encKey, pad(state, 2, BLOCK), { mode: 'cbc', iv })
  state.fill(0)
  const message = concat(Uint8Array.of(FORM), iv, cipher)
  const saved = concat(message, macAesCmac(macKey, message))
  for (const derived of [encKey, macKey]) derived.destroy()
  return saved
}

/**
 * A channel from what {@link saveChannel} gave.
 * @throws ERR_CHANNEL when it is anything else, was changed, or saved under another key; ERR_KEY_DESTROYED
 */
export function resumeChannel(saved: Uint8Array, key: SavingKey): Channel {
  const [encKey, macKey] = [derive(key, 'ENC'), derive(key, 'MAC')]
  try {
    const message = saved.subarray(0, LENGTH - BLOCK)
    const check = macAesCmac(macKey, message)
    if (saved.length !== LENGTH || !constantTimeEqual(check, saved.subarray(LENGTH - BLOCK))) {
      throw channelError('saved channel', 'one that was saved under this key')
    }
    const iv = message.subarray(1, 1 + BLOCK)
    const padded = decipherBlocks(encKey, message.subarray(1 + BLOCK), { mode: 'cbc', iv })
    const channel = new Channel(decodeState(padded))
    padded.fill(0)
    return channel
  } finally {
    for (const derived of [encKey, macKey]) derived.destroy()
  }
}

function derive<P extends 'ENC' | 'MAC'>(key: SavingKey, purpose: P): AesKey<'zone', P> {
  const root: AesKey<'zone', 'MAC'> = AesKey.create('zone', 'MAC' satisfies KeyPurpose, key.expose())
  const label = [...`issuerkit saved channel ${purpose}`].map((letter) => letter.charCodeAt(0))
  const bytes = concat(...[1, 2].map((counter) => macAesCmac(root, Uint8Array.of(counter, ...label))))
  root.destroy()
  const derived = AesKey.create('zone', purpose, bytes)
  bytes.fill(0)
  return derived
}

function encodeState({ rules, level, keys, counters, sent, due }: ChannelState): Uint8Array {
  const [command, answer] = [counters.get('CMAC'), counters.get('RMAC')]
  const flags =
    (rules.headerCla === 'protected' ? FLAG.protectedCla : 0) |
    (rules.headerAlone === 'bare' ? FLAG.bareHeader : 0) |
    (rules.errorResponses === 'protected' ? FLAG.protectedErrors : 0) |
    (command !== undefined && command === answer ? FLAG.sharedCounter : 0)
  const present = new Map<KeyRole, Uint8Array>(keys.entries().map(([role, key]) => [role, key.expose()]))
  const roles = ROLES.reduce((mask, role, i) => mask | (present.has(role) ? 1 << i : 0), 0)
  return concat(
    Uint8Array.of(level, flags, DUE.indexOf(due), roles),
    number(rules.messageLimit),
    number(sent),
    command?.value ?? new Uint8Array(8),
    answer?.value ?? new Uint8Array(8),
    ...ROLES.map((role) => present.get(role) ?? new Uint8Array(16)),
  )
}

function decodeState(state: Uint8Array): ChannelState {
  const [level, flags, due, roles] = state as unknown as [number, number, number, number]
  const at = (offset: number): number => Number.parseInt(toHex(state.subarray(offset, offset + 4)), 16)
  const has = (flag: number): boolean => (flags & flag) !== 0
  const keys = ROLES.flatMap((role, i): [KeyRole, Uint8Array][] =>
    (roles & (1 << i)) === 0 ? [] : [[role, state.slice(28 + 16 * i, 44 + 16 * i)]],
  )
  const command = new Counter(state.subarray(12, 20))
  const answer = has(FLAG.sharedCounter) ? command : new Counter(state.subarray(20, 28))
  return {
    rules: {
      headerCla: has(FLAG.protectedCla) ? 'protected' : 'unprotected',
      headerAlone: has(FLAG.bareHeader) ? 'bare' : 'padded',
      errorResponses: has(FLAG.protectedErrors) ? 'protected' : 'bare',
      messageLimit: at(4),
    },
    level,
    keys: new SessionKeys(new Map(keys)),
    counters: new Map([
      ['CMAC', command],
      ['RMAC', answer],
    ]),
    sent: at(8),
    due: DUE[due] as ChannelState['due'],
  }
}

/** 4 bytes, most significant first. */
function number(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}
