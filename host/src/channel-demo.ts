/**
 * A handshake of the secure channel between the host's end and a virtual card, for looking at: parties with new test keys,
 * every command and answer with the patent's step, and one command under secure messaging.
 */
import { concat, equalBytes, parseCommand, toHex, withGetResponse } from '@issuerkit/apdu'
import { type ChannelCard, createChannelCard } from '@issuerkit/card'
import { RsaPrivateKey } from '@issuerkit/keys'
import { type Credentials, issueCertificate, open, type ProfileName, type Variant } from '@issuerkit/securechannel'

/** What is shown of one exchange. */
export interface ChannelDemoStep {
  /** The step of the patent at which the card's part begins: `131`, in key agreement `131'`. */
  readonly patent: string
  readonly name: string
  /** What the step is for. */
  readonly meaning: string
  readonly command: string
  readonly answer: string
}

/** The demonstration as a value. */
export interface ChannelDemo {
  readonly ok: boolean
  readonly profile: ProfileName
  readonly variant: Variant
  readonly bits: number
  readonly steps: readonly ChannelDemoStep[]
  /** The security level that the card has reached, and the keys it holds by name. */
  readonly level: string
  readonly keys: readonly string[]
}

/** What is to be shown. */
export interface ChannelDemoOptions {
  readonly profile: ProfileName
  readonly variant: Variant
  readonly bits: 1024 | 2048
  /** The card proves itself, too. */
  readonly mutual: boolean
}

const MEANINGS: Readonly<Record<string, string>> = {
  'MANAGE SECURITY ENVIRONMENT': 'the host names variant, keys and whether the card is to prove itself',
  'PSO VERIFY CERTIFICATE': 'the card verifies a certificate of the host with the key that it trusts so far',
  'GET DATA': 'the host reads the certificate of the card and verifies it',
  'PSO DECIPHER': 'the card deciphers the session keys that the host chose',
  'GET CHALLENGE': 'the card gives a random number, for one use',
  'EXTERNAL AUTHENTICATE': 'the host signs the challenge: the card knows who speaks',
  'INTERNAL AUTHENTICATE': 'the card signs a challenge of the host: the host knows who answers',
}

/** Runs the demonstration on keys made for it. */
export async function channelDemo({ profile, variant, bits, mutual }: ChannelDemoOptions): Promise<ChannelDemo> {
  const { card, credentials } = parties(bits, profile)
  const exchange = withGetResponse(card.exchange)
  const handshake = open(profile, variant, credentials, { mutual })
  const steps: ChannelDemoStep[] = []
  for (let step = handshake.step; step !== undefined; ) {
    const { name, patent, command } = step
    const answer = await exchange(command)
    const meaning = isPart(command) ? 'a part of what follows' : (MEANINGS[name] ?? '')
    steps.push({ patent, name, meaning, command: toHex(command), answer: toHex(answer) })
    step = handshake.answer(answer)
  }
  const { level, keys } = card.inspect()
  const { channel } = handshake
  const plain = Uint8Array.of(0x01, 0x02, 0x03)
  const wrapped = channel.wrap({ cla: 0x80, ins: 0xe2, p1: 0, p2: 0, data: plain })
  const answer = await exchange(wrapped)
  const { status, data } = channel.unwrap(answer)
  channel.close()
  steps.push({
    patent: '146',
    name: 'command in the channel',
    meaning: `80E20000 with 010203, enciphered and MACed; the card's application gives its data back: ${toHex(data)} ${status}`,
    command: toHex(wrapped),
    answer: toHex(answer),
  })
  const ok = status === '9000' && equalBytes(data, plain)
  return { ok, profile, variant, bits, steps, level: toHex(Uint8Array.of(level)), keys }
}

/** Whether more of a chained command follows: bit 5 of the class byte. [ISO7816-4] 5.1.1.1 */
function isPart(command: Uint8Array): boolean {
  return (parseCommand(command).cla & 0x10) !== 0
}

/** A root, a CA under it, a host and a card. The host shows two certificates, the card one. */
function parties(bits: number, profile: ProfileName): { card: ChannelCard; credentials: Credentials } {
  const make = (name: string) => ({
    id: Uint8Array.from(name.padEnd(8), (letter) => letter.charCodeAt(0)),
    key: RsaPrivateKey.generate(bits, 65537),
  })
  type Party = ReturnType<typeof make>
  const [root, ca, host, cardParty] = [make('ROOT'), make('CA'), make('HOST'), make('CARD')]
  const issue = (by: Party, to: Party): Uint8Array =>
    issueCertificate(
      by.key,
      {
        authorityReference: by.id,
        holderReference: to.id,
        key: to.key.publicKey,
        validFrom: '20260101',
        validTo: '20361231',
        authorisation: new Uint8Array(7),
      },
      { form: 'selfDescriptive' },
    )
  const card = createChannelCard({
    profile,
    trustPoints: [{ reference: '0101', id: root.id, key: root.key.publicKey }],
    cardKeys: [{ reference: '0201', id: cardParty.id, key: cardParty.key, certificate: issue(ca, cardParty) }],
    application: async (command) => concat(parseCommand(command).data ?? new Uint8Array(0), Uint8Array.of(0x90, 0x00)),
  })
  const credentials: Credentials = {
    hostKey: host.key,
    hostId: host.id,
    hostCertificates: [issue(root, ca), issue(ca, host)],
    trustPoint: { id: root.id, key: root.key.publicKey },
    cardIssuers: [issue(root, ca)],
  }
  return { card, credentials }
}
