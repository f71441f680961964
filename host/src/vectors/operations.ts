/**
 * The operations of vector files, a row each: what the inputs and the answer may hold, and the call that computes it.
 * `run` sees the inputs alone.
 */

import type { CaseInputs, FieldRule } from './fields.js'
import { CRYPTOGRAM_OPERATIONS } from './operations-cryptogram.js'
import { KEY_OPERATIONS } from './operations-keys.js'
import { ODA_OPERATIONS } from './operations-oda.js'
import { SCRIPT_OPERATIONS } from './operations-scripts.js'

/** One operation. */
export interface Operation {
  readonly inputs: Readonly<Record<string, FieldRule>>
  readonly outputs: Readonly<Record<string, FieldRule>>
  run(inputs: CaseInputs): Readonly<Record<string, unknown>>
}

/** The operations that are built, by name. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...KEY_OPERATIONS,
  ...CRYPTOGRAM_OPERATIONS,
  ...SCRIPT_OPERATIONS,
  ...ODA_OPERATIONS,
}

/** Operations of the format that no package offers yet. Their cases count as failed. */
export const NOT_BUILT: readonly string[] = [
  'channel-decipher',
  'channel-external-authenticate',
  'channel-internal-authenticate',
  'channel-session-keys',
  'secure-messaging',
]
