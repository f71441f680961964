/** The kinds of cards of a soak run: an issuer of its own for each, its profile and keys, and what its chips do differently. */
import { createHash } from 'node:crypto'
import type { SchemeName } from '@issuerkit/keys'
import { componentsOf } from '../keys.js'
import type { Network } from './network.js'

/** An issuer, and what its cards are like. */
export interface CardKind {
  readonly issuer: string
  readonly scheme: SchemeName
  readonly family: string
  /** The first digits of its PANs. */
  readonly bin: string
  readonly aid: string
  readonly templates: readonly ('71' | '72')[]
  readonly maxScripts: number
  readonly protocol: 'T=0' | 'T=1'
  /** Readings of the standards that cards differ in. */
  readonly switches: Readonly<Record<string, unknown>>
  /** Whether PIN CHANGE may take the current PIN in. */
  readonly withCurrent: boolean
  /** The answer says yes, and no: an ARC, or a card status update. [EMV-B3] C10 */
  readonly approve: string
  readonly decline: string
}

const ARC = { approve: '3030', decline: '3531' } as const
const CSU = { approve: '00820000', decline: '00000000' } as const
const ONE = { templates: ['72'], maxScripts: 1, protocol: 'T=0' } as const
const TWO = { templates: ['71', '72'], maxScripts: 2, protocol: 'T=1' } as const
const UNIONPAY = { family: 'unionpay', aid: 'A000000333010101', withCurrent: true, ...ARC } as const
const VISA = { family: 'visa', aid: 'A0000000031010', withCurrent: true } as const
const MASTERCARD = { family: 'mastercard', aid: 'A0000000041010', withCurrent: false, ...ARC } as const

/** One row for each way of counting, answering and securing. */
export const KINDS: readonly CardKind[] = [
  { ...UNIONPAY, ...ONE, issuer: 'soak-pboc', scheme: 'pboc', bin: '620001', switches: {} },
  {
    ...{ ...UNIONPAY, ...TWO, issuer: 'soak-sm4', scheme: 'pboc-sm4', bin: '620002' },
    switches: { scriptCounterOverflow: 'wrap', selectBlocked: '6A81' },
  },
  { ...VISA, ...ARC, ...ONE, issuer: 'soak-visa-10', scheme: 'visa-cvn10', bin: '400001', switches: {} },
  {
    ...{ ...VISA, ...CSU, ...TWO, issuer: 'soak-visa-18', scheme: 'visa-cvn18', bin: '400002' },
    switches: { scriptsNeedIssuerAuth: 'ifAipSupports' },
  },
  {
    ...{ ...MASTERCARD, ...ONE, issuer: 'soak-mastercard', scheme: 'mastercard-cvn20', bin: '510001' },
    switches: { scriptCounterOverflow: 'wrap' },
  },
  {
    ...{ ...MASTERCARD, ...CSU, ...TWO, issuer: 'soak-ccd', scheme: 'emv-ccd', family: 'ccd', bin: '510002' },
    switches: {},
  },
  {
    ...{ ...MASTERCARD, ...ONE, issuer: 'soak-interac', scheme: 'interac-cvn133', family: 'interac', bin: '510003' },
    ...{ aid: 'A0000002771010', switches: {} },
  },
]

/** An issuer's keys, made of their names: the host takes no key for two uses. Odd parity, as its TDES has it. */
export function keyOf(issuer: string, usage: 'AC' | 'MAC' | 'ENC' | 'PIN'): string {
  const bytes = createHash('sha256').update(`${issuer} ${usage}`).digest().subarray(0, 16)
  const ones = (byte: number): number => byte.toString(2).replaceAll('0', '').length
  return Buffer.from(bytes.map((byte) => (ones(byte) % 2 === 1 ? byte : byte ^ 1)))
    .toString('hex')
    .toUpperCase()
}

/** Sets the issuers up over HTTP. @returns the id of each issuer's PIN key */
export async function openIssuers(network: Network): Promise<ReadonlyMap<string, string>> {
  const pinKeys = new Map<string, string>()
  for (const { issuer, scheme, family, templates, maxScripts, switches } of KINDS) {
    const delivery = { templates, maxScripts, answerTimeoutSeconds: 1, scriptsAfterAac: true }
    const evidence = { requiresIssuerAuthentication: switches['scriptsNeedIssuerAuth'] === 'ifAipSupports' }
    await made(network, '/v1/issuers', { id: issuer, family, scheme, schemes: [scheme], delivery, evidence })
    const algorithm = scheme === 'pboc-sm4' ? 'sm4' : 'tdes'
    for (const usage of ['AC', 'MAC', 'ENC'] as const) {
      const components = componentsOf(keyOf(issuer, usage))
      await made(network, '/v1/keys', { issuer, usage, algorithm, dki: 1, components })
    }
    const pin = { issuer, usage: 'PIN', algorithm: 'tdes', components: componentsOf(keyOf(issuer, 'PIN')) }
    pinKeys.set(issuer, `${(await made(network, '/v1/keys', pin))['id']}`)
  }
  return pinKeys
}

async function made(network: Network, url: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = await network.send({ method: 'POST', url, body })
  if (answer.status !== 201) throw new Error(`${url}: ${answer.status} ${answer.text}`)
  return answer.body
}
