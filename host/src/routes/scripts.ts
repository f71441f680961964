/** POST /v1/scripts: the commands of an issuer script, and the template that carries them. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { buildScriptTemplates, type ScriptCommand } from '@issuerkit/scripts'
import { type Static, Type } from 'typebox'
import type { Routes } from '../context.js'
import { toJson } from './json.js'
import { CARD, EXPLAIN, Hex, SCHEME } from './schemas.js'

const closed = { additionalProperties: false } as const
const PLAIN = ['application-block', 'application-unblock', 'card-block', 'pin-unblock'] as const
const COMMAND = Type.Union([
  Type.Object({ type: Type.Union(PLAIN.map((type) => Type.Literal(type))) }, closed),
  Type.Object(
    {
      type: Type.Literal('put-data'),
      tag: Type.String({ maxLength: 8, description: 'The data object, one or two bytes.' }),
      value: Hex(1, 251, 'Its new value.'),
    },
    closed,
  ),
  Type.Object(
    {
      type: Type.Literal('update-record'),
      sfi: Type.Integer({ minimum: 1, maximum: 30 }),
      record: Type.Integer({ minimum: 1, maximum: 255 }),
      value: Hex(1, 251, 'The new record.'),
    },
    closed,
  ),
])
const BODY = Type.Object(
  {
    ...CARD,
    scheme: SCHEME,
    dki: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 255, description: 'The key set, where there are several.' }),
    ),
    atc: Hex(0, 8, 'Tag 9F36 of the transaction, 2 bytes.'),
    arqc: Hex(0, 16, 'Tag 9F26 of the transaction, 8 bytes.'),
    macLength: Type.Optional(Type.Integer({ description: '4 to 8; the scheme says it otherwise.' })),
    template: Type.Union([Type.Literal('71'), Type.Literal('72')]),
    scriptId: Type.Optional(Hex(4, 4, 'Tag 9F18.')),
    le: Type.Optional(Type.Union([Type.Literal('absent'), Type.Literal('00')])),
    commands: Type.Array(COMMAND, { minItems: 1, maxItems: 16 }),
  },
  closed,
)
type Body = Static<typeof BODY>

/** Adds the routes of scripts. */
export const scriptRoutes: Routes = (app, { keys }) => {
  app.post(
    '/v1/scripts',
    {
      config: { scope: 'issue:scripts', keyUse: 'script-build', countFailures: true },
      schema: { summary: 'Build an issuer script', tags: ['scripts'], body: BODY, querystring: EXPLAIN },
    },
    async ({ body, query }) => {
      const { issuer, pan, panSequence, scheme, dki, macLength, template, scriptId, le = 'absent' } = body
      const built = await keys.buildScript({
        issuer,
        card: { pan, panSequence },
        atc: fromHex(body.atc, 'atc'),
        arqc: fromHex(body.arqc, 'arqc'),
        commands: body.commands.map(commandOf),
        ...(scheme === undefined ? {} : { scheme }),
        ...(dki === undefined ? {} : { dki }),
        ...(macLength === undefined ? {} : { macLength }),
      })
      const scriptIdentifier = scriptId === undefined ? {} : { scriptIdentifier: fromHex(scriptId, 'scriptId') }
      const script = { template, ...scriptIdentifier, commands: built.map(({ apdu }) => apdu) }
      const { bytes, warnings } = buildScriptTemplates([script], { le })
      return {
        template: toHex(bytes),
        commands: built.map(({ type, apdu }) => ({ type, apdu: toHex(apdu) })),
        warnings,
        ...(query.explain === true ? { explain: toJson(built) } : {}),
      }
    },
  )
}

function commandOf(command: Body['commands'][number]): ScriptCommand {
  return 'value' in command ? ({ ...command, value: fromHex(command.value, 'value') } as ScriptCommand) : command
}
