/** Cards for the tests of reading: answers by the beginning of the command, and the recorded card of seed 001. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Exchange, fromHex, parseTranscript, type TranscriptEntry, toHex } from '@issuerkit/apdu'
import { RsaPrivateKey } from '@issuerkit/keys'
import {
  CaKeyStore,
  iccDynamicData,
  issueIccCertificate,
  issueIssuerCertificate,
  signDynamicData,
  signStaticData,
  testCaFromKey,
} from '@issuerkit/oda'

/** An answer in hexadecimal, or what makes one of the command. */
export type Answer = string | ((command: Uint8Array) => string)

/** A card that answers by the longest beginning of the command that it knows, else by 6A82. */
export function cardOf(answers: Readonly<Record<string, Answer>>): { exchange: Exchange; commands: string[] } {
  const commands: string[] = []
  const exchange: Exchange = async (command) => {
    const text = toHex(command)
    commands.push(text)
    const known = Object.keys(answers).filter((start) => text.startsWith(start.replaceAll(' ', '')))
    const longest = known.sort((a, b) => b.length - a.length)[0]
    const answer = longest === undefined ? '6A82' : (answers[longest] as Answer)
    return fromHex((typeof answer === 'string' ? answer : answer(command)).replaceAll(' ', ''))
  }
  return { exchange, commands }
}

/** One data object, its length in one byte or in two. */
export function tlv(tag: string, ...values: readonly string[]): string {
  const value = values.join('').replaceAll(' ', '')
  const length = (value.length / 2).toString(16).padStart(2, '0').toUpperCase()
  return `${tag}${value.length >= 256 ? '81' : ''}${length}${value}`
}

export const PSE = '00A404000E315041592E5359532E444446303100'
export const PPSE = '00A404000E325041592E5359532E444446303100'

export const AID = 'A000000333010101'
/** The answer to SELECT of a PSE whose directory is SFI 1. */
export const DIRECTORY_FCI = `${tlv('6F', tlv('84', '315041592E5359532E4444463031'), tlv('A5', tlv('88', '01')))}9000`

/** An entry of a directory. */
export function entry(aid: string, priority: string): string {
  return tlv('61', tlv('4F', aid), tlv('87', priority))
}

/** The answer to SELECT of an application. */
export function fci(name: string, ...objects: readonly string[]): string {
  return `${tlv('6F', tlv('84', name), tlv('A5', ...objects))}9000`
}

/** The published session of seed 001. */
export function seedSession(): TranscriptEntry[] {
  const file = join(import.meta.dirname, '..', '..', '..', 'vectors', 'transcripts', 'unionpay-debit.txt')
  return parseTranscript(readFileSync(file, 'utf8'))
}

/** In place of the record that the publication leaves out: track 2 of the PAN, and a holder of the test's own. */
export const HOLDER_RECORD = tlv(
  '70',
  tlv('57', '6214830100237436D22112200000000000000F'),
  tlv('9F61', '313130313031313938303031303130303036'),
  tlv('9F62', '00'),
  tlv('9F0B', toHex(new TextEncoder().encode('TEST CARD HOLDER OF SEED ONE'))),
)

/** The commands of a terminal that reads the card of the seed as the standard has it, with the published answers. */
export function correctSession(): TranscriptEntry[] {
  const entry = (command: string, response: string): TranscriptEntry => ({
    command: fromHex(command),
    response: fromHex(response),
  })
  const published = seedSession().map(({ response }) => toHex(response))
  const [pse = '', directory = '', fci = '', options = '', ...records] = published
  return [
    entry(PSE, pse),
    entry('00B2010C00', directory),
    entry('00B2020C00', '6A83'),
    entry('00A4040008A00000033301010100', fci),
    // The values of 9F7A01 9F0206 5F2A02: no electronic cash, no amount, yuan; not the tags.
    entry('80A800000B8309000000000000000156 00'.replaceAll(' ', ''), options),
    entry('00B2010C00', `${HOLDER_RECORD}9000`),
    ...['00B2011400', '00B2031400', '00B2041400', '00B2051400', '00B2061400', '00B2011C00', '00B2012400'].map(
      (command, i) => entry(command, records[i] ?? ''),
    ),
  ]
}

/** The last of a correct session: the counters and the log, none of which the publication has. */
export function dataCommands(status = '6A88'): TranscriptEntry[] {
  return ['80CA9F3600', '80CA9F1300', '80CA9F1700', '80CA9F4F00'].map((command) => ({
    command: fromHex(command),
    response: fromHex(status),
  }))
}

/** A test CA, an issuer and a card with keys made for this run; the PAN is the standards' usual test number. */
export function signingCard(): SigningCard {
  made ??= makeSigningCard()
  return made
}

let made: SigningCard | undefined

export interface SigningCard {
  readonly store: CaKeyStore
  /** A record (template 70) without signatures, another with all certificates; AIP 7D00 is signed with the first. */
  readonly data: string
  readonly certificates: string
  /** The answer to INTERNAL AUTHENTICATE, without template. */
  sign(terminalData: Uint8Array): string
}

function makeSigningCard(): SigningCard {
  const [caKey, issuer, icc] = [1024, 896, 768].map((bits) => RsaPrivateKey.generate(bits, 3)) as [
    RsaPrivateKey,
    RsaPrivateKey,
    RsaPrivateKey,
  ]
  const ca = testCaFromKey(caKey, { rid: fromHex('A000000333'), index: 0xf1 })
  const store = new CaKeyStore()
  store.add('test', ca.key)
  const data = [
    tlv('5A', '4761739001010010'),
    tlv('5F24', '491231'),
    tlv('8C', '9F0206'),
    tlv('8D', '8A02'),
    tlv('9F4A', '82'),
  ].join('')
  const staticData = fromHex(`${data}7D00`)
  const details = { expiry: '1249', serial: fromHex('0000A1') }
  const signed = issueIssuerCertificate(ca.privateKey, { ...details, key: issuer.publicKey, identifier: '476173' })
  const own = issueIccCertificate(issuer, { ...details, key: icc.publicKey, pan: '4761739001010010', staticData })
  const ssad = signStaticData(issuer, { dataAuthenticationCode: fromHex('DAC1'), staticData })
  const optional = (tag: string, bytes: Uint8Array): string => (bytes.length === 0 ? '' : tlv(tag, toHex(bytes)))
  return {
    store,
    data: tlv('70', data),
    certificates: [
      tlv('70', tlv('8F', 'F1'), tlv('90', toHex(signed.certificate)), tlv('9F32', '03')),
      tlv('70', optional('92', signed.remainder), optional('9F48', own.remainder), tlv('9F47', '03')),
      tlv('70', tlv('9F46', toHex(own.certificate))),
      tlv('70', tlv('93', toHex(ssad))),
    ].join(' '),
    sign: (terminalData) => {
      const dynamicData = iccDynamicData(fromHex('0102030405060708'))
      return toHex(signDynamicData(icc, { dynamicData, terminalData }))
    },
  }
}
