/** The verdict on a message: asked of the keys with what the ledger knows of the counter, and told in the interface's words. */
import { type CryptogramType, type CryptogramVerdict, scheme, VERDICT_REASONS, type VerdictCode } from '@issuerkit/keys'
import type { CryptogramRequest } from '../keys/key-service.js'
import type { CardLedger } from '../ledger/model.js'
import type { LedgerPolicy } from '../ledger/policy.js'
import { seenAt } from '../ledger/seen.js'
import { toJson } from '../routes/json.js'
import type { Asked } from './asked.js'
import type { ChipData } from './message.js'

/** What the ledger knows of the counter that a message names. */
export function counterKnowledge(
  { seen, highestAtc }: CardLedger,
  { atc: { ahead, behindOnline, behindOffline } }: LedgerPolicy,
  { atc, tags }: ChipData,
  isReplayed: boolean,
): Pick<CryptogramRequest, 'atc'> {
  if (atc === undefined) return {}
  // [EMV-B3] 6.5.5.4: bits 8 and 7 of tag 9F27 are 10 for an ARQC. A message without the tag is taken for a request.
  const isRequest = (tags.get('9F27')?.[0] ?? 0x80) >> 6 === 2
  const behind = isRequest ? behindOnline : behindOffline
  const elsewhere = isReplayed ? KINDS.map((type) => ({ atc, type })) : []
  return { atc: { seen: [...seenAt(seen, atc), ...elsewhere], window: { highest: highestAtc ?? atc, ahead, behind } } }
}

const KINDS: readonly CryptogramType[] = ['ARQC', 'TC', 'AAC']

/**
 * The kind of cryptogram as the ledger takes it. A message that calls a proven ARQC a TC is none to answer, whatever the
 * card meant: it counts as what it says of itself.
 */
export function kindOf({ type = 'ARQC', findings }: CryptogramVerdict): CryptogramType {
  return type === 'ARQC' && findings.includes('G') ? 'TC' : type
}

/** Whether a scheme's cryptogram is one of contactless cards: it covers one byte of the CVR. */
export function isContactlessScheme({ scheme: name }: CryptogramVerdict): boolean {
  return name !== undefined && scheme(name).cryptogramData.includes('IAD5')
}

/** Whether a code is about a cryptogram that verified. */
export function isVerified(code: string): boolean {
  return VERIFIED.includes(code)
}

const VERIFIED: readonly string[] = ['V', 'E', 'A', 'G', 'T'] satisfies VerdictCode[]

/** The verdict as answers tell it; `code`, `findings` and tolerances are those of when the message first came. */
export function verdictReport(
  verdict: CryptogramVerdict,
  { code, findings, tolerances }: Pick<Asked, 'findings' | 'tolerances'> & { readonly code: VerdictCode },
): Record<string, unknown> {
  const { scheme: name, dki, type, atc, cvr, tvr, idd, policyHits, missing } = verdict
  return {
    verdict: code,
    reason: code === verdict.code ? verdict.reason : VERDICT_REASONS[code],
    findings,
    scheme: name ?? null,
    dki: dki ?? null,
    type: type ?? null,
    atc: atc ?? null,
    cvr: toJson(cvr) ?? null,
    tvr: toJson(tvr) ?? null,
    idd: toJson(idd) ?? null,
    policyHits,
    missing,
    tolerances: [...tolerances, ...verdict.tolerances],
  }
}
