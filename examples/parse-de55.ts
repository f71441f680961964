/**
 * Field 55 of an authorisation message: which data objects are in it, and what the card asks.
 *
 * Run it from the root of the project: node --conditions=@issuerkit/source --import tsx examples/parse-de55.ts
 */
import { fromHex, IssuerkitError, parseTlv, requireTlv, tagName, toHex } from '@issuerkit/apdu'

// A made-up card; the order is the one in which UnionPay's terminals send them.
const field55 = fromHex(
  '9F2608AABBCCDDEEFF00119F2701809F101307010103A0B000010A010000000000AABBCCDD9F3704112233449F36020001950500000000009A03' +
    '2211019C01009F02060000000010005F2A02015682027C009F1A0201569F03060000000000009F3303E0E1C8',
)

const objects = parseTlv(field55)
for (const { tag, value } of objects) console.log(`${tag.padEnd(4)} ${tagName(tag)}: ${toHex(value)}`)

// Exactly one, or an error that says which tag is missing or repeated.
const cid = requireTlv(objects, '9F27').value[0] ?? 0
console.log(`The card asks to ${cid >> 6 === 2 ? 'go online (ARQC)' : 'end the transaction'}.`)

// A mistake is an error with a code of a closed set; it says where, and never repeats the data.
try {
  parseTlv(field55.subarray(0, -1))
} catch (error) {
  if (error instanceof IssuerkitError) console.log(`Cut short: ${error.code} at byte ${error.offset}`)
}

/* Prints:
9F26 Application Cryptogram: AABBCCDDEEFF0011
9F27 Cryptogram Information Data: 80
9F10 Issuer Application Data: 07010103A0B000010A010000000000AABBCCDD
9F37 Unpredictable Number: 11223344
9F36 Application Transaction Counter (ATC): 0001
95   Terminal Verification Results (TVR): 0000000000
9A   Transaction Date: 221101
9C   Transaction Type: 00
9F02 Amount, Authorised (Numeric): 000000001000
5F2A Transaction Currency Code: 0156
82   Application Interchange Profile (AIP): 7C00
9F1A Terminal Country Code: 0156
9F03 Amount, Other (Numeric): 000000000000
9F33 Terminal Capabilities: E0E1C8
The card asks to go online (ARQC).
Cut short: ERR_TLV at byte 98
*/
