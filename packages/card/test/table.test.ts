/** Every command in every state: the status, the state behind it, and what is left in memory. */
import { fromHex } from '@issuerkit/apdu'
import { CHANNEL_STATES, CHANNEL_TABLE, type ChannelState } from '@issuerkit/card'
import { describe, expect, it } from 'vitest'
import { certificates, commandsOf, referenceCard, status, wayTo } from './support/reference.js'

type Profile = 'gp' | 'feitian'
type Variant = 'transport' | 'agreement'

const NAMES: Record<string, ChannelState> = {
  I: 'idle',
  M: 'managed',
  R: 'required',
  C: 'certified',
  E: 'established',
  H: 'challenged',
  X: 'external',
  W: 'answerable',
  S: 'session',
  A: 'aborted',
}

/** The commands under test, one APDU each. */
function commands(variant: Variant): Record<string, string> {
  const to = commandsOf(variant)
  const certificate = certificates.hostByRoot
  const length = (certificate.length / 2).toString(16).padStart(4, '0')
  return {
    mse: to.withoutCertificate,
    certificate: `002A00BE00${length}${certificate}`,
    'get data': '80CA7F2100',
    decipher: commandsOf('transport').decipher[0] as string,
    challenge: to.challenge,
    external: to.external[0] as string,
    internal: to.internal[0] as string,
    unknown: '002A0000',
    select: '00A4040000',
    other: '00B0000000',
    secured: '0CB0000000',
  }
}

// Each cell: the status, then the state behind it by its letter (above). `-`: no such state under this profile and variant.
// biome-ignore format: a table
const EXPECTED: Record<`${Profile} ${Variant}`, Record<string, string>> = {
  'gp transport': {
    //          idle   managed required certified established challenged external answerable session aborted
    mse:         '9000M 9000M   9000M    9000M     9000M       9000M      -        9000M      9000M   9000M',
    certificate: '9000C 6985I   9000C    6300I     6985I       6985I      -        9000C      9000C   9000C',
    'get data':  '6144I 6144M   6144R    6144C     6144E       6144E      -        6982A      6982A   6982A',
    decipher:    '9000E 9000E   6985I    9000E     9000E       9000E      -        6982A      6982A   6982A',
    challenge:   '6985I 6985I   6985I    6985I     9000H       9000H      -        6982A      6982A   6982A',
    external:    '6985I 6985I   6985I    6985I     6985I       9000W      -        6982A      6982A   6982A',
    internal:    '6985I 6985I   6985I    6985I     6985I       6985I      -        9000S      6982A   6982A',
    unknown:     '6A86I 6A86I   6A86I    6A86I     6A86I       6A86I      -        6982A      6982A   6982A',
    select:      '9000I 9000I   9000I    9000I     9000I       9000I      -        9000I      9000I   9000I',
    other:       '9000I 9000M   9000R    9000C     9000E       9000E      -        6982A      6982A   6982A',
    secured:     '6982I 6982M   6982R    6982C     6982E       6982E      -        6982A      6982A   6982A',
  },
  'feitian transport': {
    mse:         '9000M 9000M   9000M    9000M     9000M       9000M      9000M    -          9000M   9000M',
    certificate: '6985I 6985I   9000C    6985I     6985I       6985I      6985I    -          6982A   6982A',
    'get data':  '6985I 6985I   6985I    6144C     6985I       6985I      6985I    -          6982A   6982A',
    decipher:    '9000E 9000E   6985I    9000E     9000E       9000E      6985I    -          6982A   6982A',
    challenge:   '6985I 6985I   6985I    6985I     9000H       9000H      6985I    -          6982A   6982A',
    external:    '6985I 6985I   6985I    6985I     6985I       9000X      6985I    -          6982A   6982A',
    internal:    '6985I 6985I   6985I    6985I     6985I       6985I      9000S    -          6982A   6982A',
    unknown:     '6A86I 6A86I   6A86I    6A86I     6A86I       6A86I      6A86I    -          6982A   6982A',
    select:      '9000I 9000I   9000I    9000I     9000I       9000I      9000I    -          9000I   9000I',
    other:       '9000I 9000M   9000R    9000C     9000E       9000E      9000I    -          6982A   6982A',
    secured:     '6982I 6982M   6982R    6982C     6982E       6982E      6982I    -          6982A   6982A',
  },
  'gp agreement': {
    mse:         '9000M 9000M   9000M    9000M     -           9000M      9000M    -          9000M   9000M',
    certificate: '9000C 6985I   9000C    6300I     -           6985I      6985I    -          9000C   9000C',
    'get data':  '6144I 6144M   6144R    6144C     -           6144M      6144I    -          6982A   6982A',
    decipher:    '6985I 6985I   6985I    6985I     -           6985I      6985I    -          6982A   6982A',
    challenge:   '9000H 9000H   6985I    9000H     -           9000H      6985I    -          6982A   6982A',
    external:    '6985I 6985I   6985I    6985I     -           9000X      6985I    -          6982A   6982A',
    internal:    '6985I 6985I   6985I    6985I     -           6985I      9000S    -          6982A   6982A',
    unknown:     '6A86I 6A86I   6A86I    6A86I     -           6A86I      6A86I    -          6982A   6982A',
    select:      '9000I 9000I   9000I    9000I     -           9000I      9000I    -          9000I   9000I',
    other:       '9000I 9000M   9000R    9000C     -           9000M      9000I    -          6982A   6982A',
    secured:     '6982I 6982M   6982R    6982C     -           6982M      6982I    -          6982A   6982A',
  },
  'feitian agreement': {
    mse:         '9000M 9000M   9000M    9000M     -           9000M      9000M    -          9000M   9000M',
    certificate: '6985I 6985I   9000C    6985I     -           6985I      6985I    -          6982A   6982A',
    'get data':  '6985I 6985I   6985I    6144C     -           6985I      6985I    -          6982A   6982A',
    decipher:    '6985I 6985I   6985I    6985I     -           6985I      6985I    -          6982A   6982A',
    challenge:   '9000H 9000H   6985I    9000H     -           9000H      6985I    -          6982A   6982A',
    external:    '6985I 6985I   6985I    6985I     -           9000X      6985I    -          6982A   6982A',
    internal:    '6985I 6985I   6985I    6985I     -           6985I      9000S    -          6982A   6982A',
    unknown:     '6A86I 6A86I   6A86I    6A86I     -           6A86I      6A86I    -          6982A   6982A',
    select:      '9000I 9000I   9000I    9000I     -           9000I      9000I    -          9000I   9000I',
    other:       '9000I 9000M   9000R    9000C     -           9000M      9000I    -          6982A   6982A',
    secured:     '6982I 6982M   6982R    6982C     -           6982M      6982I    -          6982A   6982A',
  },
}

