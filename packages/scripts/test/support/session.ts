import { type ErrorCode, type ErrorDetails, fromHex } from '@issuerkit/apdu'
import { TdesKey } from '@issuerkit/keys'
import { expect } from 'vitest'
import { openScript, type ScriptInput, type ScriptSession } from '../../src/index.js'

/** What `toThrow` takes for an error of this code and these fields. */
export function coded(code: ErrorCode, details: ErrorDetails = {}): Error {
  return expect.objectContaining({ name: 'IssuerkitError', code, ...details }) as Error
}

/** The keys, card and transaction of the published PBOC cryptogram (vectors/application-cryptogram.json). */
export const PBOC_KEYS = {
  ac: TdesKey.create('issuer', 'AC', fromHex('F0C34A8124CEE0A91A0B034AA97D6EAC')),
  mac: TdesKey.create('issuer', 'MAC', fromHex('12B1AC4AF070CC35612BFE2D30AB600D')),
  enc: TdesKey.create('issuer', 'ENC', fromHex('D30F45EABC12AC3EF56B0C0D7F8654DE')),
}

export const PBOC = {
  scheme: 'pboc',
  keys: PBOC_KEYS,
  card: { pan: '6228000100001', panSequence: '01' },
  atc: fromHex('0240'),
  arqc: fromHex('5D016C91005E7CC2'),
} satisfies ScriptInput

/** A session like {@link PBOC}, but for what is given. */
export const sessionWith = (changes: Partial<ScriptInput> = {}): ScriptSession =>
  openScript({ ...PBOC, ...changes } as ScriptInput)
