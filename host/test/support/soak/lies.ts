/** Whether a terminal said something false about a delivery: its script results against what the card did. */
import { toHex } from '@issuerkit/apdu'
import type { ScriptResult } from '@issuerkit/scripts'
import { isExecuted } from './chip.js'
import type { LedgerClaim } from './ledger-view.js'
import type { Claim, HeldChip, SentDelivery } from './world.js'

const NO_IDENTIFIER = '00000000'

/** Whether the ledger had it from a terminal, says so, and the terminal lied. */
export function isExcused(held: HeldChip, { rank, delivery }: LedgerClaim): boolean {
  return (rank === 'terminal' || rank === 'unidentified') && liedAbout(held, delivery)
}

/** Whether any result that the ledger may have taken for one of this delivery was false. */
function liedAbout(held: HeldChip, delivery: string): boolean {
  const sent = held.deliveries.get(delivery)
  if (sent === undefined) return false
  return held.claims.some((claim) =>
    claim.results.some((result) => {
      const script = scriptMeant(sent, claim, result)
      return script !== undefined && isFalse(held, script, result)
    }),
  )
}

type Script = SentDelivery['scripts'][number]

/** A result is of the script that it names, with an advice on its transaction or any later request; else of the only one. */
function scriptMeant(sent: SentDelivery, claim: Claim, { scriptIdentifier }: ScriptResult): Script | undefined {
  const { scripts, reference, atc } = sent
  const named = toHex(scriptIdentifier)
  const isOf = claim.with === 'advice' ? claim.reference === reference : claim.atc > atc
  if (named !== NO_IDENTIFIER) return isOf ? scripts.find(({ identifier }) => identifier === named) : undefined
  const isNext = claim.with === 'advice' ? isOf : claim.atc === atc + 1
  return isNext && scripts.length === 1 ? scripts[0] : undefined
}

/** [EMV-B4] Annex A5: 2X all were executed, 1N the first N - 1 and no other, 0X none; 10 and 1F leave it open. */
function isFalse({ chip }: HeldChip, { commands }: Script, { outcome, commandNumber }: ScriptResult): boolean {
  const done = commands.map(({ apdu }) => isExecuted(chip, apdu))
  if (outcome === 'successful') return done.includes(false)
  if (outcome === 'not-performed') return done.includes(true)
  if (commandNumber === 0 || commandNumber > 14) return false
  return done.some((executed, i) => executed !== i + 1 < commandNumber)
}
