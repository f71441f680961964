/**
 * The two readings of the channel that cards in the field follow, as data: `gp` (GlobalPlatform's SCP10, the default) and
 * `feitian` (the patent's own text, its plain misprints mended). Every disputed point is one switch of a profile.
 */

/** One reading of every disputed point. {@link CHANNEL_SWITCHES} says what each is and where the sources differ. */
export interface ChannelProfile {
  readonly name: string
  readonly keyCounterBytes: 4 | 32
  readonly keyCounterBy: 'position' | 'role'
  readonly startCounter: 'last-card-first' | 'first-host-first'
  readonly counters: 'per-key' | 'shared'
  readonly decipherFailure: 'S2' | 'S3'
  readonly transportEstablishedAt: 'external' | 'internal'
  readonly keyReferences: 'optional' | 'mandatory'
  readonly certificateWithoutEnvironment: boolean
  readonly getDataCertificate: 'always' | 'complete'
  readonly hostId: 'required' | 'optional'
  readonly signatureInformation: 'every' | 'one'
  readonly classes: 'listed' | 'any'
  readonly headerCla: 'unprotected' | 'protected'
  readonly emptyBodyPadding: 'block' | 'none'
  readonly errorResponses: 'bare' | 'protected'
  readonly messagingFailure: 'abort' | 'keep'
}

/** GlobalPlatform's SCP10. */
const GP: ChannelProfile = {
  name: 'gp',
  keyCounterBytes: 4,
  keyCounterBy: 'position',
  startCounter: 'last-card-first',
  counters: 'per-key',
  decipherFailure: 'S2',
  transportEstablishedAt: 'external',
  keyReferences: 'optional',
  certificateWithoutEnvironment: true,
  getDataCertificate: 'always',
  hostId: 'required',
  signatureInformation: 'every',
  classes: 'listed',
  headerCla: 'unprotected',
  emptyBodyPadding: 'block',
  errorResponses: 'bare',
  messagingFailure: 'abort',
}

/** The profiles by name. A test or a card of another dialect spreads one and changes a switch. */
export const CHANNEL_PROFILES = {
  gp: GP,
  feitian: {
    ...GP,
    name: 'feitian',
    keyCounterBytes: 32,
    keyCounterBy: 'role',
    startCounter: 'first-host-first',
    counters: 'shared',
    decipherFailure: 'S3',
    transportEstablishedAt: 'internal',
    keyReferences: 'mandatory',
    certificateWithoutEnvironment: false,
    getDataCertificate: 'complete',
    hostId: 'optional',
    signatureInformation: 'one',
  },
} as const satisfies Record<string, ChannelProfile>

/** What a switch decides, and the steps of the patent and sections of GlobalPlatform's SCP10 that disagree on it. */
export interface ChannelSwitch {
  readonly decides: string
  readonly citation: string
}

/** Every switch of {@link ChannelProfile}, once. */
export const CHANNEL_SWITCHES: Readonly<Record<Exclude<keyof ChannelProfile, 'name'>, ChannelSwitch>> = {
  keyCounterBytes: {
    decides: 'bytes of the counter behind the secret',
    citation: '[SCP10] 134 (32 bytes); F.2 (both)',
  },
  keyCounterBy: { decides: 'counter by place of the template or by role', citation: "[SCP10] 134'; Table F-12" },
  startCounter: { decides: 'which bytes of the secrets start the MAC counter', citation: "[SCP10] 134'; F.2.3" },
  counters: { decides: 'one counter for each MAC key, or one for all', citation: '[SCP10] 102, 127; F.2.3' },
  decipherFailure: { decides: 'whether a failed DECIPHER resets the card', citation: '[SCP10] 120, 122-124; F.1.5' },
  transportEstablishedAt: { decides: 'when a transported key may be used', citation: '[SCP10] 138, 145; F.1.3' },
  keyReferences: { decides: 'whether 83 and 84 may be left out', citation: '[SCP10] 111 a2, a3; F.4.5' },
  certificateWithoutEnvironment: { decides: 'a certificate without MSE before it', citation: '[SCP10] 113; F.4.7' },
  getDataCertificate: { decides: "when the card's certificate may be read", citation: '[SCP10] 116; F.4.3' },
  hostId: { decides: 'the host id behind the challenge in key transport', citation: '[SCP10] 140; Table F-3' },
  signatureInformation: { decides: 'tag 91 in every B4 template, or in one', citation: '[SCP10] 126; F.2.3' },
  classes: {
    decides: 'whether the seven commands have class 8X too',
    citation: '[SCP10] 104 (bytes 2 to 4 only); F.4',
  },
  headerCla: { decides: 'the class byte under the MAC', citation: '[SCP10] 150; F.3.2.1, text against figure' },
  emptyBodyPadding: { decides: 'a padding block behind a header alone', citation: '[SCP10] 150; F.3.2.1' },
  errorResponses: { decides: 'errors bare or under R-MAC', citation: '[SCP10] 152; F.3.2.4' },
  messagingFailure: { decides: 'what a failed MAC leaves of the session', citation: '[SCP10] 151, 155; F.1.6' },
}
