/** Which command is it: step 104 of the patent, by the bytes 2 to 4. */
import { type Command, toHex } from '@issuerkit/apdu'
import { isSecured } from './channel-messaging.js'
import type { ChannelCommand } from './channel-table.js'

/** [SCP10] 104 */
const HEADERS: Readonly<Record<string, ChannelCommand>> = {
  '2281A4': 'manage-security-environment',
  '22C1A4': 'manage-security-environment',
  '2281B6': 'manage-security-environment',
  '22C1B6': 'manage-security-environment',
  '2A00AE': 'verify-certificate',
  '2A00BE': 'verify-certificate',
  CA7F21: 'get-data-certificate',
  CB7F21: 'get-data-certificate',
  '2A8084': 'decipher',
  '840000': 'get-challenge',
  '820000': 'external-authenticate',
  '880000': 'internal-authenticate',
}

/** INS, P1 and P2, which a chain of commands keeps. [ISO7816-4] 5.1.1.1 */
export function commandHeader({ ins, p1, p2 }: Command): string {
  return toHex(Uint8Array.of(ins, p1, p2))
}

/** The command; bit 5 of the class byte, chaining, does not matter to it. */
export function identifyCommand(command: Command, classes: 'listed' | 'any'): ChannelCommand {
  const { cla, ins, p1 } = command
  if (isSecured(cla)) return 'secured'
  const found = HEADERS[commandHeader(command)]
  const proprietary = (cla & ~0x10) === 0x80
  // F.4: class 0X for all of them, 8X for GET DATA too.
  const listed = (cla & ~0x10) === 0 || (proprietary && (classes === 'any' || found === 'get-data-certificate'))
  if (!listed) return 'other'
  if (found !== undefined) return found
  if (ins === 0x22 || ins === 0x2a) return 'unknown-operation'
  return ins === 0xa4 && p1 === 0x04 ? 'select' : 'other'
}

/** The logical channel that a class byte names. [ISO7816-4] 5.1.1 */
export function logicalChannel(cla: number): number {
  return (cla & 0x40) === 0 ? cla & 0x03 : 4 + (cla & 0x0f)
}
