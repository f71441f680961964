/** The scripts of a delivery, command by command, and the templates that carry them. */
import { fromHex } from '@issuerkit/apdu'
import { buildScriptTemplates } from '@issuerkit/scripts'
import type { Intent } from '../ledger/intent.js'
import type { Delivery } from '../ledger/model.js'
import { toJson } from '../routes/json.js'
import type { CardChange } from '../store/card-change.js'
import { pinIds } from '../store/card-write.js'
import type { Answer, AnswerScript } from './asked.js'
import { type Built, buildCommand, type CommandFault, type Transaction } from './commands.js'
import type { Desk } from './desk.js'

/** Templates 71 and 72, and what is in them. */
export interface BuiltScripts extends Pick<Answer, 'scripts' | 'warnings'> {
  readonly templates: Uint8Array
}

/** What stands in the way of a delivery, entry by entry. */
export interface ScriptFaults {
  readonly faults: readonly (CommandFault & { readonly entry: string })[]
}

/** Builds all commands of a delivery, or tells which of them cannot be. `room` is for the templates, in bytes. */
export async function buildScripts(
  { cards, keys }: Desk,
  { ledger, card: { policy } }: CardChange,
  of: { readonly transaction: Transaction; readonly delivery: Delivery; readonly room: number },
): Promise<BuiltScripts | ScriptFaults> {
  const intents = new Map(ledger.entries.map(({ id, intent }) => [id, intent]))
  const intentOf = (entry: string) => intents.get(entry) as Intent
  const carried = of.delivery.scripts.flatMap(({ entries }) => entries)
  const kept = await cards.pins(carried.flatMap((entry) => pinIds(intentOf(entry))))
  const pins = new Map(kept.map((pin) => [pin.id, pin]))
  const results: (Built & { readonly entry: string })[] = []
  for (const entry of carried) {
    results.push({ entry, ...(await buildCommand(keys, of.transaction, intentOf(entry), pins)) })
  }
  const faults = results.filter((result) => 'fault' in result)
  if (faults.length > 0) return { faults }
  const scripts = of.delivery.scripts.map(({ template, identifier, entries }) => ({
    ...{ template, identifier },
    commands: results.flatMap((one) =>
      entries.includes(one.entry) && 'apdu' in one
        ? [{ entry: one.entry, type: intentOf(one.entry).type, apdu: one.apdu }]
        : [],
    ),
  }))
  const { bytes, warnings } = buildScriptTemplates(
    scripts.map(({ template, identifier, commands }) => ({
      template,
      scriptIdentifier: fromHex(identifier),
      commands: commands.map(({ apdu }) => apdu),
    })),
    { le: policy.trailer === 1 ? '00' : 'absent' },
  )
  // The ledger plans with the most that a command may take; what would not fit all the same waits.
  const last = carried.slice(-1).map((entry) => ({ entry, fault: 'too-large', gone: false }) as const)
  if (bytes.length > of.room) return { faults: last }
  return { templates: bytes, warnings, scripts: toJson(scripts) as readonly AnswerScript[] }
}
