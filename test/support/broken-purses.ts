/** Every fault of an e-purse card that the conformance test has to find. */
import type { BrokenPurse } from './broken-purse.js'
import { FILE_FAULTS, LIFE_FAULTS } from './broken-purses-files.js'
import { AMOUNT_FAULTS, INITIALIZE_FAULTS, MAC_FAULTS } from './broken-purses-money.js'
import { MESSAGING_FAULTS, PIN_FAULTS } from './broken-purses-pin.js'
import { ENTRY_FAULTS, MEMORY_FAULTS, STATE_FAULTS } from './broken-purses-states.js'

export const BROKEN_PURSES: readonly BrokenPurse[] = [
  ...FILE_FAULTS,
  ...PIN_FAULTS,
  ...MESSAGING_FAULTS,
  ...LIFE_FAULTS,
  ...AMOUNT_FAULTS,
  ...INITIALIZE_FAULTS,
  ...MAC_FAULTS,
  ...ENTRY_FAULTS,
  ...STATE_FAULTS,
  ...MEMORY_FAULTS,
]
