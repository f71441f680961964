/** One line of a batch, read strictly, as something that can be judged. */
import { type CardReading, type CardRecord, parseAfl, parseTranscript } from '@issuerkit/apdu'
import { givenStaticData, runChain } from './authenticate.js'
import { expectFields, type Json, malformed, optional, read, required } from './batch-fields.js'
import { type CaKey, caKeyFields } from './ca-key.js'
import { METHODS } from './methods.js'
import { authenticateReading, authenticateTranscript, findCaKey, type ReadingOptions } from './reading.js'
import { pass, type StageResult } from './stage.js'
import type { OdaVerdict } from './verdict.js'

const COMMON = ['id', 'method', 'profile', 'transactionDate', 'allowExpiredCaKey'] as const
const RECORD = ['sfi', 'record', 'data'] as const

/** The forms of a line: the field that tells the form, and those that may stand with it. */
const FORMS = {
  transcript: [],
  records: ['aip', 'afl', 'aid', 'tags', 'dynamic'],
  caKey: ['tags', 'staticData', 'dynamic'],
  rid: ['tags', 'staticData', 'dynamic'],
} as const

type Form = keyof typeof FORMS

/**
 * Judges what a line holds; what it says itself goes before `given`.
 * @throws ERR_BATCH for another form; the codes of what is called
 */
export function judgeLine(line: Json, given: ReadingOptions): OdaVerdict {
  const form = (Object.keys(FORMS) as Form[]).find((name) => Object.hasOwn(line, name))
  if (form === undefined) throw malformed('line', `one of the fields ${Object.keys(FORMS).join(', ')}`)
  expectFields(line, [...COMMON, form, ...FORMS[form]], 'line')
  const options = { ...given, ...ownOptions(line) }
  if (form === 'transcript') return authenticateTranscript(parseTranscript(required(line, form, read.text)), options)
  if (form !== 'records') return judgeTags(line, form, options)
  const dynamic = optional(line, 'dynamic', read.dynamic)
  const tags = optional(line, 'tags', read.tags) ?? new Map<string, Uint8Array>()
  return authenticateReading(readingOf(line), { ...options, tags, ...(dynamic === undefined ? {} : { dynamic }) })
}

function ownOptions(line: Json): Partial<ReadingOptions> {
  const own = {
    method: optional(line, 'method', read.method),
    profile: optional(line, 'profile', read.profile),
    transactionDate: optional(line, 'transactionDate', read.text),
    allowExpiredCaKey: optional(line, 'allowExpiredCaKey', read.boolean),
  }
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
}

function judgeTags(line: Json, form: 'caKey' | 'rid', options: ReadingOptions): OdaVerdict {
  const { method, transactionDate, revoked } = options
  if (method === undefined) throw malformed('method', Object.keys(METHODS).join(', '))
  const tags = required(line, 'tags', read.tags)
  const staticData = givenStaticData({ tags, staticData: optional(line, 'staticData', read.hex) })
  const dynamic = optional(line, 'dynamic', read.dynamic)
  return runChain({
    method,
    tags,
    caKey: caKeyOf(line, form, tags, options),
    staticData,
    transactionDate,
    dynamic,
    revoked,
  })
}

function caKeyOf(
  line: Json,
  form: 'caKey' | 'rid',
  tags: ReadonlyMap<string, Uint8Array>,
  options: ReadingOptions,
): StageResult<CaKey> {
  if (form === 'rid') return findCaKey({ aid: required(line, 'rid', read.rid) }, tags, options)
  const key = required(line, 'caKey', read.caKey)
  return pass(key, caKeyFields(key))
}

function readingOf(line: Json): CardReading {
  const afl = parseAfl(required(line, 'afl', read.hex))
  const records = required(line, 'records', read.list).map(recordOf)
  const aid = optional(line, 'aid', read.hex)
  return {
    ...(aid === undefined ? {} : { aid }),
    aip: required(line, 'aip', read.aip),
    afl,
    records,
    // What a session would tell besides. A verdict takes what is missing from the locator and the records themselves.
    missing: [],
    duplicates: [],
    outside: [],
    others: [],
  }
}

function recordOf(entry: unknown, i: number): CardRecord {
  const label = `records ${i + 1}`
  const fields = read.object(entry, label)
  expectFields(fields, RECORD, label)
  const number = (name: 'sfi' | 'record'): number => required(fields, name, read.byte, label)
  return { sfi: number('sfi'), record: number('record'), data: required(fields, 'data', read.hex, label) }
}
