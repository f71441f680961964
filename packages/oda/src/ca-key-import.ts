/** CA public keys from the forms that terminals and lists have them in: TLV, JSON, CSV. All of them carry the checksum. */
import { fromHex, IssuerkitError, parseTlv, type Tlv, toHex } from '@issuerkit/apdu'
import { type CaKey, createCaKey } from './ca-key.js'

/** A CA public key as hexadecimal text. */
export interface CaKeyText {
  /** 10 digits. */
  readonly rid: string
  /** 2 digits. */
  readonly index: string
  readonly modulus: string
  readonly exponent: string
  /** 40 digits. */
  readonly checksum: string
  /** YYYYMMDD. */
  readonly expiry?: string
  /** 2 digits; 01 is SHA-1. */
  readonly hashAlgorithm?: string
  /** 2 digits; 01 is RSA. */
  readonly keyAlgorithm?: string
}

const REQUIRED = ['rid', 'index', 'modulus', 'exponent', 'checksum'] as const
const OPTIONAL = ['expiry', 'hashAlgorithm', 'keyAlgorithm'] as const
type FieldName = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number]
const FIELDS: readonly FieldName[] = [...REQUIRED, ...OPTIONAL]

/** An entry of a list that is no acceptable key, and why. */
export interface RefusedCaKey {
  /** Which entry of the list, counted from 1; of a CSV file the line. */
  readonly entry: number
  readonly error: IssuerkitError
}

/** What a list gave. A bad key never keeps the others out, and never gets in. */
export interface CaKeyImport {
  readonly keys: readonly CaKey[]
  readonly refused: readonly RefusedCaKey[]
}

/**
 * A CA public key from its text form.
 * @throws ERR_HEX, and as {@link createCaKey}
 */
export function caKeyFromText(text: CaKeyText): CaKey {
  const { expiry, hashAlgorithm, keyAlgorithm } = text
  return createCaKey({
    rid: fromHex(text.rid, 'rid'),
    index: oneByte(text.index, 'index'),
    modulus: fromHex(text.modulus, 'modulus'),
    exponent: fromHex(text.exponent, 'exponent'),
    checksum: fromHex(text.checksum, 'checksum'),
    expiry,
    hashAlgorithm: hashAlgorithm === undefined ? undefined : oneByte(hashAlgorithm, 'hash algorithm'),
    keyAlgorithm: keyAlgorithm === undefined ? undefined : oneByte(keyAlgorithm, 'key algorithm'),
  })
}

function oneByte(text: string, label: string): number {
  const [byte, ...more] = fromHex(text, label)
  if (byte === undefined || more.length > 0) throw malformed(label, '1 byte')
  return byte
}

/**
 * A CA public key from an object that came from outside, with the fields of {@link CaKeyText}.
 * @throws ERR_CA_KEY for another, a missing or a field that is no text; as {@link caKeyFromText}
 */
export function caKeyFromObject(entry: unknown): CaKey {
  return caKeyFromText(expectFields(entry))
}

/** The tags of a CA key in a terminal's configuration, as Chinese terminals have them. */
const TLV_FIELDS: Readonly<Record<string, FieldName>> = {
  '9F06': 'rid',
  '9F22': 'index',
  DF02: 'modulus',
  DF03: 'checksum',
  DF04: 'exponent',
  DF05: 'expiry',
  DF06: 'hashAlgorithm',
  DF07: 'keyAlgorithm',
}

/**
 * A CA public key from its TLV form: 9F06 (RID), 9F22, DF02 (modulus), DF03 (checksum), DF04 (exponent), and where they
 * are there DF05 (expiry), DF06 and DF07 (algorithms). The expiry is YYMMDD or YYYYMMDD, in BCD or, eight bytes, in ASCII.
 * @throws ERR_TLV, ERR_TAG for a malformed sequence; ERR_CA_KEY for another, a repeated or a missing tag; as {@link createCaKey}
 */
