/** The body of a request for a script, and what becomes of it: for one, and for many. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { type BuiltScriptCommand, buildScriptTemplates, type ScriptWarning } from '@issuerkit/scripts'
import { type Static, Type } from 'typebox'
import type { EncipheredPin, KeyService, ServiceCommand } from '../keys/key-service.js'
import { PLAIN_COMMAND, PUT_DATA, UPDATE_RECORD } from './command-schemas.js'
import { CARD, Hex, ID, SCHEME } from './schemas.js'

const closed = { additionalProperties: false } as const

/** A PIN block under a PIN key of the issuer; the digits themselves in dev mode only. */
const PIN = Type.Union(
  [
    Type.Object(
      {
        key: ID,
        format: Type.Union([Type.Literal(0), Type.Literal(3), Type.Literal(4)], { description: 'Of ISO 9564-1.' }),
        block: Hex(8, 16, 'The PIN block as it is enciphered, 8 bytes, in format 4 16.'),
      },
      closed,
    ),
    Type.String({ pattern: '^[0-9]*$', minLength: 4, maxLength: 12, description: 'The digits. Dev mode only.' }),
  ],
  { description: 'The PIN, for the PAN of the request.' },
)

const COMMAND = Type.Union([
  PLAIN_COMMAND,
  Type.Object({ type: Type.Literal('pin-change'), newPin: PIN }, closed),
  Type.Object({ type: Type.Literal('pin-change-with-current'), newPin: PIN, currentPin: PIN }, closed),
  PUT_DATA,
  UPDATE_RECORD,
])

/** The fields of the body. */
export const SCRIPT = {
  ...CARD,
  scheme: SCHEME,
  dki: Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: 'The key set, where there are several.' })),
  atc: Hex(0, 8, 'Tag 9F36 of the transaction, 2 bytes.'),
  arqc: Hex(0, 16, 'Tag 9F26 of the transaction, 8 bytes.'),
  macLength: Type.Optional(Type.Integer({ description: '4 to 8; the scheme says it otherwise.' })),
  template: Type.Union([Type.Literal('71'), Type.Literal('72')]),
  scriptId: Type.Optional(Hex(4, 4, 'Tag 9F18.')),
  le: Type.Optional(Type.Union([Type.Literal('absent'), Type.Literal('00')])),
  commands: Type.Array(COMMAND, { minItems: 1, maxItems: 16 }),
}

/** The body, closed. */
export const SCRIPT_BODY = Type.Object(SCRIPT, closed)
export type ScriptBody = Static<typeof SCRIPT_BODY>

/** A script, and the commands with every value on the way to them. */
export interface AnsweredScript {
  readonly built: readonly BuiltScriptCommand[]
  readonly answer: {
    readonly template: string
    readonly commands: readonly { readonly type: string; readonly apdu: string }[]
    readonly warnings: readonly ScriptWarning[]
  }
}

/**
 * Builds the script that a body asks for.
 * @throws the codes of {@link KeyService.buildScript} and of buildScriptTemplates; ERR_HEX
 */
export async function answerScript(keys: Pick<KeyService, 'buildScript'>, body: ScriptBody): Promise<AnsweredScript> {
  const { issuer, pan, panSequence, scheme, dki, macLength, template, scriptId, le = 'absent' } = body
  const built = await keys.buildScript({
    issuer,
    card: { pan, panSequence },
    atc: fromHex(body.atc, 'atc'),
    arqc: fromHex(body.arqc, 'arqc'),
    commands: body.commands.map(commandOf),
    scheme,
    dki,
    macLength,
  })
  const scriptIdentifier = scriptId === undefined ? {} : { scriptIdentifier: fromHex(scriptId, 'scriptId') }
  const script = { template, ...scriptIdentifier, commands: built.map(({ apdu }) => apdu) }
  const { bytes, warnings } = buildScriptTemplates([script], { le })
  const commands = built.map(({ type, apdu }) => ({ type, apdu: toHex(apdu) }))
  return { built, answer: { template: toHex(bytes), commands, warnings } }
}

/** The commands of a body that change a PIN. */
export function pinChangesOf({ commands }: ScriptBody): readonly ScriptBody['commands'][number][] {
  return commands.filter(({ type }) => type === 'pin-change' || type === 'pin-change-with-current')
}

/** Whether a body gives a PIN away: its digits stand in it. */
export function hasClearPin({ commands }: ScriptBody): boolean {
  return commands.some((command) => {
    if (!('newPin' in command)) return false
    return typeof command.newPin === 'string' || ('currentPin' in command && typeof command.currentPin === 'string')
  })
}

function commandOf(command: ScriptBody['commands'][number]): ServiceCommand {
  if ('value' in command) return { ...command, value: fromHex(command.value, 'value') } as ServiceCommand
  if (!('newPin' in command)) return command
  const newPin = pinOf(command.newPin)
  if (command.type === 'pin-change') return { type: command.type, newPin }
  return { type: command.type, newPin, currentPin: pinOf(command.currentPin) }
}

function pinOf(pin: Static<typeof PIN>): string | EncipheredPin {
  return typeof pin === 'string' ? pin : { ...pin, block: fromHex(pin.block, 'block') }
}
