/**
 * What the host hears after a transaction: notifications with script results, reversals, uploads of cryptograms, clearing
 * lines; at once or late, once or twice, true or false, for the right script or another. The truth stays with the chip.
 */
import { concat, encodeTlv, fromHex, parseTlv, toHex } from '@issuerkit/apdu'
import { decodeScriptResults, encodeScriptResults, type ScriptResult } from '@issuerkit/scripts'
import type { TransactionAdvice } from '@issuerkit/terminal'
import { type Account, chance, chipOf, count, type HeldChip, several, type World } from './world.js'

interface About {
  readonly reference: string
  readonly atc: number
}

/** Passes on what a terminal tells after a transaction that went online. */
export async function forward(world: World, account: Account, about: About, advice: TransactionAdvice): Promise<void> {
  const { field55, kind } = mixedUp(account, advice)
  const isReversal = kind === 'interrupted'
  await mail(world, account, about, {
    kind: isReversal ? 'reversal' : 'script-result',
    emv: toHex(field55),
    ...(isReversal && chance(account, 0.3) ? { noAnswer: true } : {}),
  })
  if (isReversal || !chance(account, 0.2)) return
  // The TC once more: its upload, or a clearing line, with or without the chip's data.
  await mail(world, account, about, {
    kind: account.random.pick(['cryptogram', 'clearing']),
    ...(chance(account, 0.8) ? { emv: toHex(field55) } : {}),
  })
}

/** The terminal never saw the answer: it reverses, and says why or not. */
export async function reverse(world: World, account: Account, about: About): Promise<void> {
  await mail(world, account, about, { kind: 'reversal', ...(chance(account, 0.6) ? { noAnswer: true } : {}) })
}

/** The card's own cryptogram of a transaction that the host has never heard of. */
export async function upload(world: World, account: Account, about: About, field55: Uint8Array): Promise<void> {
  await mail(world, account, about, { kind: account.random.pick(['cryptogram', 'clearing']), emv: toHex(field55) })
}

/** Sends a message: lost, at once or some transactions later, and now and then twice. */
async function mail(world: World, account: Account, { reference, atc }: About, advice: Advice): Promise<void> {
  const held = chipOf(account)
  const { chip } = held
  if (chance(account, 0.1)) return count(world, 'advices lost')
  const { pan, panSequence, kind } = chip
  const body = { issuer: kind.issuer, reference, pan, panSequence, application: kind.aid, ...advice }
  const send = async (): Promise<void> => {
    claim(held, { reference, atc }, advice)
    const { status, text, body: said } = await world.network.send({ method: 'POST', url: '/v1/advices', body })
    // None of these cryptograms is forged.
    if (said['verdict'] === 'I') world.faults.push(`${account.name}, ${reference}: ${advice.kind} does not verify`)
    if (status !== 200) world.faults.push(`${account.name}, ${reference}: the advice answered ${status} ${text}`)
    count(world, `advices ${advice.kind}`)
  }
  if (chance(account, 0.7)) await several(account, 0.15, send)
  else account.mail.push({ due: account.turns + 1 + account.random.below(4), send })
  if (chance(account, 0.15)) account.mail.push({ due: account.turns + 1 + account.random.below(6), send })
}

interface Advice {
  readonly kind: string
  readonly emv?: string
  readonly noAnswer?: boolean
}

function claim({ claims }: HeldChip, about: About, { emv = '' }: Advice): void {
  const results = resultsOf(fromHex(emv))
  if (results.length > 0) claims.push({ with: 'advice', ...about, results })
}

/** The script results in DE55. */
export function resultsOf(field55: Uint8Array): readonly ScriptResult[] {
  const objects = parseTlv(field55)
  const [emv, unionPay] = ['9F5B', 'DF31'].map((name) => objects.find(({ tag }) => tag === name)?.value)
  if (emv !== undefined) return decodeScriptResults(emv)
  return unionPay === undefined ? [] : decodeScriptResults(unionPay, 'DF31')
}

/** Now and then a terminal mixes scripts up: its results name another script. */
function mixedUp(account: Account, advice: TransactionAdvice): TransactionAdvice {
  const results = resultsOf(advice.field55)
  if (results.length === 0 || !chance(account, 0.05)) return advice
  const others = [...chipOf(account).deliveries.values()].flatMap(({ scripts }) => scripts.map((one) => one.identifier))
  const scriptIdentifier = chance(account, 0.5) ? account.random.bytes(4) : fromHex(account.random.pick(others))
  return {
    ...advice,
    field55: withResults(
      advice.field55,
      results.map((one) => ({ ...one, scriptIdentifier })),
    ),
  }
}

function withResults(field55: Uint8Array, results: readonly ScriptResult[]): Uint8Array {
  const kept = parseTlv(field55).filter(({ tag }) => tag !== '9F5B' && tag !== 'DF31')
  const tags = (['DF31', '9F5B'] as const).map((tag) => encodeTlv(tag, encodeScriptResults(results, tag)))
  return concat(...kept.map(({ bytes }) => bytes), ...tags)
}
