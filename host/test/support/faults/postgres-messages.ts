/**
 * Messages of PostgreSQL's protocol, version 3: a type of one byte, a length of four that counts itself, the rest. Only the
 * first message of a connection has no type.
 */

export interface WireMessage {
  /** `''` for the first message of a client. */
  readonly type: string
  /** All of it, with type and length. */
  readonly bytes: Buffer
}

/** Cuts a stream into messages. */
export function messageReader(startsWithoutType: boolean): (chunk: Buffer) => WireMessage[] {
  let rest = Buffer.alloc(0)
  let isFirst = startsWithoutType
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const messages: WireMessage[] = []
    for (;;) {
      const head = isFirst ? 0 : 1
      if (rest.length < head + 4) return messages
      const length = head + rest.readUInt32BE(head)
      if (rest.length < length) return messages
      messages.push({ type: isFirst ? '' : String.fromCharCode(rest[0] ?? 0), bytes: rest.subarray(0, length) })
      rest = rest.subarray(length)
      isFirst = false
    }
  }
}

/** A message of the simple query protocol. */
export function queryMessage(text: string): Buffer {
  const body = Buffer.from(`${text}\0`)
  const head = Buffer.alloc(5)
  head.write('Q')
  head.writeUInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}

/** The texts, each with a zero behind it, that a message begins with. */
export function textsOf({ bytes }: WireMessage, count: number): string[] {
  return bytes.subarray(5).toString('utf8').split('\0', count)
}
