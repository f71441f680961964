/**
 * A second reading of the rules of issuer scripts, on OpenSSL block by block. It shares no code and no table with the
 * packages: hexadecimal text in and out, one function for one rule.
 */
import { createCipheriv, createHash } from 'node:crypto'

export interface ReferenceInputs {
  readonly scheme: string
  readonly command: string
  readonly imkAc: string
  readonly imkMac: string
  readonly imkEnc: string
  readonly pan: string
  readonly panSequence: string
  readonly atc?: string
  readonly arqc: string
  readonly macLength: number
  readonly newPin?: string
  readonly currentPin?: string
  readonly pinBlockKey?: string
  readonly tag?: string
  readonly sfi?: number
  readonly record?: number
  readonly value?: string
  /** The n-th chained command. */
  readonly chained?: number
  readonly parity?: string
}

const VIS = ['vis', 'vis']
const ISO = ['iso-2', '']

/** option and parity of the ICC key | session | what the MAC covers | PIN blocks | key in D1 | enciphering */
const RULES: Readonly<Record<string, readonly [string, string, string, string, readonly string[], string, string]>> = {
  'visa-cvn10': ['A', 'odd', 'xor', 'all', VIS, 'ac', 'ecb-prefix'],
  'visa-cvn18': ['B', 'odd', 'xor', 'all', VIS, 'ac', 'ecb-prefix'],
  'visa-cvn22': ['B', 'odd', 'common', 'all', ['iso-2', 'vis'], 'ac', 'ecb-prefix'],
  'interac-cvn133': ['A', 'odd', 'common', 'header', ISO, '', 'cbc-bare'],
  'mastercard-cvn16': ['A', 'odd', 'common', 'all', ISO, '', 'cbc-bare'],
  'mastercard-cvn17': ['A', 'odd', 'common', 'all', ISO, '', 'cbc-bare'],
  'mastercard-cvn20': ['A', 'odd', 'common', 'all', ISO, '', 'cbc-bare'],
  'mastercard-cvn21': ['A', 'odd', 'common', 'all', ISO, '', 'cbc-bare'],
  'emv-ccd': ['B', 'odd', 'common', 'all', ISO, '', 'cbc-padded'],
  pboc: ['A', 'none', 'pboc', 'all', VIS, 'enc', 'ecb-prefix'],
  'pboc-cvn17': ['A', 'none', 'pboc', 'all', VIS, 'enc', 'ecb-prefix'],
  'pboc-sm4': ['A', 'none', 'sm4', 'all', VIS, 'enc', 'ecb-prefix'],
}

export const SCHEME_NAMES = Object.keys(RULES)
export const hasCurrentPinForm = (scheme: string): boolean => RULES[scheme]?.[4][1] === 'vis'
export const takesChaining = (scheme: string): boolean => RULES[scheme]?.[2] === 'common'

const raw = (hex: string): Buffer => Buffer.from(hex, 'hex')
function xor(a: string, b: string): string {
  const [left, right] = [raw(a), raw(b)]
  for (let i = 0; i < left.length; i++) left[i] = (left[i] ?? 0) ^ (right[i] ?? 0)
  return out(left)
}
const out = (bytes: Buffer): string => bytes.toString('hex').toUpperCase()
const not = (hex: string): string => xor(hex, 'FF'.repeat(hex.length / 2))
const blocksOf = (hex: string, size: number): string[] => hex.match(new RegExp(`.{${2 * size}}`, 'g')) ?? []

function block(cipher: string, key: string, data: string): string {
  const wide = cipher === 'des-ede-ecb' && key.length === 16 ? key + key : key
  return out(createCipheriv(cipher, raw(wide), null).setAutoPadding(false).update(raw(data)))
}
const tdes = (key: string, data: string): string => block('des-ede-ecb', key, data)
const sm4 = (key: string, data: string): string => block('sm4-ecb', key, data)

const ones = (byte: number): number => byte.toString(2).replaceAll('0', '').length
const odd = (key: string): string => out(Buffer.from(raw(key).map((byte) => (ones(byte) % 2 ? byte : byte ^ 1))))

function iccKey(inputs: ReferenceInputs, imk: string): string {
  const [option, parity, session] = RULES[inputs.scheme] ?? []
  const digits = inputs.pan + inputs.panSequence
  let y = digits.padStart(16, '0').slice(-16)
  if (option === 'B' && inputs.pan.length > 16) {
    const hash = createHash('sha1')
      .update(raw(digits.length % 2 ? `0${digits}` : digits))
      .digest('hex')
    const numbers = [...hash].filter((digit) => digit <= '9')
    const letters = [...hash].filter((digit) => digit > '9').map((digit) => String(Number.parseInt(digit, 16) - 10))
    y = [...numbers, ...letters].slice(0, 16).join('')
  }
  if (session === 'sm4') return sm4(imk, y + not(y))
  const key = tdes(imk, y) + tdes(imk, not(y))
  return (inputs.parity ?? parity) === 'odd' ? odd(key) : key
}

function cryptogramOf({ arqc, chained = 0 }: ReferenceInputs): string {
  return ((BigInt(`0x${arqc}`) + BigInt(chained)) & 0xffffffffffffffffn).toString(16).padStart(16, '0').toUpperCase()
}

