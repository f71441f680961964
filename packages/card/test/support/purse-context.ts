/** One application of an e-purse card, made by hand, with nothing in front of its transactions. */
import { fromHex, parseCommand, toHex } from '@issuerkit/apdu'
import { CardMemory, type MemoryObject } from '../../src/memory.js'
import { AdfMemory, type PurseContext, type PurseSwitches } from '../../src/purse-model.js'
import { purseTransaction } from '../../src/purse-transactions.js'

/** Worthless keys, the ones that the vectors have; they have none for the grey lock. */
export const KEYS = {
  DPK: '11111111111111111111111111111104',
  DLK: '22222222222222222222222222222201',
  DULK: '33333333333333333333333333333302',
  DUK: '44444444444444444444444444444403',
  DTK: '5555555555555555AAAAAAAAAAAAAA01',
} as const
export const DGK = 'AAAAAAAAAAAAAAAABBBBBBBBBBBBBB05'
export const TERMINAL = '112233445566'
export const DATE = '20240131'
export const TIME = '101112'
export const RECORD_LENGTH = 43

/** A record of 16 bytes, of type 7F. */
export const SMALL_RECORD = `7F0D00${'7F'.repeat(13)}`

export const ETC: PurseSwitches = {
  selectByFid: 'refuse',
  nothingPending: '6F00',
  readAll: '6CXX',
  reloadMacStatus: '6988',
  unblockPin: 'compare',
  pinFlagAfterTransaction: 'keep',
  verifyEndsTransaction: true,
  balanceNeedsPin: true,
  overflowStatus: '6985',
  zeroLoad: 'allow',
  cappWithoutUpdate: 'allow',
  cappStateStatus: '6901',
  overdraftTac: 'xor',
}

export interface PurseSetup {
  /** Objects of the application over those that it has, in hexadecimal; `undefined` takes one away. */
  readonly objects?: Readonly<Record<string, string | undefined>>
  readonly switches?: Partial<PurseSwitches>
  readonly maximumBalance?: number
  /** The random numbers that the card gives, one behind another, the last one again and again. */
  readonly random?: readonly string[]
  /** Whether the PIN was verified. */
  readonly pin?: boolean
}

export interface Purse {
  readonly memory: CardMemory
  readonly context: PurseContext
  /** Sends commands one after another, each with its commit; data and status of the last answer. */
  readonly send: (...commands: readonly string[]) => string
  /** An object of the application in hexadecimal. */
  readonly object: (name: string) => string
}

/** A record of the composite application: type, length, lock, 40 bytes. */
export const record = (type: string, lock = '00', fill = '00'): string => `${type}29${lock}${fill.repeat(40)}`

const TYPES = ['01', '02', '03', '04', '05', '06', '07', '09', '91', '92', '93', '94', '95', '96']

const objectsOf = (): Record<string, string> => ({
  'key/purchase/01': `0100${KEYS.DPK}`,
  'key/purchase/02': `1100${KEYS.DUK}`,
  'key/load/01': `0200${KEYS.DLK}`,
  'key/unload/01': `0500${KEYS.DULK}`,
  'key/overdraft/01': `0400${KEYS.DUK}`,
  'key/tac/01': `0100${KEYS.DTK}`,
  'key/grey/01': `0700${DGK}`,
  'ed/balance': '00000064',
  'ed/onlineSerial': '0005',
  'ed/offlineSerial': '0009',
  'ed/limit': '000000',
  'ep/balance': '00000064',
  'ep/onlineSerial': '0005',
  'ep/offlineSerial': '0009',
  'ep/limit': '000000',
  'binary/15': '00'.repeat(30),
  'record/19/1': record('AA'),
  'record/19/2': record('AB'),
  'record/19/3': record('AC', '01'),
  'record/02/1': SMALL_RECORD,
  'record/0B/1': '55',
  'cyclic/18': '',
  grey: '',
  ...Object.fromEntries(TYPES.map((type) => [`proof/${type}`, ''])),
})
const CAPACITY: Record<string, number> = { 'cyclic/18': 10 * 23 + 5, grey: 64 }

export function purse(setup: PurseSetup = {}): Purse {
  const { objects = {}, switches = {}, maximumBalance = 0xffffff, random = ['A1B2C3D4'], pin = true } = setup
  const all = Object.entries({ ...objectsOf(), ...objects }).filter(([, value]) => value !== undefined)
  const entry = ([name, value]: [string, string | undefined]): [string, MemoryObject] => {
    const bytes = fromHex(value ?? '')
    const capacity = CAPACITY[name] ?? (name.startsWith('proof/') ? 10 : bytes.length)
    return [`adf/0/${name}`, { value: bytes, capacity }]
  }
  const memory = CardMemory.create(all.map(entry))
  let given = 0
  const context: PurseContext = {
    memory: new AdfMemory(memory, 0),
    config: {
      atr: '3B00',
      protocol: 'T=1',
      profile: 'etc-2008',
      switches: { ...ETC, ...switches },
      pinTryLimit: 3,
      keyTryLimit: 3,
      maximumBalance,
      mf: { name: '' },
      adfs: [{ name: 'A00000000386980701', fid: '3F01' }],
      readable: [],
      updatable: [],
    },
    session: {
      adf: 0,
      file: undefined,
      pinVerified: pin,
      authenticated: false,
      challenge: undefined,
      transaction: undefined,
    },
    random: (length) => fromHex(random[Math.min(given++, random.length - 1)] ?? '').slice(0, length),
  }
  return {
    memory,
    context,
    send: (...commands) => {
      let said = ''
      for (const command of commands) {
        const answer = purseTransaction(context, parseCommand(fromHex(command.replaceAll(' ', ''))))
        memory.commit()
        said = answer === undefined ? 'none' : toHex(answer.data ?? new Uint8Array(0)) + answer.status
      }
      return said
    },
    object: (name) => toHex(memory.read(`adf/0/${name}`)),
  }
}
