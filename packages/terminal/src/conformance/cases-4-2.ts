/** Conformance cases of chapter 4.2: the transactions of the purse. [ETC] 4.2 */
import type { ConformanceCase } from './case.js'
import { CASES_4_2_DEBIT } from './cases-4-2-debit.js'
import { CASES_4_2_LOAD } from './cases-4-2-load.js'
import { CASES_4_2_OTHER } from './cases-4-2-other.js'

export const CASES_4_2: readonly ConformanceCase[] = [...CASES_4_2_LOAD, ...CASES_4_2_DEBIT, ...CASES_4_2_OTHER]