function sessionKey(inputs: ReferenceInputs, key: string): string {
  const { atc = '' } = inputs
  const r = cryptogramOf(inputs)
  const zeros = '000000000000'
  switch (RULES[inputs.scheme]?.[2]) {
    case 'xor':
      return xor(key, zeros + atc + zeros + not(atc))
    case 'common':
      return odd(tdes(key, `${r.slice(0, 4)}F0${r.slice(6)}`) + tdes(key, `${r.slice(0, 4)}0F${r.slice(6)}`))
    case 'pboc':
      return tdes(key, zeros + atc) + tdes(key, zeros + not(atc))
    default:
      return sm4(key, zeros + atc + zeros + not(atc))
  }
}

function pad80(hex: string, size: number): string {
  const marked = `${hex}80`
  return marked.padEnd(Math.ceil(marked.length / (2 * size)) * 2 * size, '0')
}

export function referenceMac(key: string, data: string, length: number, isSm4 = false): string {
  const size = isSm4 ? 16 : 8
  let chain = '00'.repeat(size)
  const blocks = blocksOf(pad80(data, size), size)
  for (const [i, each] of blocks.entries()) {
    const mixed = xor(chain, each)
    if (isSm4) chain = sm4(key, mixed)
    else chain = i === blocks.length - 1 ? tdes(key, mixed) : tdes(key.slice(0, 16), mixed)
  }
  return chain.slice(0, 2 * length)
}

/** The PIN block before enciphering. */
export function referencePinBlock(inputs: ReferenceInputs): string {
  const { newPin = '', currentPin, scheme } = inputs
  const [, , , , blocks = [], usual = ''] = RULES[scheme] ?? []
  const length = newPin.length.toString(16).toUpperCase()
  if (blocks[currentPin === undefined ? 0 : 1] === 'iso-2') return `2${length}${newPin.padEnd(14, 'F')}`
  const master = (inputs.pinBlockKey ?? usual) === 'ac' ? inputs.imkAc : inputs.imkEnc
  const d3 = xor(`00000000${iccKey(inputs, master).slice(8, 16)}`, `0${length}${newPin.padEnd(14, 'F')}`)
  return currentPin === undefined ? d3 : xor(d3, currentPin.padEnd(16, '0'))
}

function encipher(inputs: ReferenceInputs, plain: string): string {
  const [, , session, , , , rule] = RULES[inputs.scheme] ?? []
  const key = sessionKey(inputs, iccKey(inputs, inputs.imkEnc))
  if (session === 'sm4') return sm4(key, pad80(`08${plain}`, 16))
  if (rule === 'ecb-prefix')
    return blocksOf(pad80(`08${plain}`, 8), 8)
      .map((each) => tdes(key, each))
      .join('')
  const sent: string[] = []
  for (const each of blocksOf(rule === 'cbc-padded' ? pad80(plain, 8) : plain, 8)) {
    sent.push(tdes(key, xor(sent.at(-1) ?? '00'.repeat(8), each)))
  }
  return sent.join('')
}

const HEADERS: Readonly<Record<string, string>> = {
  'application-block': '841E0000',
  'application-unblock': '84180000',
  'card-block': '84160000',
  'pin-unblock': '84240000',
  'pin-change': '84240002',
  'pin-change-with-current': '84240001',
}
const byte = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0')

/** The command, and what its MAC covers. */
export function referenceCommand(inputs: ReferenceInputs): { apdu: string; macInput: string } {
  const { command, tag = '', sfi = 0, record = 0, value = '', atc = '', macLength } = inputs
  const [, , session, covered] = RULES[inputs.scheme] ?? []
  const carriesValue = command === 'put-data' || command === 'update-record'
  const enciphered = command.startsWith('pin-change') ? encipher(inputs, referencePinBlock(inputs)) : ''
  const data = carriesValue ? value : enciphered
  const start =
    command === 'put-data'
      ? `04DA${tag.padStart(4, '0')}`
      : (HEADERS[command] ?? `04DC${byte(record)}${byte(8 * sfi + 4)}`)
  const header = start + byte(data.length / 2 + macLength)
  const macInput = header + (covered === 'header' ? '' : atc + cryptogramOf(inputs)) + data
  const key = sessionKey(inputs, iccKey(inputs, inputs.imkMac))
  return { apdu: header + data + referenceMac(key, macInput, macLength, session === 'sm4'), macInput }
}

/** Whether the MAC at the end of a command is right: what the card checks, from the command alone. */
export function macVerifies(inputs: ReferenceInputs, apdu: string): boolean {
  const { atc = '', macLength } = inputs
  const [, , session, covered] = RULES[inputs.scheme] ?? []
  const [header, body] = [apdu.slice(0, 10), apdu.slice(10)]
  if (Number.parseInt(header.slice(8), 16) !== body.length / 2) return false
  const data = body.slice(0, -2 * macLength)
  const macInput = header + (covered === 'header' ? '' : atc + cryptogramOf(inputs)) + data
  const key = sessionKey(inputs, iccKey(inputs, inputs.imkMac))
  return referenceMac(key, macInput, macLength, session === 'sm4') === body.slice(-2 * macLength)
}
