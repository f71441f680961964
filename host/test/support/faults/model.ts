/**
 * A card's commands as they must look to whoever asks, told once more from the practice of issuers and without a line of the
 * service: commands with PUT DATA, cards that run all of a script or nothing of it, terminals that tell the truth. Small enough
 * to be read at one go, because it is what judges.
 */

/** What somebody did to a card, and what he was told. `now` is the time of an authorization in milliseconds. */
export type Call =
  | { readonly type: 'queue'; readonly target: string; readonly told: { entry: string; superseded: readonly string[] } }
  | { readonly type: 'cancel'; readonly entry: string; readonly told: 'cancelled' | 'refused' }
  | ({ readonly type: 'authorize'; readonly told: readonly string[] } & Request)
  // The commands that it moved; only whether it was matched, where somebody had to ask twice.
  | { readonly type: 'advise'; readonly reference: string; readonly told: readonly string[] | 'matched' | 'unmatched' }
  | { readonly type: 'read'; readonly told: Readonly<Record<string, string>> }

/** An authorization request of a card: its counter of script commands, and whether the last answer never arrived. */
export interface Request {
  readonly reference: string
  readonly now: number
  readonly counter: number
  readonly notCompleted: boolean
}

interface Command {
  readonly id: string
  readonly target: string
  readonly state: 'pending' | 'sent' | 'confirmed' | 'failed' | 'superseded' | 'cancelled'
  readonly rank: 'terminal' | 'card' | null
  readonly attempts: number
}

/** What is with the card: until the card has spoken again, nobody can know. */
interface Delivery {
  readonly reference: string
  readonly ids: readonly string[]
  readonly time: number
  /** The card's counter before it. */
  readonly before: number
}

export interface State {
  readonly commands: readonly Command[]
  readonly open: Delivery | null
  /** What the answer to each reference carried. */
  readonly answers: Readonly<Record<string, readonly string[]>>
}

export interface Rules {
  /** How long an answer may be on its way, in milliseconds. */
  readonly answerTimeout: number
  readonly maxAttempts: number
}

export const NOTHING: State = { commands: [], open: null, answers: {} }

/** The state after a call; undefined when the caller was told what cannot be. */
export function after(state: State, call: Call, rules: Rules): State | undefined {
  switch (call.type) {
    case 'queue': {
      const { target, told } = call
      const command: Command = { id: told.entry, target, state: 'pending', rank: null, attempts: 0 }
      const next = supersede({ ...state, commands: [...state.commands, command] })
      const gone = next.commands.filter((one, i) => state.commands[i] !== one && one.id !== told.entry)
      return isSame(
        gone.map(({ id }) => id),
        told.superseded,
      )
        ? next
        : undefined
    }
    case 'cancel': {
      const isWaiting = state.commands.some(({ id, state }) => id === call.entry && state === 'pending')
      if (isWaiting !== (call.told === 'cancelled')) return undefined
      return isWaiting ? change(state, [call.entry], { state: 'cancelled' }) : state
    }
    case 'authorize':
      return authorize(state, call, rules)
    case 'advise': {
      const { reference, told } = call
      const sent = state.open?.reference === reference ? state.open.ids : []
      const moved = state.commands.filter(({ id, state }) => sent.includes(id) && state === 'sent').map(({ id }) => id)
      if ((told === 'unmatched') === reference in state.answers) return undefined
      if (typeof told !== 'string' && !isSame(moved, told)) return undefined
      return change(state, moved, { state: 'confirmed', rank: 'terminal' })
    }
    case 'read':
      return isWhatIs(state, call.told) ? state : undefined
  }
}

/** The same reference has the same answer for ever. A new one brings the card's word on what was sent before. */
function authorize(state: State, call: Extract<Call, { type: 'authorize' }>, rules: Rules): State | undefined {
  const { reference, now, counter, notCompleted, told } = call
  const known = state.answers[reference]
  if (known !== undefined) return isSame(known, told) ? state : undefined
  const isInFlight = state.open !== null && now - state.open.time < rules.answerTimeout
  const heard = hear(state, counter, notCompleted, rules)
  const due = isInFlight ? [] : heard.commands.filter((one) => one.state === 'pending').map(({ id }) => id)
  if (!isSame(due, told)) return undefined
  const answered = { ...heard, answers: { ...heard.answers, [reference]: due } }
  if (due.length === 0) return answered
  const commands = answered.commands.map((one) =>
    due.includes(one.id) ? { ...one, state: 'sent' as const, attempts: one.attempts + 1 } : one,
  )
  return { ...answered, commands, open: { reference, ids: due, time: now, before: counter } }
}

/** An online transaction that ended well sets the counter to zero before its script runs; one that broke off leaves it. */
function hear(state: State, counter: number, notCompleted: boolean, { maxAttempts }: Rules): State {
  const { open } = state
  if (open === null) return state
  const ran = counter - (notCompleted ? open.before : 0)
  if (ran !== 0 && ran !== open.ids.length) throw new Error('no card of these tests runs a part of a script')
  if (ran > 0) return { ...change(state, open.ids, { state: 'confirmed', rank: 'card' }), open: null }
  const back = state.commands.map((one): Command => {
    if (!open.ids.includes(one.id)) return one
    return { ...one, state: one.attempts < maxAttempts ? 'pending' : 'failed', rank: 'card' }
  })
  return supersede({ ...state, commands: back, open: null })
}

/** What waits gives way to a newer command for the same target. */
function supersede(state: State): State {
  const isReplaced = ({ target }: Command, place: number): boolean =>
    state.commands.some(
      (other, i) =>
        i > place && other.target === target && !['superseded', 'cancelled', 'failed'].includes(other.state),
    )
  const gone = state.commands.filter((one, i) => one.state === 'pending' && isReplaced(one, i))
  return change(
    state,
    gone.map(({ id }) => id),
    { state: 'superseded' },
  )
}

function change(state: State, ids: readonly string[], news: Partial<Command>): State {
  return { ...state, commands: state.commands.map((one) => (ids.includes(one.id) ? { ...one, ...news } : one)) }
}

/** What was told of commands is so, and those that are alive were all told. What has ended may be in the archive. */
function isWhatIs({ commands }: State, told: Readonly<Record<string, string>>): boolean {
  const now = new Map(commands.map(({ id, state, rank }) => [id, state === 'confirmed' ? `${state} ${rank}` : state]))
  const alive = commands.filter(({ state }) => state === 'pending' || state === 'sent')
  return Object.entries(told).every(([id, what]) => now.get(id) === what) && alive.every(({ id }) => id in told)
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i])
}
