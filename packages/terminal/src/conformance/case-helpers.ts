/** What many cases begin with, and the numbers that the profile decides. */
import { IssuerkitError, toHex } from '@issuerkit/apdu'
import type { ConformanceCase } from './case.js'
import type { TestKey, TestKeyName } from './profile.js'
import { bytesOf, keyOf, type Text } from './protection.js'
import type { Step } from './step.js'
import type { PurseTester, TestName } from './tester.js'

type Run = (t: PurseTester) => Promise<void>
type Rest = Partial<Pick<ConformanceCase, 'needs' | 'destructive'>>

/** A case that the text of the specification gives. */
export function seedCase(id: string, title: string, run: Run, rest: Rest = {}): ConformanceCase {
  return { id, title, source: 'seed', destructive: false, ...rest, run }
}

/** A case whose text is lost, or that never had one. */
export function reconstructedCase(id: string, title: string, run: Run, rest: Rest = {}): ConformanceCase {
  return { id, title, source: 'reconstructed', destructive: false, ...rest, run }
}

/** Power off and on, and into an application. */
export async function enter(t: PurseTester, name: TestName = 'ADF1'): Promise<void> {
  await t.reset()
  await t.expect(t.selectName(name), '9000')
}

/** A challenge, which the next command may use. */
export async function challenge(t: PurseTester): Promise<void> {
  await t.expect(t.challenge(4), { status: '9000', length: 4 })
}

/** The status of a PIN that is wrong for the nth time in a row: 63C2, 63C1, 63C0 of three tries. */
export function wrongPinStatus(t: PurseTester, times: number): string {
  return `63C${(t.profile.pinTries - times).toString(16).toUpperCase()}`
}

/** A PIN that is not the card's, with four digits. */
export function wrongPin(t: PurseTester): string {
  return t.profile.pin === '9999' ? '8888' : '9999'
}

/** A good PIN that is not the card's, with four digits. */
export function otherPin(t: PurseTester): string {
  return t.profile.pin === '4321' ? '5678' : '4321'
}

/**
 * The content of a binary file of ADF1 (or ADF2) as personalised.
 * @param sfi two hexadecimal digits
 * @throws ERR_CARD when the profile has no such file
 */
export function contentOf(t: PurseTester, sfi: string, application: 0 | 1 = 0): Uint8Array {
  const content = t.profile.applications[application].binaries[sfi]
  if (content === undefined) throw missing(`a file ${sfi}`)
  return bytesOf(content)
}

/** A key of ADF1 as personalised. @throws ERR_CARD when the profile has none of that name and index */
export function describedKey(t: PurseTester, name: TestKeyName, index: number): TestKey {
  const key = keyOf(t.profile.applications[0].keys, name, index)
  if (key === undefined) throw missing(`a key ${name} of index ${index}`)
  return key
}

/** The overdraft limit that INITIALIZE FOR UPDATE answers, behind balance and serial. [PBOC] 2 */
export function oldLimitOf({ data }: Step): number {
  return Number.parseInt(toHex(data.slice(6, 9)), 16)
}

/** The same bytes with every bit turned over: a content that is certainly another one. */
export function turnedOver(content: Uint8Array): Uint8Array {
  return content.map((byte) => byte ^ 0xff)
}

/** READ BINARY of a whole short file, and what has to be in it. */
export async function expectContent(t: PurseTester, sfi: number, content: Text, offset = 0): Promise<void> {
  const bytes = bytesOf(content)
  await t.expect(t.readBinary(sfi, offset, bytes.length), { status: '9000', data: toHex(bytes) })
}

/** The application is blocked for good: SELECT says so. */
export async function expectLocked(t: PurseTester): Promise<void> {
  await t.reset()
  await t.expect(t.selectName('ADF1'), '9303')
}

/** ADF1 blocked for a time, by a good command. */
export async function blockTemporarily(t: PurseTester): Promise<void> {
  await challenge(t)
  await t.expect(t.applicationBlock('temporary'), '9000')
}

/** ADF1 in use again, by a good command. */
export async function unblock(t: PurseTester): Promise<void> {
  await challenge(t)
  await t.expect(t.applicationUnblock(), '9000')
}

/** ADF1 blocked for good, by a good command. */
export async function blockForGood(t: PurseTester): Promise<void> {
  await enter(t)
  await challenge(t)
  await t.expect(t.applicationBlock('permanent'), '9000')
}

function missing(expected: string): IssuerkitError {
  return new IssuerkitError('ERR_CARD', { label: 'profile of the card under test', expected, got: 'none' })
}
