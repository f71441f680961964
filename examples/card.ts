/** A virtual card, a terminal and an issuer in one process: an online purchase that brings a new PIN with it. */
import { readFileSync } from 'node:fs'
import { fromHex, toHex, withGetResponse } from '@issuerkit/apdu'
import { openDebitCreditCard, parseCardProfile, personaliseCard } from '@issuerkit/card'
import { createKey } from '@issuerkit/keys'
import { createTestCa } from '@issuerkit/oda'
import { createIssuer, createTerminalData, runTransaction, type TransactionResult } from '@issuerkit/terminal'

// A card from a profile, its certificates by a test CA. In a test room a bureau's work is one JSON file.
const profile = JSON.parse(readFileSync(new URL('cards/pboc.json', import.meta.url), 'utf8'))
const ca = createTestCa({ rid: fromHex('A000000333'), index: 0xf1, bits: 1152, exponent: 3 })
const card = openDebitCreditCard(personaliseCard(parseCardProfile(profile), ca))

// The issuer of that card: the same master keys, and a script that waits for the next request.
const { ac, mac, enc } = profile.applications[0].keys.master
const issuer = createIssuer({
  scheme: 'pboc',
  keySets: [
    {
      dki: 1,
      algorithm: 'tdes',
      ac: createKey('tdes', 'issuer', 'AC', fromHex(ac)),
      mac: createKey('tdes', 'issuer', 'MAC', fromHex(mac)),
      enc: createKey('tdes', 'issuer', 'ENC', fromHex(enc)),
    },
  ],
})
issuer.queue([{ type: 'pin-change', newPin: '2468' }])

async function pay(pin: string): Promise<TransactionResult> {
  card.powerUp()
  return runTransaction(withGetResponse(card.exchange), {
    terminal: createTerminalData([['9F02', fromHex('000000012345')]]),
    pins: [pin],
    issuer: issuer.authorize,
    report: (advice) => void issuer.advice(advice),
  })
}

for (const pin of ['1234', '1234', '2468']) {
  const { decision, steps, scripts, scriptResults } = await pay(pin)
  const verify = steps.find(({ header }) => header === '00200080')?.status
  console.log(`${decision}, VERIFY ${verify}, ${scripts.length} scripts: ${toHex(scriptResults.DF31)}`)
}
const [first] = issuer.authorizations()
console.log(`verdict of the first request: ${first?.verdict.code}, of its TC: ${first?.advices[0]?.verdict?.code}`)

/* Prints:
approved, VERIFY 9000, 1 scripts: 2000000001
approved, VERIFY 63C2, 0 scripts: 0000000000
approved, VERIFY 9000, 0 scripts: 0000000000
verdict of the first request: V, of its TC: V
*/
