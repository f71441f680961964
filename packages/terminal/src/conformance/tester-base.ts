/** What every action of the conformance test stands on: the card, its keys, the protocol of the case, the verdicts. */
import { concat, IssuerkitError, parseResponse } from '@issuerkit/apdu'
import type { ResetKind } from '../connection.js'
import { createPurseKey, type PurseKey } from '../purse-keys.js'
import { externalCryptogram } from '../purse-secure-messaging.js'
import type { CardUnderTest } from './case.js'
import type { PurseTestProfile, TestKeyName } from './profile.js'
import { bytesOf, keyOf, type Protection } from './protection.js'
import { CaseFailed, type CaseRecord, type Expected, gotOf, matches, type Step, type Tpdu, wordsOf } from './step.js'

/** Which answers of T=0 an action follows: 61XX with GET RESPONSE, 6CXX with the right Le, both, or nothing. */
export type Follow = 'data' | 'both' | 'nothing'

const MOST_PIECES = 256
const NO_CHALLENGE = new Uint8Array(0)

/** The card under test and the protocol of one case. */
export class TesterBase {
  readonly card: CardUnderTest
  readonly #records: CaseRecord[]
  /** The last challenge that the card gave; empty before the first. */
  lastChallenge: Uint8Array = NO_CHALLENGE
  /** The application whose keys are used: 0 for ADF1 (and the MF), 1 for ADF2. */
  application: 0 | 1 = 0

  /** @param records takes the protocol; shared by the testers of one case */
  constructor(card: CardUnderTest, records: CaseRecord[] = []) {
    this.card = card
    this.#records = records
  }

  get profile(): PurseTestProfile {
    return this.card.profile
  }

  /** The protocol so far, in the order of the commands. */
  get records(): readonly CaseRecord[] {
    return this.#records
  }

  /** Cold reset. The challenge is kept here on purpose: a case may use it where the card must refuse it. */
  async reset(kind: ResetKind = 'cold'): Promise<Uint8Array> {
    const atr = await this.card.connection.reset(kind)
    this.#records.push({ label: `${kind} reset` })
    return atr
  }

  /**
   * The same case on a fresh copy of the card; its steps go into the same protocol.
   * @throws ERR_CARD when the card has no copies: the case has to say that it needs `clone`
   */
  async fresh(): Promise<this> {
    const copy = await this.card.clone?.()
    if (copy === undefined) {
      throw new IssuerkitError('ERR_CARD', { label: 'card under test', expected: 'copies', got: 'one card' })
    }
    const Tester = this.constructor as new (card: CardUnderTest, records: CaseRecord[]) => this
    return new Tester(copy, this.#records)
  }

  /** Sends a command as it is, and follows what T=0 asks for. @throws ERR_READER; ERR_POWER of a virtual card */
  async send(name: string, command: Uint8Array, follow: Follow = 'data'): Promise<Step> {
    const tpdus: Tpdu[] = []
    const transmit = async (sent: Uint8Array): Promise<{ data: Uint8Array; status: string }> => {
      const response = await this.card.connection.transmit(sent)
      tpdus.push({ command: sent, response })
      return parseResponse(response)
    }
    let answer = await transmit(command)
    const again = answer.status.startsWith('6C') && follow === 'both'
    if (again) answer = await transmit(withLe(command, answer.status))
    const pieces = [answer.data]
    // Bounded: a broken card may ask for more for ever.
    while (answer.status.startsWith('61') && follow !== 'nothing' && pieces.length < MOST_PIECES) {
      answer = await transmit(withLe(Uint8Array.of(0x00, 0xc0, 0x00, 0x00, 0x00), answer.status))
      pieces.push(answer.data)
    }
    const response = (tpdus.at(-1) as Tpdu).response
    const step: Step = { name, command, response, data: concat(...pieces), status: answer.status, tpdus }
    this.#records.push({ step })
    return step
  }

  /**
   * Judges a step, and writes the verdict to it.
   * @param expected a status (`9000`, a pattern), or status and data
   * @returns the step
   * @throws CaseFailed when it is another answer
   */
  async expect(step: Step | Promise<Step>, expected: Expected): Promise<Step> {
    const given = await step
    const passed = matches(given, expected)
    const judged = { step: given, expected: wordsOf(expected), got: gotOf(given, expected), passed }
    const at = this.#records.findLastIndex((entry) => entry.step === given)
    this.#records[at === -1 ? this.#records.length : at] = judged
    if (!passed) throw new CaseFailed(judged)
    return given
  }

  /** Judges a value that is not an answer: a balance, a serial, a file's content. @throws CaseFailed */
  equal(label: string, got: string | number | boolean, expected: string | number | boolean): void {
    const record = { label, expected: String(expected), got: String(got), passed: got === expected }
    this.#records.push(record)
    if (!record.passed) throw new CaseFailed(record)
  }

  /** A remark in the protocol. */
  note(text: string): void {
    this.#records.push({ label: text })
  }

  /**
   * A key of the application, for the caller to use; the profile describes it.
   * @throws ERR_CARD when the profile has none of that name and index
   */
  key(name: TestKeyName, index?: number): PurseKey {
    return createPurseKey(this.#keyBytes(name, index))
  }

  /** The key of PIN UNBLOCK. @throws ERR_CARD when the profile has none */
  protected pinUnblockKey(): PurseKey<'PIN'> {
    return createPurseKey(this.#keyBytes('pin-unblock'), 'PIN')
  }

  #keyBytes(name: TestKeyName, index?: number): Uint8Array {
    const key = keyOf(this.profile.applications[this.application].keys, name, index)
    if (key === undefined) {
      throw new IssuerkitError('ERR_CARD', { label: 'profile', expected: `a key ${name}`, got: 'none' })
    }
    return bytesOf(key.value)
  }

  /** The challenge that a command's MAC is made with; empty for a zero initial value. */
  protected taken({ challenge = 'last' }: Pick<Protection, 'challenge'>): Uint8Array {
    if (challenge === 'none') return NO_CHALLENGE
    return challenge === 'last' ? this.lastChallenge : bytesOf(challenge)
  }

  /** What EXTERNAL AUTHENTICATE proves a key with. */
  protected cryptogram(name: TestKeyName, index: number): Uint8Array {
    return externalCryptogram(this.key(name, index), this.lastChallenge)
  }
}

/** The command with the Le that a status names; a case 2 command has it in its last byte, as a case 4 command has. */
function withLe(command: Uint8Array, status: string): Uint8Array {
  const corrected = command.slice()
  corrected[corrected.length - 1] = Number.parseInt(status.slice(2), 16)
  return corrected
}
