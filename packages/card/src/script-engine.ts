/**
 * Issuer scripts: the commands by which the issuer changes a card that is out, and what all of them have in common.
 *
 * A command goes through these checks, and is refused by the first that it does not pass:
 *
 * | check | refused with |
 * |---|---|
 * | class: that of the command | 6E00 |
 * | class: the basic channel, the only one that there is | 6881 |
 * | class: secure messaging, the MAC at the end of the data | switch `missingMac`: 6E00 or 6987 |
 * | a first GENERATE AC; the session open; issuer authentication; no wrong MAC before, not too many ever | 6985 |
 * | P1 and P2 | 6A86 |
 * | data shorter than a MAC | switch `missingMac`: 6700 or 6987 |
 * | Lc, where the command has a fixed one | 6700 |
 * | MAC | 6988 |
 * | the command's own | its own |
 *
 * After the second GENERATE AC each of them moves the script counter if it carries a MAC, right or wrong (a common core
 * application counts those that it has executed), and sets the script failure indicator if it is refused: what was counted
 * was executed, or the issuer learns that something was not.
 * Before, in scripts of template 71, they run and leave no trace. Where `missingMac` is 6E00 the card does not know a
 * command without secure messaging for a script command, and leaves no trace either.
 *
 * The count of wrong MACs is in the cells before the MAC is looked at; counter, indicator and effect come together later,
 * with the commit that ends the command.
 * @see [PBOC-SCRIPT] 5, 6, 9, 10, 11, [EMV-B3] C7.3
 */
import { type Command, fromHex } from '@issuerkit/apdu'
import { scheme } from '@issuerkit/keys'
import type { ApplicationContext } from './debit-credit-model.js'
import { isRecordReference, putData, updateRecord } from './script-data.js'
import { type ScriptMessage, scriptMessage, verifyScriptMac } from './script-message.js'
import { changePin, pinChangeLength } from './script-pin.js'
import type { CardAnswer } from './virtual-card.js'

interface ScriptRule {
  /** The class byte, on the basic channel. */
  readonly cla: 0x04 | 0x84
  readonly takesParameters: (p1: number, p2: number) => boolean
  /** Bytes before the MAC, where the header alone says so. */
  readonly bodyLength?: (context: ApplicationContext, p2: number) => number
  /** Status of a command whose MAC is right; it writes when that is 9000, and only then. */
  readonly execute: (context: ApplicationContext, message: ScriptMessage) => string
}

const CHANNEL = 0x03
const SECURE_MESSAGING = 0x0c
const LONGEST = 255
const MOST_COUNTED = 15
const MOST_FAILURES = 255
/** [EMV-B3] annex C1, AIP byte 1 bit 3: issuer authentication is supported. */
const ISSUER_AUTHENTICATION = 0x04

const NO_PARAMETERS = {
  cla: 0x84,
  takesParameters: (p1: number, p2: number) => p1 === 0 && p2 === 0,
  bodyLength: () => 0,
} as const

/** Commands by instruction byte. [PBOC-SCRIPT] 5 */
const RULES: ReadonlyMap<number, ScriptRule> = new Map<number, ScriptRule>([
  [0x1e, { ...NO_PARAMETERS, execute: blockApplication }],
  [0x18, { ...NO_PARAMETERS, execute: unblockApplication }],
  [0x16, { ...NO_PARAMETERS, execute: blockCard }],
  [
    0x24,
    {
      cla: 0x84,
      takesParameters: (p1, p2) => p1 === 0 && p2 <= 2,
      bodyLength: pinChangeLength,
      execute: changePin,
    },
  ],
  [0xda, { cla: 0x04, takesParameters: () => true, execute: putData }],
  [0xdc, { cla: 0x04, takesParameters: isRecordReference, execute: updateRecord }],
])

/**
 * Executes a command of an issuer script: APPLICATION BLOCK 1E, APPLICATION UNBLOCK 18, CARD BLOCK 16, PIN CHANGE/UNBLOCK
 * 24, PUT DATA DA, UPDATE RECORD DC.
 *
 * It commits once itself, before it looks at the MAC; the caller commits what it wrote after that.
 * @returns the status without data, or `undefined` for any other instruction
 * @throws PowerLoss; ERR_CARD when the application's memory lacks keys, ATC or state
 */
