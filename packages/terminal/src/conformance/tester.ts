/**
 * The actions that the cases of the conformance test are made of, by their names in the field: each sends one command,
 * keeps what the next one needs (challenge, answer of INITIALIZE) and writes both into the case's protocol.
 *
 * ```
 * await t.reset()
 * await t.expect(t.selectName('ADF1'), '9000')
 * await t.expect(t.verify('9999'), '63C2')
 * await t.challenge()
 * await t.expect(t.applicationBlock('temporary', { mac: 'bad' }), '6988')
 * ```
 *
 * An action never judges. `expect` does, and ends the case by CaseFailed.
 * @see [PBOC] 2
 */
import { equalBytes } from '@issuerkit/apdu'
import {
  challengeCommand,
  changePinCommand,
  readRecordCommand,
  selectCommand,
  verifyCommand,
} from '../purse-commands.js'
import {
  applicationBlockCommand,
  applicationUnblockCommand,
  cardBlockCommand,
  pinUnblockCommand,
  reloadPinCommand,
  updateBinaryCommand,
  updateRecordCommand,
} from '../purse-secure-messaging.js'
import { bytesOf, keyOf, type Protection, type Text, withWrongMac } from './protection.js'
import type { Step } from './step.js'
import { PurseGreyLock } from './tester-grey.js'

/** A name of the card under test, or any name in hexadecimal. */
export type TestName = 'PSE' | 'ADF1' | 'ADF2' | (string & {})

/** Bytes of a file that one command restores. */
const PIECE = 128

/** A case's hands: the card under test, and the protocol of the case. */
export class PurseTester extends PurseGreyLock {
  /** SELECT by name. */
  async selectName(name: TestName): Promise<Step> {
    const { mf, applications } = this.profile
    const known: Readonly<Record<string, string>> = {
      PSE: mf.name,
      ADF1: applications[0].name,
      ADF2: applications[1].name,
    }
    this.application = name === 'ADF2' ? 1 : 0
    return await this.send('SELECT', selectCommand(bytesOf(known[name] ?? name)))
  }

  /** SELECT by file identifier. */
  selectFid(fid: Text): Promise<Step> {
    return this.send('SELECT', selectCommand(bytesOf(fid), 'fid'))
  }

  /** GET RESPONSE; pieces that are left stay with the card. */
  getResponse(le: number): Promise<Step> {
    return this.send('GET RESPONSE', Uint8Array.of(0x00, 0xc0, 0, 0, le & 0xff), 'nothing')
  }

  /** READ BINARY of a file by its short file identifier. @param le 0 for Le 00 */
  readBinary(sfi: number, offset: number, le: number): Promise<Step> {
    return this.send('READ BINARY', Uint8Array.of(0x00, 0xb0, 0x80 | sfi, offset, le))
  }

  /** READ BINARY of the current file. @param offset of 15 bits */
  readBinaryCurrent(offset: number, le: number): Promise<Step> {
    return this.send('READ BINARY', Uint8Array.of(0x00, 0xb0, offset >> 8, offset & 0xff, le))
  }

  /** READ RECORD by number, whole: 6CXX is followed. */
  readRecord(sfi: number, number: number): Promise<Step> {
    return this.send('READ RECORD', readRecordCommand(sfi, number), 'both')
  }

  /** READ RECORD by identifier, whole. */
  readRecordById(sfi: number, identifier: number): Promise<Step> {
    return this.send('READ RECORD', readRecordCommand(sfi, identifier, 'identifier'), 'both')
  }

  /** UPDATE BINARY with MAC. */
  updateBinary(sfi: number, offset: number, data: Text, options: Protection = {}): Promise<Step> {
    const build = updateBinaryCommand(this.key('maintenance'), this.taken(options), sfi, offset, bytesOf(data))
    return this.send('UPDATE BINARY', withWrongMac(build, options))
  }

  /** UPDATE RECORD by number with MAC. */
  updateRecord(sfi: number, number: number, data: Text, options: Protection = {}): Promise<Step> {
    const build = updateRecordCommand(this.key('maintenance'), this.taken(options), sfi, number, bytesOf(data))
    return this.send('UPDATE RECORD', withWrongMac(build, options))
  }

  /** GET CHALLENGE; the commands after it use what the card gave. */
  async challenge(length = 4): Promise<Step> {
    const step = await this.send('GET CHALLENGE', challengeCommand(length))
    if (step.status === '9000') this.lastChallenge = step.data
    return step
  }

  /** VERIFY. @param pin the bytes of the command in hexadecimal: `1234`, `12345F` */
  verify(pin: Text): Promise<Step> {
    return this.send('VERIFY', verifyCommand(bytesOf(pin)))
  }

  /** Wrong PINs until none is left; not a command, and judged: the last answer has to be 63C0. */
  async blockPin(): Promise<void> {
    const wrong = this.profile.pin === '9999' ? '8888' : '9999'
    for (let left = this.profile.pinTries - 1; left >= 0; left--) {
      await this.expect(this.verify(wrong), `63C${left.toString(16).toUpperCase()}`)
    }
  }

