/** All cases of the conformance test, in the order of the specification. [ETC] */
import type { ConformanceCase } from './case.js'
import { CASES_3 } from './cases-3.js'
import { CASES_4_1_BLOCK } from './cases-4-1-block.js'
import { CASES_4_1_CHALLENGE } from './cases-4-1-challenge.js'
import { CASES_4_1_FILES } from './cases-4-1-files.js'
import { CASES_4_1_PIN } from './cases-4-1-pin.js'
import { CASES_4_1_RELOAD } from './cases-4-1-reload.js'
import { CASES_4_1_SELECT } from './cases-4-1-select.js'
import { CASES_4_2 } from './cases-4-2.js'
import { CASES_4_3 } from './cases-4-3.js'
import { CASES_5 } from './cases-5.js'
import { CASES_6 } from './cases-6.js'
import { CASES_7 } from './cases-7.js'
import { CASES_8 } from './cases-8.js'

export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  ...CASES_3,
  ...CASES_4_1_FILES,
  ...CASES_4_1_PIN,
  ...CASES_4_1_RELOAD,
  ...CASES_4_1_CHALLENGE,
  ...CASES_4_1_BLOCK,
  ...CASES_4_1_SELECT,
  ...CASES_4_2,
  ...CASES_4_3,
  ...CASES_5,
  ...CASES_6,
  ...CASES_7,
  ...CASES_8,
]
