/** Part 2: an ARQC verified and answered. Part 3: an issuer script for the same transaction. */
import { fromHex, toHex } from '@issuerkit/apdu'
import { buildScriptTemplates } from '@issuerkit/scripts'
import type { KeyService } from '../keys/key-service.js'
import { DECISION, SCRIPT, TRANSACTION } from './example.js'
import type { Part } from './lines.js'

/** The ARQC of the worked PBOC example, verified from issuer master key, PAN, sequence number and tags, and its ARPC. */
export async function roundTrip(keys: KeyService): Promise<Part> {
  const { issuer, pan, panSequence, emv } = TRANSACTION
  const tags = new Map(Object.entries(emv).map(([tag, value]) => [tag, fromHex(value)]))
  const request = { issuer, card: { pan, panSequence }, emv: { tags } }
  const { verdict, answer } = await keys.answerCryptogram(request, { arc: fromHex(DECISION.arc) })
  const covered = verdict.parts.map(({ element, value }) => `${element} ${toHex(value)}`)
  const half = Math.ceil(covered.length / 2)
  return {
    title: 'An issuer round trip on the published PBOC example',
    lines: [
      [
        'card',
        `PAN ${pan}, sequence ${panSequence}, scheme ${verdict.scheme ?? 'unknown'}, DKI ${verdict.dki ?? 'unknown'}`,
      ],
      ['ARQC', `${emv['9F26']} over ${covered.slice(0, half).join(', ')},`],
      ['', covered.slice(half).join(', ')],
      ['verdict', `${verdict.code}: ${verdict.reason}`],
      ['ARPC', answer === undefined ? 'none' : `${toHex(answer.arpc)} for ARC ${DECISION.arc}`],
      ['tag 91', answer === undefined ? 'none' : toHex(answer.tag91)],
    ],
    ok: verdict.ok && answer !== undefined,
  }
}

/** APPLICATION BLOCK for that transaction, in template 72. */
export async function applicationBlock(keys: KeyService): Promise<Part> {
  const { issuer, pan, panSequence, atc, arqc, scriptId, template } = SCRIPT
  const [command] = await keys.buildScript({
    issuer,
    card: { pan, panSequence },
    atc: fromHex(atc),
    arqc: fromHex(arqc),
    commands: [{ type: 'application-block' }],
  })
  if (command === undefined) return { title: TITLE, lines: [], ok: false }
  const script = { template, scriptIdentifier: fromHex(scriptId), commands: [command.apdu] } as const
  return {
    title: TITLE,
    lines: [
      [
        'MAC input',
        `${toHex(command.header)} ${atc} ${arqc}  (header, ATC, ARQC; padded ${toHex(command.macInputPadded)})`,
      ],
      ['MAC', toHex(command.mac)],
      ['APDU', toHex(command.apdu)],
      ['template 72', toHex(buildScriptTemplates([script]).bytes)],
    ],
    ok: true,
  }
}

const TITLE = 'APPLICATION BLOCK for that transaction'
