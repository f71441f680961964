/**
 * The operations of vector files, a row each: what the inputs and the answer may hold, and the call that computes it.
 * `run` sees the inputs alone.
 */

import type { CaseInputs, FieldRule } from './fields.js'
import { CHANNEL_OPERATIONS } from './operations-channel.js'
import { CRYPTOGRAM_OPERATIONS } from './operations-cryptogram.js'
import { KEY_OPERATIONS } from './operations-keys.js'
import { ODA_OPERATIONS } from './operations-oda.js'
import { PURSE_OPERATIONS } from './operations-purse.js'
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
  ...CHANNEL_OPERATIONS,
  ...PURSE_OPERATIONS,
}
