/**
 * A whole authorization with a PIN change, as an issuer's host does it: verify the ARQC of the request, decide, answer
 * with tag 91 and a script in template 72, and read from the terminal's notification whether the card executed it.
 *
 * Run it from the root of the project: node --conditions=@issuerkit/source --import tsx examples/authorization.ts
 */
import { concat, fromHex, parseTlv, requireTlv, toHex } from '@issuerkit/apdu'
import { answerApplicationCryptogram, TdesKey } from '@issuerkit/keys'
import {
  buildScriptTemplates,
  decodeScriptResults,
  matchScriptResults,
  openScript,
  parsePinBlock,
  pinChange,
  pinUnblock,
} from '@issuerkit/scripts'

// Made-up keys and a made-up card. A host takes them from its key store, never from a program.
const keys = {
  ac: TdesKey.create('issuer', 'AC', fromHex('0123456789ABCDEFFEDCBA9876543210')),
  mac: TdesKey.create('issuer', 'MAC', fromHex('404142434445464748494A4B4C4D4E4F')),
  enc: TdesKey.create('issuer', 'ENC', fromHex('505152535455565758595A5B5C5D5E5F')),
}
const card = { pan: '6200000000000005', panSequence: '01' }

// 1. The request: field 55 as the network delivers it.
const field55 = fromHex(
  '9F2608E89051379F080D149F2701809F101307010103A00000010A010000005000F2DE37D99F3704A1B2C3D49F3602006495050000048000' +
    '9A032611219C01009F02060000000100005F2A02015682027C009F1A0201569F03060000000000009F3303E0F1C89F34034203009F3501229F1E' +
    '0830303030303030318408A0000003330101019F090200309F410400000001',
)
const keySets = [{ dki: 1, algorithm: 'tdes', ...keys } as const]

// 2. Verify and answer in one call: an ARQC that does not verify gets no ARPC. The issuer approves with 00.
const { verdict, answer } = answerApplicationCryptogram({ field55, keySets, card }, { arc: fromHex('3030') })
if (answer === undefined) throw new Error(verdict.reason)
console.log(`${verdict.code}: ${verdict.scheme}, key set ${verdict.dki}, ATC ${verdict.atc}`)
console.log(`Terminal: ${verdict.tvr?.set.map(({ name }) => name).join(', ')}`)

// 3. The holder has chosen a new PIN; it comes as an ISO 9564 block of format 0 and never stands in a variable as text.
const newPin = parsePinBlock(0, fromHex('06654321FFFFFFFF'), { pan: card.pan })
const request = parseTlv(field55)
const session = openScript({
  scheme: 'pboc',
  keys,
  card,
  atc: requireTlv(request, '9F36').value,
  arqc: requireTlv(request, '9F26').value,
})
const change = pinChange(session, { newPin })
newPin.destroy()
console.log(`PIN change: ${toHex(change.apdu)}`)
console.log(`MAC over:   ${toHex(change.macInput)}`)
console.log(`D1, D2, D:  ${change.d1}, ${change.d2}, ${change.d}`)

// 4. The answer: tag 91, then one script under an identifier of its own.
const script = {
  template: '72',
  scriptIdentifier: fromHex('0000000A'),
  commands: [pinUnblock(session), change].map(({ apdu }) => apdu),
} as const
const { bytes, warnings } = buildScriptTemplates([script])
console.log(`Field 55:   ${toHex(concat(answer.tag91, bytes))}`)
console.log(`Warnings:   ${warnings.length}`)

// 5. Later, the notification: the terminal says that both commands were executed.
const [result] = matchScriptResults([script], decodeScriptResults(fromHex('200000000A'), 'DF31')).scripts
console.log(`Executed:   ${result?.commands.join(', ')}`)

for (const key of Object.values(keys)) key.destroy()

/* Prints:
V: pboc, key set 1, ATC 100
Terminal: onlinePinEntered, floorLimitExceeded
PIN change: 8424000214CDA78A186C0A2935D58DD99AE03C1BA884B265F3
MAC over:   84240002140064E89051379F080D14CDA78A186C0A2935D58DD99AE03C1BA8
D1, D2, D:  Secret(D1, 8 bytes), Secret(D2, 8 bytes), Secret(D, 8 bytes)
Field 55:   910A136117F2E8DAA2723030722D9F18040000000A860984240000042D41754286198424000214CDA78A186C0A2935D58DD99AE03C1BA884B265F3
Warnings:   0
Executed:   executed, executed
*/
