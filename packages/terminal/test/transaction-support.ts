/** A card written by hand with all that a transaction needs, and a terminal and issuer for it. */
import { createHash } from 'node:crypto'
import { fromHex, toHex } from '@issuerkit/apdu'
import type { IssuerLink, OnlineRequest, OnlineResponse, TransactionAdvice } from '../src/online.js'
import { runTransaction } from '../src/transaction.js'
import type { TransactionOptions, TransactionResult } from '../src/transaction-model.js'
import { type Answers, answered, objects, scriptedCard, tags } from './scripted-card.js'

export const AID = 'A000000333010101'
export const TERMINAL = {
  '9A': '261121',
  '9C': '00',
  '9F02': '000000010000',
  '9F03': '000000000000',
  '9F1A': '0156',
  '9F1B': '00004E20',
  '9F33': 'E0F8C8',
  '9F35': '22',
  '9F37': 'A1B2C3D4',
}
export const ZERO = '0000000000'
export const sha1Of = (hex: string): string => createHash('sha1').update(fromHex(hex)).digest('hex').toUpperCase()
export const FCI = (name = AID): string => answered('6F', { '84': name, A5: toHex(objects({ '50': '54455354' })) })
export const OPTIONS = (aip = '1C00'): string => `8006${aip}080101009000`

/** CDOL1: amount, TVR, unpredictable number. CDOL2: ARC, TVR. */
export const RECORD = {
  '5A': '6200000000000005',
  '5F24': '491231',
  '5F34': '01',
  '8C': '9F020695059F3704',
  '8D': '8A029505',
  '8E': '00000000000000001F00',
  '9F0D': ZERO,
  '9F0E': ZERO,
  '9F0F': 'FFFFFFFFFF',
}
export const without = (tag: keyof typeof RECORD): Record<string, string> =>
  Object.fromEntries(Object.entries(RECORD).filter(([name]) => name !== tag))
/** Format 1: CID, ATC 0001, cryptogram, 07 bytes of issuer application data. */
export const ac = (cid: string, cryptogram = '1122334455667788'): string =>
  `8012${cid}0001${cryptogram}06010A03A000009000`

export const CARD: Record<string, string | readonly string[]> = {
  '00A4': FCI(),
  '80A8': OPTIONS(),
  '00B2': answered('70', RECORD),
  '80AE': [ac('80'), ac('40', '8877665544332211')],
  '0082': '9000',
  '04DA': '9000',
}
export const SCRIPT_71 = fromHex('710F9F180400000071860604DA9F580100')
export const SCRIPT_72 = fromHex('720F9F180400000072860604DA9F590100')
export const APPROVE: OnlineResponse = {
  arc: fromHex('3030'),
  issuerAuthenticationData: fromHex('0102030405060708' + '3030'),
}

export interface Run extends TransactionResult {
  readonly sent: readonly string[]
  readonly requests: readonly OnlineRequest[]
  readonly reports: readonly TransactionAdvice[]
}

export async function run(
  answers: Answers = {},
  response: OnlineResponse | 'unable-to-go-online' | undefined = APPROVE,
  options: Partial<TransactionOptions> = {},
  terminal: Record<string, string> = {},
): Promise<Run> {
  const { exchange, sent } = scriptedCard({ ...CARD, ...answers })
  const requests: OnlineRequest[] = []
  const reports: TransactionAdvice[] = []
  const issuer: IssuerLink = async (request) => {
    requests.push(request)
    return response
  }
  const result = await runTransaction(exchange, {
    terminal: tags({ ...TERMINAL, ...terminal }),
    aid: fromHex(AID),
    issuer,
    report: (advice) => void reports.push(advice),
    ...options,
  })
  return { ...result, sent, requests, reports }
}

export const bits = ({ tvr, tsi }: TransactionResult): string => `${toHex(tvr)} ${toHex(tsi)}`
export const generateAcs = ({ sent }: Run): string[] => sent.filter((command) => command.startsWith('80AE'))
export const arc = ({ values }: TransactionResult): string => toHex(values.get('8A') ?? new Uint8Array())
