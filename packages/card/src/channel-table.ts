/**
 * The state machine of the channel as a table, to be read beside the patent: what each command does in each state.
 *
 * The patent keeps eleven flags; those of their combinations that can occur are ten states.
 *
 * | state | flags of the patent that are set |
 * |---|---|
 * | idle | none: step 102, also called S2 |
 * | managed | security environment managed, certificate not required (112 after 109) |
 * | required | security environment managed, certificate required (112 after 110) |
 * | certified | certificate authentication completed (115) |
 * | established | session key established (127); key transport only |
 * | challenged | random number obtained (130) |
 * | external | external authentication completed, the session waits for the internal one (138) |
 * | answerable | as session; INTERNAL AUTHENTICATE may still follow at once (profile gp, key transport) |
 * | session | mutual authentication completed (139, 145): commands travel in the channel |
 * | aborted | none; secure messaging failed: nothing but a new beginning is answered (F.1.6) |
 */

/** A state of the channel. */
export type ChannelState =
  | 'idle'
  | 'managed'
  | 'required'
  | 'certified'
  | 'established'
  | 'challenged'
  | 'external'
  | 'answerable'
  | 'session'
  | 'aborted'

/** The states in the order of the table's columns. */
export const CHANNEL_STATES: readonly ChannelState[] = [
  'idle',
  'managed',
  'required',
  'certified',
  'established',
  'challenged',
  'external',
  'answerable',
  'session',
  'aborted',
]

/** A command as step 104 tells it apart, by its bytes 2 to 4. `other` and `secured` are steps 146 to 156. */
export type ChannelCommand =
  | 'manage-security-environment'
  | 'verify-certificate'
  | 'get-data-certificate'
  | 'decipher'
  | 'get-challenge'
  | 'external-authenticate'
  | 'internal-authenticate'
  | 'unknown-operation'
  | 'select'
  | 'other'
  | 'secured'

/**
 * What a command does in a state.
 *
 * | cell | |
 * |---|---|
 * | `run` | the step runs; it succeeds into its own next state, or fails (6300, 6700, 6A80 ..) into S2 |
 * | `anew` | S2 first, then the step runs |
 * | `withdraw` | the challenge is wiped and the state is that before it, then the step runs |
 * | `last` | the step runs, then S2: the handshake waited for something else |
 * | `level` | 6982 and abort when the session's level protects commands, else the step runs |
 * | `order` | 6985, S2 |
 * | `guard` | 6982 and abort when the session's level protects commands, else 6985, S2 |
 * | `deny` | 6982; the state stays |
 * | `lapse` | 6982; the challenge is wiped and the state is that before it |
 * | `drop` | 6982, S2 |
 */
export type ChannelCell = 'run' | 'anew' | 'withdraw' | 'last' | 'level' | 'order' | 'guard' | 'deny' | 'lapse' | 'drop'

/** One line of the table. */
export interface ChannelRow {
  readonly command: ChannelCommand
  /** The steps of the patent; with a prime those that key agreement puts in their place. */
  readonly steps: string
  /** The profiles and variants that the row is for; both by default. */
  readonly certificateWithoutEnvironment?: boolean
  readonly variant?: 'transport' | 'agreement'
  /** Cells by {@link CHANNEL_STATES}. */
  readonly cells: string
}

/** The table. The switch of the profile and the variant choose between rows of one command. */
export const CHANNEL_TABLE: readonly ChannelRow[] = [
  {
    command: 'manage-security-environment',
    steps: '105-112',
    //       idle  managed  required  certified  established  challenged  external  answerable  session  aborted
    cells: 'anew  anew     anew      anew       anew         anew        anew      anew        anew     anew',
  },
  {
    command: 'verify-certificate',
    steps: '113-115',
    certificateWithoutEnvironment: true,
    cells: 'anew  order    run       run        order        order       order     anew        anew     anew',
  },
  {
    command: 'verify-certificate',
    steps: '113-115',
    certificateWithoutEnvironment: false,
    cells: 'order order    run       order      order        order       order     guard       guard    deny',
  },
  {
    command: 'get-data-certificate',
    steps: '116-117',
    cells: 'run   run      run       run        run          withdraw    last      level       level    deny',
  },
  {
    command: 'decipher',
    steps: '118-127',
    variant: 'transport',
    cells: 'run   run      order     run        run          withdraw    order     guard       guard    deny',
  },
  {
    command: 'decipher',
    steps: "S4'",
    variant: 'agreement',
    cells: 'order order    order     order      order        order       order     guard       guard    deny',
  },
  {
    command: 'get-challenge',
    steps: '128-130',
    variant: 'transport',
    cells: 'order order    order     order      run          withdraw    order     guard       guard    deny',
  },
  {
    command: 'get-challenge',
    steps: "128'-130",
    variant: 'agreement',
    cells: 'run   run      order     run        order        withdraw    order     guard       guard    deny',
  },
  {
    command: 'external-authenticate',
    steps: "131-139, 131'-134'",
    cells: 'order order    order     order      order        run         order     guard       guard    deny',
  },
  {
    command: 'internal-authenticate',
    steps: "140-145, 140'-143'",
    cells: 'order order    order     order      order        order       run       run         guard    deny',
  },
  {
    command: 'unknown-operation',
    steps: '104',
    cells: 'order order    order     order      order        order       order     guard       guard    deny',
  },
  {
    command: 'select',
    steps: '102',
    cells: 'anew  anew     anew      anew       anew         anew        anew      anew        anew     anew',
  },
  {
    command: 'other',
    steps: '146, 148',
    cells: 'run   run      run       run        run          withdraw    last      level       level    deny',
  },
  {
    command: 'secured',
    steps: '147-156',
    cells: 'deny  deny     deny      deny       deny         lapse       drop      run         run      deny',
  },
]

/** The cell of a command in a state. */
export function channelCell(
  command: ChannelCommand,
  state: ChannelState,
  variant: 'transport' | 'agreement',
  certificateWithoutEnvironment: boolean,
): ChannelCell {
  const row = CHANNEL_TABLE.find(
    (one) =>
      one.command === command &&
      (one.variant ?? variant) === variant &&
      (one.certificateWithoutEnvironment ?? certificateWithoutEnvironment) === certificateWithoutEnvironment,
  ) as ChannelRow
  return row.cells.split(/ +/)[CHANNEL_STATES.indexOf(state)] as ChannelCell
}