export function scriptCommand(context: ApplicationContext, command: Command): CardAnswer | undefined {
  const rule = RULES.get(command.ins)
  if (rule === undefined) return undefined
  const { cla } = command
  if ((cla & ~(CHANNEL | SECURE_MESSAGING)) !== (rule.cla & ~SECURE_MESSAGING)) return { status: '6E00' }
  // The MAC covers these two bits as zero, so that a change of them would pass.
  if ((cla & CHANNEL) !== 0) return { status: '6881' }
  if (cla !== rule.cla) {
    // [PBOC-SCRIPT] 6: secure messaging needed, but not there. Its other formats are none that the card knows.
    const { missingMac } = context.switches
    if (missingMac === '6987') record(context, false, missingMac)
    return { status: missingMac }
  }
  const message = scriptMessage(context, command)
  const status = judge(context, command, rule, message)
  record(context, message !== undefined, status)
  return { status }
}

/** The status of a command with secure messaging, which is executed if it is 9000. */
function judge(
  context: ApplicationContext,
  { p1, p2 }: Command,
  rule: ScriptRule,
  message: ScriptMessage | undefined,
): string {
  if (!isOpen(context) || !issuerIsAuthenticated(context, context.switches.scriptsNeedIssuerAuth)) return '6985'
  if (!rule.takesParameters(p1, p2)) return '6A86'
  if (message === undefined) return context.switches.missingMac === '6987' ? '6987' : '6700'
  const { body, length } = message
  if (length > LONGEST || body.length !== (rule.bodyLength?.(context, p2) ?? body.length)) return '6700'
  if (!authenticate(context, message)) return '6988'
  const status = rule.execute(context, message)
  context.transaction.scriptCommands += 1
  return status
}

/**
 * Whether this transaction takes scripts. They need the cryptogram of the first GENERATE AC. One that declined ends the
 * transaction, but for the issuer's only way to get a blocked application or PIN back. [PBOC-SCRIPT] 11
 */
function isOpen({ memory, switches, transaction }: ApplicationContext): boolean {
  const { macFailureLimit: limit } = switches
  if (transaction.generateAcs === 0 || transaction.scriptsClosed) return false
  if (limit > 0 && memory.state('macFailures') >= limit) return false
  return transaction.firstKind === 'ARQC' || (transaction.firstKind === 'AAC' && transaction.scriptsAfterAac)
}

/** [PBOC-SCRIPT] 10: a right MAC is enough, or issuer authentication has to have succeeded; for all commands alike. */
function issuerIsAuthenticated(
  { config, transaction: { issuerAuthentication } }: ApplicationContext,
  need: ApplicationContext['switches']['scriptsNeedIssuerAuth'],
): boolean {
  if (need === 'never') return true
  if (need === 'ifPerformed') return issuerAuthentication !== 'failed'
  const supported = ((fromHex(config.aip)[0] as number) & ISSUER_AUTHENTICATION) !== 0
  return !supported || issuerAuthentication === 'succeeded'
}

/** Whether the MAC is right; a wrong one ends the scripts of this transaction. */
function authenticate(context: ApplicationContext, message: ScriptMessage): boolean {
  const { memory, transaction } = context
  // A card that is cut off between the comparison and the count would let a MAC be tried without end.
  memory.setState('macFailures', Math.min(memory.state('macFailures') + 1, MOST_FAILURES))
  memory.commit()
  const isRight = verifyScriptMac(context, message)
  if (isRight) memory.setState('macFailures', 0)
  else transaction.scriptsClosed = true
  return isRight
}

/** [PBOC-SCRIPT] 6, 9: counter and failure indicator, for commands after the second GENERATE AC. */
function record(context: ApplicationContext, hasMac: boolean, status: string): void {
  const { memory, config, switches, transaction } = context
  if (transaction.generateAcs !== 2) return
  // [EMV-B3] C7.3: a common core application counts what it has executed.
  const isCounted = hasMac && (status === '9000' || scheme(config.scheme).family !== 'ccd')
  const next = memory.state('scriptCounter') + 1
  const most = switches.scriptCounterOverflow === 'wrap' ? next & MOST_COUNTED : Math.min(next, MOST_COUNTED)
  if (isCounted) memory.setState('scriptCounter', most)
  if (status !== '9000') memory.setState('scriptFailed', 1)
}

function blockApplication({ memory }: ApplicationContext): string {
  memory.setState('blocked', 1)
  return '9000'
}

/** [PBOC-SCRIPT] 11: a card may ask for issuer authentication here even if it does nowhere else. */
function unblockApplication({ memory, switches, transaction }: ApplicationContext): string {
  if (switches.unblockNeedsIssuerAuth && transaction.issuerAuthentication !== 'succeeded') return '6985'
  memory.setState('blocked', 0)
  return '9000'
}

/** [PBOC-SCRIPT] 5: the transaction may come to its end; from the next SELECT on the card answers 6A81. */
function blockCard({ memory }: ApplicationContext): string {
  memory.blockCard()
  return '9000'
}