  /** CHANGE PIN. */
  changePin(old: Text, fresh: Text): Promise<Step> {
    return this.send('CHANGE PIN', changePinCommand(bytesOf(old), bytesOf(fresh)))
  }

  /** CHANGE PIN with a data field of one's own. */
  changePinRaw(data: Text): Promise<Step> {
    const field = bytesOf(data)
    return this.send('CHANGE PIN', Uint8Array.of(0x80, 0x5e, 0x01, 0x00, field.length, ...field))
  }

  /** RELOAD PIN. It takes no challenge. */
  reloadPin(pin: Text, options: Pick<Protection, 'mac'> = {}): Promise<Step> {
    return this.send('RELOAD PIN', withWrongMac(reloadPinCommand(this.key('pin-reload'), bytesOf(pin)), options))
  }

  /** PIN UNBLOCK. */
  unblockPin(pin: Text, options: Protection = {}): Promise<Step> {
    const digits = bytesOf(pin)
    return this.unblockPinPlain(Uint8Array.of(digits.length, ...digits), options)
  }

  /** PIN UNBLOCK with a plaintext of one's own: LD and PIN, padded here. `00`: the length byte alone. */
  unblockPinPlain(plain: Text, options: Protection = {}): Promise<Step> {
    const build = pinUnblockCommand(this.pinUnblockKey(), this.taken(options), bytesOf(plain))
    return this.send('PIN UNBLOCK', withWrongMac(build, options))
  }

  /** APPLICATION BLOCK. */
  applicationBlock(kind: 'temporary' | 'permanent', options: Protection = {}): Promise<Step> {
    const build = applicationBlockCommand(this.key('maintenance'), this.taken(options), kind)
    return this.send('APPLICATION BLOCK', withWrongMac(build, options))
  }

  /** APPLICATION UNBLOCK. */
  applicationUnblock(options: Protection = {}): Promise<Step> {
    const build = applicationUnblockCommand(this.key('maintenance'), this.taken(options))
    return this.send('APPLICATION UNBLOCK', withWrongMac(build, options))
  }

  /** CARD BLOCK. */
  cardBlock(options: Protection = {}): Promise<Step> {
    const build = cardBlockCommand(this.key('maintenance'), this.taken(options))
    return this.send('CARD BLOCK', withWrongMac(build, options))
  }

  /** EXTERNAL AUTHENTICATE with the key of the index, or with a cryptogram of one's own. */
  externalAuthenticate(index: number, cryptogram?: Text): Promise<Step> {
    const proof = cryptogram === undefined ? this.cryptogram('external', index) : bytesOf(cryptogram)
    return this.send('EXTERNAL AUTHENTICATE', Uint8Array.of(0x00, 0x82, 0x00, index, proof.length, ...proof))
  }

  /** INTERNAL AUTHENTICATE. @param mode P1: 00 encipher, 01 decipher, 02 MAC */
  internalAuthenticate(mode: number, index: number, data: Text): Promise<Step> {
    const field = bytesOf(data)
    return this.send('INTERNAL AUTHENTICATE', Uint8Array.of(0x00, 0x88, mode, index, field.length, ...field, 0x00))
  }

  /** Any bytes, as they are; 61XX and 6CXX are not followed. */
  raw(command: Text): Promise<Step> {
    return this.send('raw', bytesOf(command), 'nothing')
  }

  /**
   * Brings the card back to its profile: applications released, PIN reloaded, binary files rewritten. What cannot be
   * undone (balances, serials, a lock for good) stays.
   */
  async restore(): Promise<void> {
    await this.reset()
    for (const name of ['ADF1', 'ADF2'] as const) {
      const selected = await this.selectName(name)
      if (selected.status === '6A81') {
        await this.challenge()
        await this.expect(this.applicationUnblock(), '9000')
        await this.expect(this.selectName(name), '9000')
      }
      await this.#rewrite()
    }
    await this.reset()
  }

  async #rewrite(): Promise<void> {
    const { binaries, keys } = this.profile.applications[this.application]
    if (keyOf(keys, 'pin-reload') !== undefined) await this.expect(this.reloadPin(this.profile.pin), '9000')
    for (const [sfi, content] of Object.entries(binaries)) await this.#rewriteFile(Number.parseInt(sfi, 16), content)
  }

  /** In pieces, each of which leaves the command room for its MAC; only those that are not what they should be. */
  async #rewriteFile(sfi: number, content: string): Promise<void> {
    const bytes = bytesOf(content)
    for (let offset = 0; offset < Math.min(bytes.length, 256); offset += PIECE) {
      const piece = bytes.subarray(offset, offset + PIECE)
      const read = await this.readBinary(sfi, offset, piece.length)
      if (read.status !== '9000' || equalBytes(read.data, piece)) continue
      await this.challenge()
      await this.expect(this.updateBinary(sfi, offset, piece), '9000')
    }
  }
}
