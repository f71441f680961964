/** What a queue campaign asks of every card, judged when the campaign is made as it would be for one card. */
import type { CommandText } from '../cards/commands.js'
import { prepareEntry, type QueueRequest } from '../cards/queue.js'
import { HostError } from '../errors.js'
import { ledgerPolicy } from '../keys/issuer-profile.js'
import type { KeyService } from '../keys/key-service.js'
import type { Intent } from '../ledger/intent.js'
import { emptyLedger } from '../ledger/model.js'
import type { StoredCard } from '../store/card-change.js'
import type { QueueSettings } from './campaign.js'

interface Context {
  readonly keys: KeyService
}

/**
 * @throws ERR_NOT_FOUND for the issuer; ERR_CAMPAIGN_COMMAND for a command with a PIN, which is one card's own; what is wrong with
 *   the command or the options, as when it is queued for a card
 */
export async function queueSettings(context: Context, issuer: string, request: QueueRequest): Promise<QueueSettings> {
  if ('newPin' in request.command) throw new HostError('ERR_CAMPAIGN_COMMAND')
  const { event } = await prepareEntry({ ...context, devMode: false }, await anyCard(context, issuer), request, '')
  const { type: _type, entry: _entry, operator: _operator, ...settings } = event
  return settings
}

/** The intent of a line that has a command of its own. */
export async function intentFor(
  context: Context,
  issuer: string,
  command: CommandText,
  { reason }: QueueSettings,
): Promise<Intent> {
  return (await queueSettings(context, issuer, { command, reason })).intent
}

/** A card of the issuer that nothing is known of. */
async function anyCard({ keys }: Context, issuer: string): Promise<StoredCard> {
  return {
    ...{ handle: '', issuer, panHash: new Uint8Array(), maskedPan: '', panSequence: '00', application: '' },
    policy: ledgerPolicy(await keys.profile(issuer)),
    ledger: emptyLedger('', '00', 1),
    relatives: [],
    stopped: null,
  }
}
