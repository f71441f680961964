/**
 * What SELECT answers: the FCI of an application and of the directories, and the payment system directory's record.
 * @see [EMV-B1] 11.3.4 tables 43 to 47, 12.2.3
 */
import { encodeTlv, fromHex } from '@issuerkit/apdu'
import { asciiBytes } from './ascii.js'
import type { ApplicationProfile } from './profile-application.js'

const PSE = asciiBytes('1PAY.SYS.DDF01')
const PPSE = asciiBytes('2PAY.SYS.DDF01')
/** The file of the directory. [EMV-B1] 12.2.3 */
const DIRECTORY_SFI = 1

/** The FCI of an application: template 6F. */
export function applicationFci(application: ApplicationProfile): Uint8Array {
  return fci(fromHex(application.aid), [
    ...label(application),
    ...(application.pdol === '' ? [] : [encodeTlv('9F38', fromHex(application.pdol))]),
    ...languages(application),
    ...preferredName(application),
  ])
}

/** The FCI of the payment system environment, in the first application's languages. */
export function pseFci(first: ApplicationProfile): Uint8Array {
  return fci(PSE, [encodeTlv('88', Uint8Array.of(DIRECTORY_SFI)), ...languages(first)])
}

/** The one record of the directory: an entry for each application. */
export function pseRecord(applications: readonly ApplicationProfile[]): Uint8Array {
  const entries = applications.map((application) =>
    encodeTlv('61', [encodeTlv('4F', fromHex(application.aid)), ...label(application), ...preferredName(application)]),
  )
  return encodeTlv('70', entries)
}

/** The FCI of the contactless payment system environment, which holds the entries itself. */
export function ppseFci(applications: readonly ApplicationProfile[]): Uint8Array {
  const entries = applications.map((application) =>
    encodeTlv('61', [encodeTlv('4F', fromHex(application.aid)), ...label(application)]),
  )
  return fci(PPSE, [encodeTlv('BF0C', entries)])
}

function fci(name: Uint8Array, proprietary: readonly Uint8Array[]): Uint8Array {
  return encodeTlv('6F', [encodeTlv('84', name), encodeTlv('A5', proprietary)])
}

function label({ label: text, priority }: ApplicationProfile): Uint8Array[] {
  return [encodeTlv('50', asciiBytes(text)), encodeTlv('87', Uint8Array.of(priority))]
}

function languages({ language, preferredName: name }: ApplicationProfile): Uint8Array[] {
  // [EMV-B1] 12.4: the code table (ISO 8859-1) goes with a preferred name.
  const table = name === undefined ? [] : [encodeTlv('9F11', Uint8Array.of(1))]
  return [encodeTlv('5F2D', asciiBytes(language)), ...table]
}

function preferredName({ preferredName: name }: ApplicationProfile): Uint8Array[] {
  return name === undefined ? [] : [encodeTlv('9F12', asciiBytes(name))]
}
