/** A virtual e-purse card in lines, for people. */
import type { PurseApplicationDescription, PurseDescription } from '@issuerkit/card'
import { field } from './card-text.js'

/** The card, its applications below it. */
export function purseText({ profile, protocol, atr, blocked, applications }: PurseDescription): string {
  const first = `e-purse card, ${protocol}, ATR ${atr}, profile ${profile}${blocked ? ', BLOCKED' : ''}`
  return `${[first, ...applications.flatMap(applicationLines)].join('\n')}\n`
}

function applicationLines(application: PurseApplicationDescription): string[] {
  const { name, fid, life, pin, errors, ed, ep, greyLocked, keys } = application
  const wrong = Object.entries(errors).filter(([, count]) => count > 0)
  return [
    '',
    `${name} (${fid})${life === 'in use' ? '' : `, BLOCKED ${life.replace('blocked ', '')}`}`,
    field('PIN', pin === undefined ? 'none' : `${pin.triesLeft} of ${pin.tryLimit} tries left`),
    field('ED', purseOf(ed)),
    field('EP', purseOf(ep)),
    ...(greyLocked ? [field('grey lock', 'waits for its release')] : []),
    ...wrong.map(([key, count]) => field(`wrong MACs, ${key}`, `${count}`)),
    ...Object.entries(keys).map(([key, { version, algorithm, kcv }]) =>
      field(`key ${key}`, `version ${version}, algorithm ${algorithm}, check value ${kcv}`),
    ),
  ]
}

function purseOf({ balance, limit, onlineSerial, offlineSerial }: PurseApplicationDescription['ed']): string {
  const credit = limit === 0 ? '' : ` with a limit of ${limit}`
  return `${balance}${credit}, serials ${onlineSerial} online, ${offlineSerial} offline`
}
