/** A card that answers what a test says, under a profile that asks for nothing: for the runner, apart from any real card. */
import { fromHex, toHex } from '@issuerkit/apdu'
import type { CardUnderTest } from '../../src/conformance/case.js'
import type { PurseTestProfile, TestApplication } from '../../src/conformance/profile.js'

function application(name: string, fid: string): TestApplication {
  return { name, fid, fci: '', binaries: {}, keys: [] }
}

/** No keys and no files: nothing has to be restored but the selection. */
export const BARE_PROFILE: PurseTestProfile = {
  name: 'bare',
  pin: '1234',
  pinTries: 3,
  mf: { name: '315041592E', fid: '3F00', fci: '6F00' },
  directory: [],
  applications: [application('A000000001', '3F01'), application('A000000002', '3F02')],
  maximumBalance: 0,
  logRecords: 0,
  behaviour: {
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
  },
}

/** A card of {@link BARE_PROFILE}, and what was done to it. */
export interface HandMadeCard extends CardUnderTest {
  /** Commands in hexadecimal, `reset`, `disconnect`. */
  readonly log: string[]
}

/**
 * A card whose answers stand in a table, by command in hexadecimal; 6D00 to others, 9000 to SELECT.
 * @param answers hexadecimal, or an error to throw
 */
export function handMadeCard(answers: Readonly<Record<string, string | Error>> = {}): HandMadeCard {
  const log: string[] = []
  return {
    log,
    profile: BARE_PROFILE,
    connection: {
      name: 'hand-made <card>',
      protocol: 'T=0',
      atr: fromHex('3B00'),
      transmit: async (command) => {
        const sent = toHex(command)
        log.push(sent)
        const answer = answers[sent] ?? (sent.startsWith('00A4') ? '9000' : '6D00')
        if (answer instanceof Error) throw answer
        return fromHex(answer)
      },
      reset: async () => {
        log.push('reset')
        return fromHex('3B00')
      },
      disconnect: async () => {
        log.push('disconnect')
      },
    },
  }
}
