/** A channel put away and taken up again elsewhere: 145 bytes, sealed. */
import { concat, toHex } from '@issuerkit/apdu'
import { Channel, type ChannelState } from './channel.js'
import { Counter } from './counter.js'
import { channelError } from './failure.js'
import { FORM, type SavingKey, seal, uint32, unseal } from './sealing.js'
import { SessionKeys } from './session-keys.js'
import { type KeyRole, ROLES } from './templates.js'

/** Bits of the flags byte. */
const FLAG = { protectedCla: 0x01, bareHeader: 0x02, protectedErrors: 0x04, sharedCounter: 0x08 } as const
const DUE = ['none', 'plain', 'protected'] as const

/**
 * The channel as 145 bytes, for {@link resumeChannel}. It is closed here: a counter must not run in two places, so the
 * caller must also see to it that what is saved is taken up once.
 * @throws ERR_CHANNEL when the channel is closed; ERR_KEY_DESTROYED
 */
export function saveChannel(channel: Channel, key: SavingKey): Uint8Array {
  return seal(FORM.channel, key, () => channel.release(encodeState))
}

/**
 * A channel from what {@link saveChannel} gave.
 * @throws ERR_CHANNEL when it is anything else, was changed, or saved under another key; ERR_KEY_DESTROYED
 */
export function resumeChannel(saved: Uint8Array, key: SavingKey): Channel {
  const state = unseal(FORM.channel, key, saved)
  if (state === undefined) throw channelError('saved channel', 'one that was saved under this key')
  const channel = new Channel(decodeState(state))
  state.fill(0)
  return channel
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
    uint32(rules.messageLimit),
    uint32(sent),
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
