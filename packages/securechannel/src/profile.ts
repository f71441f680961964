/**
 * Where the patent and GlobalPlatform differ, or leave a choice: each disputed point is a field, and a profile is a row.
 *
 * `gp` follows GlobalPlatform, whose protocol this is; `feitian` follows the letter of the patent. A caller may change
 * single fields of a row for a card with other habits: `{ ...PROFILES.gp, headerCla: 'protected' }`.
 */
import { IssuerkitError } from '@issuerkit/apdu'

/** A reading of the standard. */
export interface Profile {
  readonly name: string
  /**
   * What bit 5 of the class byte means in PSO VERIFY CERTIFICATE. `commandChaining`: more of this certificate follows, as
   * everywhere else ([GP] F.4.7). `moreCertificates`: as well as that, more certificates follow ([SCP10] step 114).
   */
  readonly certificateBit5: 'commandChaining' | 'moreCertificates'
  /**
   * When the card gives its certificate out: `always` ([GP] F.4.3), or only after it has verified the host's
   * ([SCP10] step 116); without one the host must know the card's key beforehand.
   */
  readonly getDataCertificate: 'always' | 'afterVerification'
  /** The padding string of PSO DECIPHER: random non-zero bytes (RSAES-PKCS1-v1_5), or FF ([GP] table F-32). */
  readonly paddingString: 'random' | 'ff'
  /** Whether a control reference template of key agreement holds empty D1 and 91 ([SCP10] step 133') or none ([GP] F-11). */
  readonly agreementTemplates: 'short' | 'withEmptyObjects'
  /** Bytes of the counter behind the secrets: [GP] F.2.2 says 32 bits and 32 bytes; [SCP10] step 134' says 32 bytes. */
  readonly derivationCounterBytes: 4 | 32
  /** What the counter counts: the templates by kind and position ([GP] table F-12), or the five keys ([SCP10] step 134'). */
  readonly derivationOrder: 'byPosition' | 'byRole'
  /** The first counter of key agreement: the last four bytes of both secrets, the card's first ([GP] F.2.3), or the first
   * four, the host's first ([SCP10] step 134'). */
  readonly startCounter: 'lastFourCardFirst' | 'firstFourHostFirst'
  /** One message counter for each MAC key ([GP] F.2.3), or one for all ([SCP10] step 102, "signature information"). */
  readonly counters: 'perKey' | 'shared'
  /** The class byte that the MAC of a command covers: as before protection, its channel bits zero ([GP] F.3.2.1), or as sent. */
  readonly headerCla: 'unprotected' | 'protected'
  /** Whether the MAC of a command without data objects pads the header, 8 bytes already, by a block ([GP] B.1) or not. */
  readonly headerAlone: 'padded' | 'bare'
  /** Whether a refusal comes without protection ([GP] F.3.2.4), or with it as in [ISO7816-4] 5.6. */
  readonly errorResponses: 'bare' | 'protected'
  /** Bits of a modulus of either side, at least. 2048 for anything new; the standard's examples have 1024. */
  readonly leastModulusBits: number
  /** The smallest public exponent of the card's key: small ones invite attacks on the enciphered keys. */
  readonly leastExponent: number
  /** Protected commands of one session, at most: 64-bit blocks give way after some 2^32 of them. */
  readonly messageLimit: number
}

/** GlobalPlatform's reading: the default. */
const gp: Profile = {
  name: 'gp',
  certificateBit5: 'commandChaining',
  getDataCertificate: 'always',
  paddingString: 'random',
  agreementTemplates: 'short',
  derivationCounterBytes: 4,
  derivationOrder: 'byPosition',
  startCounter: 'lastFourCardFirst',
  counters: 'perKey',
  headerCla: 'unprotected',
  headerAlone: 'padded',
  errorResponses: 'bare',
  leastModulusBits: 1024,
  leastExponent: 65537,
  messageLimit: 0x100000,
}

/** The profiles by name. */
export const PROFILES = {
  gp,
  feitian: {
    ...gp,
    name: 'feitian',
    certificateBit5: 'moreCertificates',
    getDataCertificate: 'afterVerification',
    agreementTemplates: 'withEmptyObjects',
    derivationCounterBytes: 32,
    derivationOrder: 'byRole',
    startCounter: 'firstFourHostFirst',
    counters: 'shared',
  },
} as const satisfies Record<string, Profile>

/** The name of a row of {@link PROFILES}. */
export type ProfileName = keyof typeof PROFILES

/**
 * The profile of that name, or the one given.
 * @throws ERR_OPTION when there is no such profile
 */
export function profileOf(profile: ProfileName | Profile): Profile {
  if (typeof profile !== 'string') return profile
  if (!Object.hasOwn(PROFILES, profile)) {
    throw new IssuerkitError('ERR_OPTION', { label: 'profile', expected: Object.keys(PROFILES).join(', ') })
  }
  return PROFILES[profile]
}
