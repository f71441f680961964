/** Offline data authentication of some lines, for whichever thread. */
import { authenticateBatch, type BatchOptions, type CaKeyText } from '@issuerkit/oda'
import { strictFault } from '../json-body.js'
import { caKeyStore } from '../keys/ca-keys.js'

/** Work, as it comes. */
export interface OdaTask {
  /** Lines, each with its line feed. */
  readonly text: string
  /** How many lines of the batch came before. */
  readonly before: number
  /** Keys of the issuer's own. */
  readonly caKeys: readonly CaKeyText[]
  readonly options: Pick<BatchOptions, 'transactionDate' | 'profile' | 'explain'>
}

/** The results as NDJSON. */
export async function authenticateLines({ text, before, caKeys, options }: OdaTask): Promise<string> {
  const store = caKeyStore(caKeys)
  let out = ''
  for await (const { line, ...result } of authenticateBatch(only(text), { store, ...options, fault: strictFault })) {
    out += `${JSON.stringify({ line: before + line, ...result })}\n`
  }
  return out
}

async function* only(text: string): AsyncGenerator<string> {
  yield text
}