/** What each state has in memory: keys, challenge, session request, the card's secret. */
const MEMORY: Record<string, [transport: string, agreement: string]> = {
  idle: ['', ''],
  managed: ['', ''],
  required: ['', ''],
  certified: ['', ''],
  established: ['keys request', ''],
  challenged: ['keys challenge request', 'challenge'],
  external: ['keys request', 'keys secret'],
  answerable: ['keys request', ''],
  session: ['keys', 'keys'],
  aborted: ['', ''],
}

const cases = (Object.keys(EXPECTED) as `${Profile} ${Variant}`[]).flatMap((name) => {
  const [profile, variant] = name.split(' ') as [Profile, Variant]
  return Object.entries(EXPECTED[name]).flatMap(([command, row]) =>
    row
      .split(/ +/)
      .map((cell, i) => ({ profile, variant, command, state: CHANNEL_STATES[i] as ChannelState, cell }))
      .filter(({ cell }) => cell !== '-'),
  )
})

describe.each(['gp transport', 'feitian transport', 'gp agreement', 'feitian agreement'] as const)('%s', (name) => {
  it.each(cases.filter(({ profile, variant }) => `${profile} ${variant}` === name))(
    '$command in $state: $cell',
    async ({ profile, variant, command, state, cell }) => {
      const card = referenceCard({ profile, variant, application: async () => fromHex('9000') })
      for (const step of wayTo(state, variant, profile)) await status(card, step)
      expect(card.inspect().state).toBe(state)
      const sw = await status(card, commands(variant)[command] as string)
      const after = card.inspect()
      expect([sw, after.state]).toEqual([cell.slice(0, 4), NAMES[cell.slice(4)]])
      const kept = (['challenge', 'request', 'secret'] as const).filter((part) => after[part])
      const memory = [...(after.keys.length > 0 ? ['keys'] : []), ...kept].join(' ')
      expect(memory).toBe(MEMORY[after.state]?.[variant === 'transport' ? 0 : 1])
      // Back in the first state, everything has its first value.
      if (['idle', 'aborted'].includes(after.state)) {
        expect(after).toMatchObject({
          level: 0,
          hostId: '5453545450303031',
          cardKey: '0102',
          method: 'mutual',
          variant,
        })
      }
    },
  )
})

it('has ten cells in every row, and a row for every command of every profile and variant', () => {
  for (const { cells } of CHANNEL_TABLE) expect(cells.split(/ +/)).toHaveLength(CHANNEL_STATES.length)
  expect(new Set(CHANNEL_TABLE.map(({ command }) => command)).size).toBe(Object.keys(commands('transport')).length)
})
