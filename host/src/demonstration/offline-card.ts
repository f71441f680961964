/** Part 1: a real card, checked offline from a recorded session with it. */
import { collectRecords, parseTranscript, readingFromTranscript, toHex } from '@issuerkit/apdu'
import { authenticateReading, type OdaVerdict, publishedCaKeys, type StageLine, verdictText } from '@issuerkit/oda'
import { CARD_DATE, recordedSession } from './example.js'
import { maskPan, type Part, shorten } from './lines.js'

interface Choices {
  /** YYYYMMDD, the day as of which the card is judged. */
  readonly transactionDate?: string
  /** What becomes of the recorded session before it is read. */
  readonly session?: (text: string) => string
}

/** The part: static data and ICC certificate, each stage with what it recovers. */
export function offlineCard({ transactionDate = CARD_DATE, session = (text) => text }: Choices = {}): Part {
  const reading = readingFromTranscript(parseTranscript(session(recordedSession())))
  const tags = collectRecords(reading.records)
  const options = { store: publishedCaKeys().store, transactionDate }
  const sda = authenticateReading(reading, { ...options, method: 'sda' })
  const icc = authenticateReading(reading, { ...options, method: 'icc-key' })
  const missing = reading.missing.map(
    ({ sfi, record, signed }) => `SFI ${sfi} record ${record}${signed ? ', signed' : ''}`,
  )
  const pan = toHex(tags.get('5A') ?? new Uint8Array()).replace(/F+$/, '')
  return {
    title: 'A real UnionPay debit card, checked offline from its recorded session',
    lines: [
      [
        'application',
        `${toHex(reading.aid ?? new Uint8Array())}, AIP ${toHex(reading.aip)}, PAN ${maskPan(pan)}, as of ${transactionDate}`,
      ],
      ['records', `${reading.records.length} read by the AFL; not in the recording: ${missing.join('; ') || 'none'}`],
      ...stageLines(sda),
      ...stageLines(icc).slice(-1),
      ['verdict', sda.ok && icc.ok ? 'ok: static data and ICC certificate hold' : 'NOT OK'],
    ],
    ok: sda.ok && icc.ok,
  }
}

function stageLines(verdict: OdaVerdict): (readonly [string, string])[] {
  const { stages } = verdictText(verdict)
  return stages.map(({ stage, fault, recovered }) => [
    stage,
    fault === undefined ? shown(stage, recovered) : `NOT OK: ${fault.reason}: ${fault.sentence}`,
  ])
}

/** The fields of a stage in a line; the first of the CA key's fields prove its checksum. */
function shown(stage: StageLine['stage'], fields: Readonly<Record<string, string>>): string {
  const field = (name: string): string => fields[name] ?? 'none'
  const key = (name: string): string => `${4 * field(name).length}-bit key ${shorten(field(name))}`
  switch (stage) {
    case 'ca-key':
      return `ok  ${field('rid')}/${field('caKeyIndex')}, checksum ${field('caKeyChecksum')} verified`
    case 'issuer-certificate':
      return `ok  identifier ${field('issuerIdentifier')}, expiry ${field('issuerCertificateExpiry')}, serial ${field('issuerCertificateSerial')}, ${key('issuerModulus')}`
    case 'icc-certificate':
      return `ok  expiry ${field('iccCertificateExpiry')}, serial ${field('iccCertificateSerial')}, ${key('iccModulus')}`
    default:
      return `ok  data authentication code ${field('dataAuthenticationCode')}`
  }
}
