/**
 * What the fields of a key block header may say, and what they mean. Data, no code.
 * @see [X9.143] 6.3.1 (usage), 6.3.2 (algorithm), 6.3.3 (mode of use), 6.3.5 (exportability)
 */

/** How a key block is protected, and the bytes of its MAC. A, the forerunner of C, is neither read nor written. */
export const KEY_BLOCK_VERSIONS = {
  B: { name: 'TDES key derivation binding', algorithm: 'tdes', macLength: 8 },
  C: { name: 'TDES key variant binding', algorithm: 'tdes', macLength: 4 },
  D: { name: 'AES key derivation binding', algorithm: 'aes', macLength: 16 },
} as const

/** The version of a key block. */
export type KeyBlockVersion = keyof typeof KEY_BLOCK_VERSIONS

const DERIVE = 'NX'
const ENCIPHER = 'BDEN'
const AUTHENTICATE = 'CGNV'

/** Key usage, offset 5, with the modes of use that go with it; none where only asymmetric keys have the usage. */
export const KEY_USAGES = {
  B0: { name: 'base derivation key (BDK)', modes: DERIVE },
  B1: { name: 'initial DUKPT key', modes: DERIVE },
  B2: { name: 'base key variant key', modes: DERIVE },
  B3: { name: 'key derivation key outside of X9.24', modes: DERIVE },
  C0: { name: 'card verification key', modes: AUTHENTICATE },
  D0: { name: 'data encryption, symmetric', modes: ENCIPHER },
  D1: { name: 'data encryption, asymmetric', modes: '' },
  D2: { name: 'data encryption of decimalisation tables', modes: ENCIPHER },
  D3: { name: 'data encryption of sensitive data', modes: ENCIPHER },
  E0: { name: 'EMV issuer master key: application cryptograms', modes: DERIVE },
  E1: { name: 'EMV issuer master key: secure messaging, confidentiality', modes: DERIVE },
  E2: { name: 'EMV issuer master key: secure messaging, integrity', modes: DERIVE },
  E3: { name: 'EMV issuer master key: data authentication code', modes: DERIVE },
  E4: { name: 'EMV issuer master key: dynamic numbers', modes: DERIVE },
  E5: { name: 'EMV issuer master key: card personalisation', modes: DERIVE },
  E6: { name: 'EMV issuer master key: other', modes: DERIVE },
  E7: { name: 'EMV asymmetric key pair for PIN encryption', modes: '' },
  I0: { name: 'initialisation vector', modes: 'N' },
  K0: { name: 'key encryption or wrapping key', modes: ENCIPHER },
  K1: { name: 'key block protection key (KBPK)', modes: ENCIPHER },
  K2: { name: 'TR-34 asymmetric key', modes: '' },
  K3: { name: 'asymmetric key for key wrapping or agreement', modes: '' },
  K4: { name: 'ISO 20038 key block protection key', modes: ENCIPHER },
  M0: { name: 'MAC, ISO 16609 algorithm 1', modes: AUTHENTICATE },
  M1: { name: 'MAC, ISO 9797-1 algorithm 1', modes: AUTHENTICATE },
  M2: { name: 'MAC, ISO 9797-1 algorithm 2', modes: AUTHENTICATE },
  M3: { name: 'MAC, ISO 9797-1 algorithm 3', modes: AUTHENTICATE },
  M4: { name: 'MAC, ISO 9797-1 algorithm 4', modes: AUTHENTICATE },
  M5: { name: 'MAC, ISO 9797-1:1999 algorithm 5', modes: AUTHENTICATE },
  M6: { name: 'MAC, ISO 9797-1:2011 algorithm 5 (CMAC)', modes: AUTHENTICATE },
  M7: { name: 'MAC, HMAC', modes: AUTHENTICATE },
  M8: { name: 'MAC, ISO 9797-1 algorithm 6', modes: AUTHENTICATE },
  P0: { name: 'PIN encryption key', modes: ENCIPHER },
  P1: { name: 'PIN generation key', modes: AUTHENTICATE },
  S0: { name: 'asymmetric key pair for signatures', modes: '' },
  S1: { name: 'asymmetric key pair of a CA', modes: '' },
  S2: { name: 'asymmetric key pair outside of X9.24', modes: '' },
  V0: { name: 'PIN verification, other', modes: AUTHENTICATE },
  V1: { name: 'PIN verification, IBM 3624', modes: AUTHENTICATE },
  V2: { name: 'PIN verification, Visa PVV', modes: AUTHENTICATE },
  V3: { name: 'PIN verification, X9.132 algorithm 1', modes: AUTHENTICATE },
  V4: { name: 'PIN verification, X9.132 algorithm 2', modes: AUTHENTICATE },
  V5: { name: 'PIN verification, X9.132 algorithm 3', modes: AUTHENTICATE },
} as const satisfies Record<string, { readonly name: string; readonly modes: string }>

/** A key usage of the table. */
export type KeyUsage = keyof typeof KEY_USAGES

/** Algorithm of the key, offset 7, with the lengths in bytes in which it is written; none: only ever read. */
export const KEY_BLOCK_ALGORITHMS = {
  A: { name: 'AES', lengths: [16, 24, 32] },
  D: { name: 'DES', lengths: [] },
  E: { name: 'elliptic curve', lengths: [] },
  H: { name: 'HMAC', lengths: [] },
  R: { name: 'RSA', lengths: [] },
  S: { name: 'DSA', lengths: [] },
  T: { name: 'TDES', lengths: [16, 24] },
} as const satisfies Record<string, { readonly name: string; readonly lengths: readonly number[] }>

/** An algorithm of the table. */
export type KeyBlockAlgorithm = keyof typeof KEY_BLOCK_ALGORITHMS

/** Mode of use, offset 8. */
export const MODES_OF_USE = {
  B: 'encipher and decipher, wrap and unwrap',
  C: 'generate and verify MACs',
  D: 'decipher or unwrap only',
  E: 'encipher or wrap only',
  G: 'generate MACs only',
  N: 'no restriction beyond the usage',
  S: 'sign only',
  V: 'verify MACs only',
  X: 'derive other keys',
  Y: 'create key variants',
} as const

/** A mode of use of the table. */
export type ModeOfUse = keyof typeof MODES_OF_USE

/** Exportability, offset 11. */
export const EXPORTABILITY = {
  E: 'exportable under a trusted key, in a key block',
  N: 'not exportable',
  S: 'sensitive: exportable in other forms too',
} as const

/** An exportability of the table. */
export type Exportability = keyof typeof EXPORTABILITY
