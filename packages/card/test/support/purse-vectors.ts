/** The transactions of the vectors, and cards on which they can happen. */
import vectors from '../../../../vectors/epurse-transaction.json' with { type: 'json' }
import { purse } from './purse-context.js'
import { hex } from './purse-terminal.js'

/** P1 P2 of INITIALIZE, the key's object, bytes between the serial and the version of the key in its answer, the type. */
const KINDS = {
  'load ed': ['0001', 'load', 0, '01'],
  'load ep': ['0002', 'load', 0, '02'],
  'unload ed': ['0501', 'unload', 0, '03'],
  'cash ed': ['0201', 'purchase', 3, '04'],
  'purchase ed': ['0101', 'purchase', 3, '05'],
  'purchase ep': ['0102', 'purchase', 3, '06'],
  'overdraft ed': ['0401', 'overdraft', 3, '07'],
  'capp ep': ['0302', 'purchase', 3, '09'],
} as const

/** Those that a card agrees with. */
export const TRANSACTION_VECTORS = vectors.cases.flatMap(({ id, inputs, expect }) => {
  const { command = '', mac1, answer } = expect ?? {}
  const way = KINDS[`${inputs.kind} ${inputs.purse}` as keyof typeof KINDS]
  const isOffline = inputs.terminalSerial !== undefined
  if (way === undefined || answer !== true || mac1 === isOffline) return []
  const [header, key, skipped, type] = way
  const { initialized } = inputs
  const at = 12 + 2 * skipped
  const amount = hex(inputs.amount, 4)
  const data = `01${inputs.kind === 'overdraft' ? '' : amount}${inputs.terminal}`
  const serial = initialized.slice(8, 12)
  const serialObject = `${inputs.purse}/${isOffline ? 'offlineSerial' : 'onlineSerial'}`
  const card = () =>
    purse({
      random: [initialized.slice(at + 4, at + 12)],
      objects: {
        [`key/${key}/01`]: initialized.slice(at, at + 4) + inputs.key,
        'key/tac/01': `0100${inputs.dtk}`,
        [`${inputs.purse}/balance`]: initialized.slice(0, 8),
        [serialObject]: serial,
      },
    })
  const first = `8050${header}${hex(data.length / 2, 1)}${data}`
  const logged = `${type}${inputs.terminal}${inputs.date}${inputs.time}`
  return [{ ...inputs, id, type, serial, serialObject, card, first, command, logged, bytes: amount }]
})
