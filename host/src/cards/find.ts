/** Cards by their names, and entries wherever they are. */
import { fromHex, IssuerkitError, toHex } from '@issuerkit/apdu'
import { expectCardIdentity } from '@issuerkit/keys'
import type { Database } from '../database.js'
import { HostError } from '../errors.js'
import { rulesFor } from '../keys/issuer-profile.js'
import type { Entry } from '../ledger/model.js'
import { archivedEntry } from '../store/archive.js'
import type { CardName, StoredCard } from '../store/card-change.js'
import { cardStore, type StoreContext } from '../store/card-store.js'
import type { SiblingName } from '../store/sibling.js'
import { auditOf, type Operation } from './operation.js'

/**
 * The card of a name; one that is not known yet is made. Without an operation that is not audited: whoever makes cards by the
 * thousand audits them as a whole.
 * @throws ERR_PAN, ERR_PAN_SEQUENCE, ERR_HEX and ERR_LENGTH for the AID; ERR_NO_KEY for a PAN that is not of the issuer
 */
export async function openCard(
  context: StoreContext,
  database: Database,
  name: CardName,
  operation?: Operation,
): Promise<StoredCard> {
  const { issuer, pan } = name
  expectCardIdentity(name)
  const { panSequence, application } = expectSibling({ application: '', ...name })
  if (rulesFor(await context.keys.profile(issuer), pan) === undefined) {
    throw new HostError('ERR_NO_KEY', "The PAN is of none of the issuer's BIN ranges.")
  }
  const own = { issuer, pan, panSequence, ...(application === '' ? {} : { application }) }
  const store = cardStore(context, database)
  const known = await store.find(own)
  if (known !== undefined) return known
  return store.change(own, (change) => {
    if (operation !== undefined) change.audit(auditOf(operation, 'card.create', change.card))
    return change.card
  })
}

/** What tells the cards of a PAN apart, in the form in which it is stored. ERR_PAN_SEQUENCE, ERR_HEX, ERR_LENGTH */
export function expectSibling({ panSequence, application }: SiblingName): SiblingName {
  // The PAN is another matter.
  expectCardIdentity({ pan: '00000000', panSequence })
  const aid = fromHex(application, 'application')
  // [ISO7816-4] 12.2.3: an AID has 5 to 16 bytes.
  if (aid.length === 0 || (aid.length >= 5 && aid.length <= 16)) return { panSequence, application: toHex(aid) }
  throw new IssuerkitError('ERR_LENGTH', {
    label: 'application',
    expected: '5 to 16 bytes',
    got: `${aid.length} bytes`,
  })
}

/** An entry of a card, from its ledger or from the archive. ERR_NOT_FOUND */
export async function findEntry(database: Database, { handle, ledger }: StoredCard, id: string): Promise<Entry> {
  const entry = ledger.entries.find((one) => one.id === id) ?? (await archivedEntry(database, handle, id))
  if (entry === undefined) throw new HostError('ERR_NOT_FOUND', 'The card has no such entry.')
  return entry
}
