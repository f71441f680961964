/** A small reader of the vector files for the tests of this package; the host's runner is another program. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fromHex } from '@issuerkit/apdu'

export type Inputs = Readonly<Record<string, string | number | undefined>>

export interface VectorCase {
  readonly id: string
  readonly ignoreParity?: boolean
  readonly inputs: Inputs
  readonly expect?: Readonly<Record<string, string>>
  readonly error?: string
}

/** The cases of `vectors/<operation>.json`. */
export function vectorCases(operation: string): readonly VectorCase[] {
  const path = fileURLToPath(new URL(`../../../../vectors/${operation}.json`, import.meta.url))
  const file = JSON.parse(readFileSync(path, 'utf8')) as { operation: string; cases: VectorCase[] }
  if (file.operation !== operation || file.cases.length === 0) throw new Error(`${path} holds no case of ${operation}`)
  return file.cases
}

/** A text or number of a case; it must be there. */
export function text(inputs: Inputs, name: string): string {
  const value = inputs[name]
  if (value === undefined) throw new Error(`the case has no ${name}`)
  return String(value)
}

/** Bytes of a case, empty when the text is. */
export function bytes(inputs: Inputs, name: string): Uint8Array {
  return fromHex(text(inputs, name), name)
}
