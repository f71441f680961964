/** Offline data authentication of a line of a campaign. */
import { authenticateBatch, publishedCaKeys } from '@issuerkit/oda'
import { NOT_KEPT } from '../cards/operation.js'
import { errorSentence } from '../http-status.js'
import { strictFault } from '../json-body.js'
import { hostSeal } from '../keys/host-secrets.js'
import type { SealContext } from '../store/authorizations.js'
import type { OdaSettings } from './campaign.js'
import type { LineEnd, LineName } from './end.js'
import { type LineError, lineRow, masked } from './line.js'

/**
 * The verdict on what a line holds, without anything of the card in it. A line that cannot be judged is at fault itself.
 * @throws ERR_KEY_UNWRAP
 */
export async function judgeLine(
  context: SealContext,
  { campaign, number, sealed }: LineName & { readonly sealed: Uint8Array | null },
  settings: OdaSettings,
): Promise<LineEnd> {
  const seal = await hostSeal(context, 'campaign')
  const bytes = seal.unwrap(lineRow(campaign, number), sealed ?? new Uint8Array())
  const { store } = publishedCaKeys()
  for await (const one of authenticateBatch(only(bytes), { store, ...settings, fault: strictFault })) {
    const { line: _, id, ...verdict } = one
    if (id !== undefined && NOT_KEPT.test(id)) return invalid(BAD_NAME)
    const name = id === undefined ? {} : { name: id }
    if (!('error' in verdict)) return { state: 'done', result: verdict, ...name }
    return { ...invalid({ ...verdict.error, message: errorSentence(verdict.error.code) }), ...name }
  }
  throw new TypeError('an empty line')
}

const BAD_NAME: LineError = {
  code: 'ERR_BATCH',
  message: errorSentence('ERR_BATCH'),
  label: 'id',
  expected: 'text without control characters, with no 13 digits in a row: it could be a PAN',
}

function invalid(error: LineError): LineEnd {
  return { state: 'invalid', result: { error: masked(error) } }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
