/** The commands of a handshake, each with the step of the patent that the card is then in. */
import { encodeCommand, parseResponse } from '@issuerkit/apdu'
import { attempt, channelError } from './failure.js'

/** The commands by name, with instruction, P1 and P2 where they are fixed, and the step of the patent. [SCP10] step 104 */
const COMMANDS = {
  'MANAGE SECURITY ENVIRONMENT': { ins: 0x22, patent: 105 },
  'PSO VERIFY CERTIFICATE': { ins: 0x2a, patent: 113 },
  'GET DATA': { ins: 0xca, patent: 116 },
  'PSO DECIPHER': { ins: 0x2a, patent: 118 },
  'GET CHALLENGE': { ins: 0x84, patent: 128 },
  'EXTERNAL AUTHENTICATE': { ins: 0x82, patent: 131 },
  'INTERNAL AUTHENTICATE': { ins: 0x88, patent: 140 },
} as const

/** The name of a command of the handshake. */
export type StepName = keyof typeof COMMANDS

/** One command of a handshake, to be sent to the card. */
export interface Step {
  readonly name: StepName
  /** Where the card's part of it begins in the patent: `131`, in key agreement `131'`. */
  readonly patent: string
  readonly command: Uint8Array
}

/** A part of a handshake: it gives steps, takes the card's answers, and returns what it was for. */
export type Steps<T> = Generator<Step, T, Uint8Array>

/** What a command carries, and how. */
export interface StepOptions {
  /** 00 unless said. */
  readonly cla?: number
  readonly p1?: number
  readonly p2?: number
  readonly data?: Uint8Array
  /** Whether an answer is due: Le 00. */
  readonly answer?: boolean
  /** Bit 5 of the class byte on the last part, too: more certificates follow. */
  readonly moreFollows?: boolean
  /** Key agreement: the primed step of the patent. */
  readonly primed?: boolean
}

const PART = 255
const NONE = new Uint8Array(0)

/**
 * A command, in as many parts as its data need: all but the last have bit 5 of the class byte set.
 * @returns the data of the last answer
 * @throws ERR_CHANNEL when the card answers anything but 9000, or a part but the last with data
 * @see [GP] 11.1.5 (command chaining), [ISO7816-4] 5.1.1.1
 */
export function* send(name: StepName, options: StepOptions): Steps<Uint8Array> {
  const { cla = 0x00, p1 = 0x00, p2 = 0x00, data = NONE, answer = false, moreFollows = false, primed = false } = options
  const { ins, patent } = COMMANDS[name]
  for (let offset = 0; ; offset += PART) {
    const part = data.subarray(offset, offset + PART)
    const isLast = offset + PART >= data.length
    const command = encodeCommand({
      cla: cla | (isLast && !moreFollows ? 0x00 : 0x10),
      ins,
      p1,
      p2,
      data: part,
      ...(isLast && answer ? { le: 256 } : {}),
    })
    const response = accepted(name, yield { name, patent: `${patent}${primed ? "'" : ''}`, command })
    if (isLast && answer) return response
    if (response.length > 0) throw channelError(name, 'an answer without data')
    if (isLast) return response
  }
}

/** The data of an answer with status 9000. */
function accepted(name: StepName, bytes: Uint8Array): Uint8Array {
  const response = attempt(() => parseResponse(bytes))
  if (response?.status !== '9000') throw channelError(name, 'status 9000', response?.status ?? 'no answer of a card')
  return response.data
}
