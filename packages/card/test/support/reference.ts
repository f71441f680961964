/** The published transcripts, the keys in them, and cards that hold those keys. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { type ChannelCard, type ChannelCardOptions, type ChannelState, createChannelCard } from '@issuerkit/card'
import { RsaPrivateKey } from '@issuerkit/keys'
import reference from '../../../../vectors/scp10-reference-1024.json' with { type: 'json' }

/** An RSA key as the vectors write it. */
export interface KeyParts {
  readonly n: string
  readonly e: string
  readonly d: string
  readonly p: string
  readonly q: string
}

export const even = (text: string): string => (text.length % 2 === 0 ? text : `0${text}`)

export function privateKey({ n, e, d, p, q }: KeyParts): RsaPrivateKey {
  return RsaPrivateKey.create({
    modulus: fromHex(n),
    exponent: fromHex(even(e)),
    privateExponent: fromHex(even(d)),
    primes: [fromHex(p), fromHex(q)],
  })
}

export const set = reference.sets[0] as (typeof reference.sets)[number]
export const rootKey = privateKey(set.keys.root)
export const intermediateKey = privateKey(set.keys.intermediate)
export const hostKey = privateKey(set.keys.host)
export const cardKey = privateKey(set.keys.card)
export const certificates = set.certificates
export const id = (name: keyof typeof set.ids): Uint8Array => fromHex(set.ids[name])
export const transport = set.keyTransport
export const agreement = set.keyAgreement

/** A random source that gives these first, then bytes that count on. */
export function fixedRandom(...values: string[]): (length: number) => Uint8Array {
  const queue = values.map((value) => fromHex(value))
  let next = 1
  return (length) => {
    const first = queue[0]
    if (first?.length === length) return queue.shift() as Uint8Array
    return Uint8Array.from({ length }, () => next++ & 0xff)
  }
}

export const TRANSPORT_RANDOM = [transport.getChallenge.response.slice(0, -4)]
export const AGREEMENT_RANDOM = [
  agreement.getChallenge.response.slice(0, -4),
  agreement.internalAuthenticate.cardSecret,
  agreement.internalAuthenticate.prnd,
]

/** The card of the transcripts. Its trust points: the root, and the host itself for sessions without certificates. */
export function referenceCard(options: Partial<ChannelCardOptions> = {}): ChannelCard {
  return createChannelCard({
    trustPoints: [
      { reference: '0101', id: id('root'), key: rootKey.publicKey },
      { reference: '0102', id: id('host'), key: hostKey.publicKey },
    ],
    cardKeys: [
      { reference: '0102', id: id('card'), key: cardKey, certificate: fromHex(certificates.cardByIntermediate) },
      { reference: '0103', id: id('card'), key: cardKey },
    ],
    random: fixedRandom(...(options.variant === 'agreement' ? AGREEMENT_RANDOM : TRANSPORT_RANDOM)),
    ...options,
  })
}

/** Sends commands, all in hexadecimal, and gives the answers. */
export async function send(card: ChannelCard, ...commands: string[]): Promise<string[]> {
  const answers: string[] = []
  for (const command of commands) answers.push(toHex(await card.exchange(fromHex(command))))
  return answers
}

/** The last two bytes of the last answer. */
export async function status(card: ChannelCard, ...commands: string[]): Promise<string> {
  return (await send(card, ...commands)).at(-1)?.slice(-4) ?? ''
}

type Variant = 'transport' | 'agreement'

/** The commands of the transcripts by name. */
export function commandsOf(variant: Variant, method: 'external' | 'mutual' = 'mutual') {
  const of = variant === 'transport' ? transport : agreement
  const scheme = variant === 'transport' ? '02' : '01'
  const p1 = method === 'mutual' ? 'C1' : '81'
  return {
    withoutCertificate: `0022${p1}A40A800210${scheme}830201028400`,
    withCertificate: `0022${p1}B608800210${scheme}83008400`,
    certificate: of.psoVerifyCertificate.singleCertificate as string[],
    chain: of.psoVerifyCertificate.chain_gp_oneCommandPerCertificate as string[],
    feitianChain: of.psoVerifyCertificate.chain_feitian_bit5MeansMoreCertificates as string[],
    decipher: transport.psoDecipher.apdusRandomPs as string[],
    challenge: of.getChallenge.command,
    external: of.externalAuthenticate.apdus as string[],
    internal: of.internalAuthenticate.apdus as string[],
  }
}

/** The commands that bring a card with the transcripts' random numbers to a state. */
export function wayTo(state: ChannelState, variant: Variant, profile: 'gp' | 'feitian'): string[] {
  const to = commandsOf(variant)
  const keys = [to.withoutCertificate, ...(variant === 'transport' ? to.decipher : [])]
  const external = [...keys, to.challenge, ...to.external]
  const session = [...external, ...to.internal]
  const ways: Record<ChannelState, string[]> = {
    idle: [],
    managed: [to.withoutCertificate],
    required: [to.withCertificate],
    certified: [to.withCertificate, ...to.certificate],
    established: keys,
    challenged: [...keys, to.challenge],
    external,
    answerable: external,
    session,
    aborted: [...session, '0CB0000000'],
  }
  if (state === 'answerable' && (variant === 'agreement' || profile === 'feitian')) throw new Error('no such state')
  return ways[state]
}
