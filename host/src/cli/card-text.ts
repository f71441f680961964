/** A virtual card in lines, for people. */
import { tagName } from '@issuerkit/apdu'
import type { ApplicationDescription, CardDescription } from '@issuerkit/card'

/** The card, its applications below it. */
export function cardText({ protocol, atr, blocked, applications }: CardDescription): string {
  const lines = [`debit/credit card, ${protocol}, ATR ${atr}${blocked ? ', BLOCKED' : ''}`]
  return `${[...lines, ...applications.flatMap(applicationLines)].join('\n')}\n`
}

function applicationLines(application: ApplicationDescription): string[] {
  const { aid, label, scheme, dki, pan, panSequence, blocked, atc, lastOnlineAtc, pin, keys, rsa } = application
  const state = Object.entries(application.state).filter(([name, value]) => value !== 0 && name !== 'blocked')
  return [
    '',
    `${aid} ${label}${blocked === 'no' ? '' : `, BLOCKED ${blocked}`}`,
    field('scheme', `${scheme}, derivation key index ${dki}`),
    field('PAN', `${pan}, sequence ${panSequence}`),
    field('ATC', `${atc}, last online ${lastOnlineAtc}`),
    field('PIN', pin === undefined ? 'none' : `${pin.triesLeft} of ${pin.tryLimit} tries left`),
    field('keys', `AC ${keys.ac}, MAC ${keys.mac}, ENC ${keys.enc} (check values)`),
    field('RSA', rsa.icc === 0 ? 'none' : `${rsa.icc} bits${rsa.pin === 0 ? '' : `, PIN key ${rsa.pin} bits`}`),
    ...state.map(([name, value]) => field(name, `${value}`)),
    ...Object.entries(application.data).map(([tag, value]) => field(tag, `${value}  ${tagName(tag)}`)),
  ]
}

/** A line of an application: what it is, and its value. */
export function field(name: string, value: string): string {
  return `  ${name.padEnd(32)}${value}`
}