export function caKeyFromTlv(bytes: Uint8Array): CaKey {
  const fields: Record<string, string> = {}
  for (const { tag, value } of parseTlv(bytes)) {
    const name = TLV_FIELDS[tag]
    if (name === undefined) throw malformed(`tag ${tag}`, Object.keys(TLV_FIELDS).join(', '))
    if (name in fields) throw malformed(`tag ${tag}`, 'once')
    fields[name] = name === 'expiry' ? expiryText(value) : toHex(value)
  }
  return caKeyFromText(expectFields(fields))
}

function expiryText(value: Tlv['value']): string {
  if (value.length === 3) return `20${toHex(value)}`
  return value.length === 8 ? String.fromCharCode(...value) : toHex(value)
}

/**
 * CA public keys from JSON: a list of objects with the fields of {@link CaKeyText}, all of them text.
 * @throws ERR_CA_KEY when the text is not JSON or not a list
 */
export function caKeysFromJson(text: string): CaKeyImport {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    // What is not JSON is no list either.
  }
  if (!Array.isArray(list)) throw malformed('CA keys', 'a list in JSON')
  return collect(list as unknown[], caKeyFromObject)
}

/**
 * CA public keys from CSV: a first line with the names of the fields of {@link CaKeyText}, in any order, then one key a
 * line. Values are separated by commas and not quoted; an empty value is an absent one; empty lines are skipped.
 * @throws ERR_CA_KEY when a name is unknown or repeated
 */
export function caKeysFromCsv(text: string): CaKeyImport {
  const lines = text.split('\n').map((line) => line.split(',').map((cell) => cell.trim()))
  const [header, ...rows] = lines as [string[], ...string[][]]
  if (new Set(header).size !== header.length) throw malformed('line 1', 'every name once')
  for (const name of header) if (!isFieldName(name)) throw malformed(`line 1: ${name}`, FIELDS.join(', '))
  const read = (cells: string[]): CaKey | undefined => {
    if (cells.length === 1 && cells[0] === '') return undefined
    if (cells.length !== header.length) throw malformed('line', 'as many values as names')
    const present = header.map((name, i) => [name, cells[i]]).filter(([, value]) => value !== '')
    return caKeyFromText(expectFields(Object.fromEntries(present)))
  }
  return collect(rows, read, 2)
}

/** Reads every entry of a list, the acceptable and the refused ones apart; entries that read as `undefined` are none. */
export function collect<T>(
  list: readonly T[],
  read: (entry: T) => CaKey | undefined,
  first = 1,
): { keys: CaKey[]; refused: RefusedCaKey[] } {
  const keys: CaKey[] = []
  const refused: RefusedCaKey[] = []
  for (const [i, item] of list.entries()) {
    try {
      const key = read(item)
      if (key !== undefined) keys.push(key)
    } catch (error) {
      if (!(error instanceof IssuerkitError)) throw error
      refused.push({ entry: first + i, error })
    }
  }
  return { keys, refused }
}

function isFieldName(name: string): boolean {
  return FIELDS.some((known) => known === name)
}

/** The fields of an object, all of them known and text, none of the required ones missing. */
function expectFields(entry: unknown): CaKeyText {
  if (typeof entry !== 'object' || entry === null) throw malformed('CA key', 'an object')
  for (const [name, value] of Object.entries(entry)) {
    if (!isFieldName(name)) throw malformed(`CA key: ${name}`, FIELDS.join(', '))
    if (typeof value !== 'string') throw malformed(`CA key: ${name}`, 'text')
  }
  for (const name of REQUIRED) if (!Object.hasOwn(entry, name)) throw malformed(`CA key: ${name}`, 'a value')
  return entry as CaKeyText
}

function malformed(label: string, expected: string): IssuerkitError {
  return new IssuerkitError('ERR_CA_KEY', { label, expected })
}
